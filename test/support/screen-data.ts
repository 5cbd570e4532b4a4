/** Seeded data to judge screening with: pump rigs, single sensors of many kinds, hourly networks. All generated. */

import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { between, childRandom, integerBetween, normal, type Random } from '../../lib/core/random.ts';
import type { Series } from '../../lib/core/series.ts';

export interface Labelled {
  readonly name: string;
  readonly series: Series;
  /** 1 where a fault is on; one entry a row. */
  readonly labels: Uint8Array;
  readonly warmupRows: number;
}

const unknownChannel = (name: string): ChannelMeta => ({ name, role: 'unknown', unit: '' });

/** Rounds to a step; 0 leaves the value. */
const toStep = (value: number, step: number): number => (step > 0 ? Math.round(value / step) * step : value);

export const rigFaults = ['none', 'valve-closing', 'cavitation', 'imbalance', 'inlet-valve', 'dry-run'] as const;
export type RigFault = (typeof rigFaults)[number];

/**
 * A pump rig of eight channels at 1 Hz: two vibrations, current, pressure, two temperatures that drift, voltage, flow.
 * The fault grows over some rows, stays, and ends before the end of the file.
 */
export function pumpRig(seed: number, fault: RigFault, rows = 1100): Labelled {
  const random = childRandom(seed, 'rig', fault);
  const n = (): number => normal(random);
  const names = ['vibration-a', 'vibration-b', 'current', 'pressure', 'temperature', 'thermocouple', 'voltage', 'flow'];
  const warmupRows = 400;
  const start = integerBetween(random, 480, 620);
  const length = integerBetween(random, 180, 420);
  const end = Math.min(rows - 40, start + length);
  const ramp = integerBetween(random, 1, 60);
  const severity = between(random, 0.25, 1);
  const drift = between(random, -1.5, 3.5);
  const phase = between(random, 0, 6);
  let speed = 0;
  let wander = 0;
  let room = 0;
  let vib = 0;
  const values = new Float64Array(rows * 8);
  const labels = new Uint8Array(rows);
  const timesMs = new Float64Array(rows);
  let now = 1_700_000_000_000 + seed * 1000;
  for (let t = 0; t < rows; t += 1) {
    now += random() < 0.03 ? 2000 : 1000;
    timesMs[t] = now;
    const on = fault !== 'none' && t >= start && t < end;
    labels[t] = on ? 1 : 0;
    const size = on ? severity * Math.min(1, (t - start + 1) / ramp) : 0;
    speed = 0.9 * speed + 0.1 * n();
    wander += 0.01 * n();
    room = 0.999 * room + 0.01 * n();
    vib = 0.5 * vib + 0.5 * n();
    let flow = 32 + 0.6 * speed + 0.35 * n();
    let pressure = 0.4 + 0.1 * speed - 0.05 * (flow - 32) + 0.12 * n();
    let current = 2.3 + 0.12 * speed + 0.25 * n();
    let a = 0.2 * Math.exp(0.06 * vib + 0.05 * n()) + 0.004 * speed;
    let b = 0.26 * Math.exp(0.06 * vib + 0.05 * n()) + 0.004 * speed;
    let heat = 0;
    if (fault === 'valve-closing') {
      flow -= 6 * size;
      pressure += 0.5 * size;
      current -= 0.2 * size;
      heat = size;
    } else if (fault === 'cavitation') {
      a *= 1 + 0.5 * size + 0.3 * size * Math.abs(n());
      b *= 1 + 0.35 * size + 0.3 * size * Math.abs(n());
      flow -= 1.2 * size + size * Math.abs(n());
    } else if (fault === 'imbalance') {
      a *= 1 + 0.35 * size;
      b *= 1 + 0.15 * size;
      current += 0.15 * size;
    } else if (fault === 'inlet-valve') {
      flow -= 4 * size * (1 + 0.4 * Math.sin(t / 7));
      pressure -= 0.4 * size;
      a *= 1 + 0.1 * size;
    } else if (fault === 'dry-run') {
      flow -= 9 * size;
      current -= 0.6 * size;
      a *= 1 - 0.2 * size;
      heat = 2 * size;
    }
    const row = [
      a,
      b,
      current,
      toStep(pressure, 0.33),
      70 + drift * (1 - Math.exp(-t / 500)) + wander + 0.25 * Math.sin(t / 90 + phase) + 0.15 * n() + heat * 0.5,
      26 + 0.4 * drift * (1 - Math.exp(-t / 700)) + 0.5 * room + 0.03 * n() + heat * 0.2,
      228 + 9 * n() + 2 * Math.sin(t / 40),
      toStep(flow, 0.05),
    ];
    values.set(row, t * 8);
  }
  const series: Series = { channels: names.map(unknownChannel), timesMs, values };
  return { name: `rig-${fault}-${seed}`, series, labels, warmupRows };
}

export const singleKinds = [
  'server-cpu',
  'latency-spikes',
  'temperature',
  'traffic',
  'flat-steps',
  'machine-temperature',
] as const;
export type SingleKind = (typeof singleKinds)[number];

/** One sensor at 5-minute rows (hourly for `temperature`): two to four labelled windows after the first 15 %. */
export function singleSensor(seed: number, kind: SingleKind, rows = 4000): Labelled {
  const random = childRandom(seed, 'single', kind);
  const n = (): number => normal(random);
  const values = new Float64Array(rows);
  const labels = new Uint8Array(rows);
  const stepMs = kind === 'temperature' ? 3_600_000 : 300_000;
  const timesMs = Float64Array.from({ length: rows }, (_, t) => 1_690_000_000_000 + seed * 3_600_000 + t * stepMs);
  const warmupRows = Math.floor(rows * 0.15);
  let ar = 0;
  let wander = 0;
  let step = 0;
  for (let t = 0; t < rows; t += 1) {
    const day = (2 * Math.PI * timesMs[t]!) / 86_400_000;
    const weekend = ((Math.floor(timesMs[t]! / 86_400_000) + 4) % 7) % 6 === 0;
    ar = 0.95 * ar + 0.3 * n();
    wander = 0.9995 * wander + 0.02 * n();
    if (random() < 0.0004) step = between(random, -1, 1);
    const daily = Math.sin(day) + 0.4 * Math.sin(2 * day + 1);
    if (kind === 'server-cpu')
      values[t] = 40 + 2 * ar + 3 * n() + (random() < 0.01 ? between(random, 5, 25) : 0) + 4 * step;
    else if (kind === 'latency-spikes')
      values[t] = 20 * Math.exp(0.15 * n()) * (random() < 0.02 ? between(random, 2, 8) : 1);
    else if (kind === 'temperature') values[t] = 68 + 3 * daily + 1.2 * ar + 2 * wander + 0.3 * n();
    else if (kind === 'traffic')
      values[t] = Math.max(0, (weekend ? 600 : 1000) * (1 + 0.7 * daily) * Math.exp(0.08 * ar + 0.06 * n()));
    else if (kind === 'flat-steps') values[t] = Math.round(10 + 2 * step + (random() < 0.1 ? n() : 0));
    else values[t] = 85 + 4 * ar + 6 * wander + 0.5 * n();
  }
  const count = integerBetween(random, 1, 3);
  for (let i = 0; i < count; i += 1) {
    const from = warmupRows + Math.floor(((i + between(random, 0.2, 0.7)) * (rows - warmupRows)) / count);
    disturb(values, from, kind, random);
    const half = Math.floor((rows * 0.1) / count / 2);
    labels.fill(1, Math.max(warmupRows, from - half), Math.min(rows, from + half));
  }
  const series: Series = { channels: [unknownChannel('value')], timesMs, values };
  return { name: `single-${kind}-${seed}`, series, labels, warmupRows };
}

function disturb(values: Float64Array, from: number, kind: SingleKind, random: Random): void {
  const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - values[0]!) ** 2, 0) / values.length) || 1;
  const form = integerBetween(random, 0, 3);
  const length = integerBetween(random, 20, 150);
  for (let k = 0; k < length && from + k < values.length; k += 1) {
    const at = from + k;
    if (form === 0) values[at] = values[at]! + (k < 3 ? 6 * spread : 0);
    else if (form === 1) values[at] = values[at]! + (kind === 'latency-spikes' ? 1.5 : 2.5) * spread;
    else if (form === 2) values[at] = values[from]! - (kind === 'flat-steps' ? 8 : 0);
    else values[at] = values[at]! - (4 * spread * k) / length;
  }
}

export interface NetworkOptions {
  readonly hours: number;
  readonly attacks: boolean;
  readonly decimals?: number;
  /** Hour number of the first row, so that stretches of one network do not overlap. */
  readonly fromHour?: number;
}

/**
 * An hourly network of 43 channels: 7 tank levels, 11 pumps and a valve (flow and state), 12 pressures. One latent
 * demand drives all; pumps follow the tanks by controls. `seed` draws the network, `stretch` the noise.
 */
export function hourlyNetwork(seed: number, stretch: number, options: NetworkOptions): Labelled {
  const shape = childRandom(seed, 'network');
  const random = childRandom(seed, 'network', stretch);
  const n = (): number => normal(random);
  const { hours, attacks, decimals } = options;
  const tanks = 7;
  const pumps = 11;
  const params = Array.from({ length: tanks }, () => ({
    area: between(shape, 8, 30),
    demand: between(shape, 4, 14),
    phase: between(shape, -0.5, 0.5),
    on: between(shape, 1.5, 2.5),
    off: between(shape, 4, 5.5),
  }));
  const capacity = Array.from({ length: pumps }, () => between(shape, 0.7, 1.3));
  const level = params.map((p) => between(random, p.on, p.off));
  const state = new Uint8Array(pumps);
  const names = [
    ...Array.from({ length: tanks }, (_, i) => `tank-${i + 1}-level`),
    ...Array.from({ length: pumps }, (_, i) => [`pump-${i + 1}-flow`, `pump-${i + 1}-state`]).flat(),
    'valve-1-flow',
    'valve-1-state',
    ...Array.from({ length: 12 }, (_, i) => `node-${i + 1}-pressure`),
  ];
  const width = names.length;
  const values = new Float64Array(hours * width);
  const labels = new Uint8Array(hours);
  const timesMs = Float64Array.from({ length: hours }, (_, t) => (464_000 + (options.fromHour ?? 0) + t) * 3_600_000);
  const plan = attacks ? attackPlan(random, hours) : [];
  let common = 0;
  let valve = 1;
  for (let t = 0; t < hours; t += 1) {
    const day = (2 * Math.PI * timesMs[t]!) / 86_400_000;
    const weekend = ((Math.floor(timesMs[t]! / 86_400_000) + 4) % 7) % 6 === 0 ? 0.9 : 1;
    common = 0.9 * common + 0.03 * n();
    const attack = plan.find((a) => t >= a.from && t < a.to);
    labels[t] = attack ? 1 : 0;
    const demands = params.map(
      (p) => p.demand * weekend * (1 + 0.45 * Math.sin(day + p.phase) + 0.15 * Math.sin(2 * day) + common + 0.04 * n()),
    );
    const seen = level.slice();
    if (attack?.form === 'level-spoof') seen[attack.tank] = level[attack.tank]! + attack.size;
    const inflow = new Float64Array(tanks);
    const flows = new Float64Array(pumps);
    for (let j = 0; j < pumps; j += 1) {
      const tank = j % tanks;
      const p = params[tank]!;
      const gap = j >= tanks ? 0.6 : 0;
      if (seen[tank]! < p.on - gap) state[j] = 1;
      else if (seen[tank]! > p.off - gap) state[j] = 0;
      if (attack?.form === 'pump-forced' && attack.tank === tank) state[j] = attack.size > 0 ? 1 : 0;
      flows[j] = state[j]! * (j >= tanks ? 8 : 22) * capacity[j]! * (1 - 0.02 * level[tank]!);
      inflow[tank] = inflow[tank]! + flows[j]!;
    }
    if (level[1]! > 4) valve = 0;
    else if (level[1]! < 3) valve = 1;
    const valveFlow = valve * 6;
    inflow[1] = inflow[1]! + valveFlow;
    inflow[0] = inflow[0]! - valveFlow;
    for (let i = 0; i < tanks; i += 1) {
      level[i] = Math.min(6.5, Math.max(0, level[i]! + (inflow[i]! - demands[i]!) / params[i]!.area));
    }
    const out = level.slice();
    if (attack?.form === 'level-spoof') out[attack.tank] = out[attack.tank]! + attack.size;
    const hidden = attack?.form === 'concealed';
    const row = [...out];
    for (let j = 0; j < pumps; j += 1)
      row.push(flows[j]! * (hidden && j % tanks === attack!.tank ? 0.6 : 1), state[j]!);
    row.push(valveFlow, valve);
    for (let k = 0; k < 12; k += 1) {
      const tank = k % tanks;
      let pressure = 25 + 3 * level[tank]! + 0.25 * flows[k % pumps]! - 0.5 * demands[tank]! + 0.02 * n();
      if (attack?.form === 'pressure-spoof' && attack.tank === tank) pressure += attack.size;
      row.push(pressure);
    }
    for (let c = 0; c < width; c += 1) {
      values[t * width + c] = decimals === undefined ? row[c]! : Number(row[c]!.toFixed(decimals));
    }
  }
  return {
    name: `network-${seed}-${stretch}`,
    series: { channels: names.map(unknownChannel), timesMs, values },
    labels,
    warmupRows: Math.min(hours, 168 * 4),
  };
}

interface Attack {
  readonly from: number;
  readonly to: number;
  readonly form: 'level-spoof' | 'pump-forced' | 'pressure-spoof' | 'concealed';
  readonly tank: number;
  readonly size: number;
}

function attackPlan(random: Random, hours: number): Attack[] {
  const forms = ['level-spoof', 'pump-forced', 'pressure-spoof', 'concealed'] as const;
  const plan: Attack[] = [];
  for (let from = 150; from < hours - 150; from += integerBetween(random, 200, 340)) {
    plan.push({
      from,
      to: from + integerBetween(random, 30, 100),
      form: forms[plan.length % 4]!,
      tank: integerBetween(random, 0, 6),
      size: between(random, 0.5, 1.5) * (random() < 0.5 ? -1 : 1),
    });
  }
  return plan;
}
