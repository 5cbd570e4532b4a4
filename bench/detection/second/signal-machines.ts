/** Signals of machines: loads, traffic over a link, a disk that fills, temperatures. */
import { between, integerBetween, normal } from '../../../lib/core/random.ts';
import { dayShape } from './days.ts';
import { autoregression, chance, clamp, exponential, logBetween, pareto, pick } from './draws.ts';
import { passed, type SignalShape } from './signal-frame.ts';
import type { SignalAnomaly } from './signal-plan.ts';

/** A base that may breathe with the day, bursts, jobs by the clock, deployments, perhaps another base from a day on. */
export const serverLoad: SignalShape = ({ random, rows, moment }) => {
  const base = logBetween(random, 2, 45);
  const daily = pick(random, [0, 0, 0.15, 0.4]);
  const shape = dayShape(random, 'evening');
  const noise = logBetween(random, 0.02, 0.12) * base + 0.05;
  const fast = autoregression(random, between(random, 0, 0.8));
  const slow = autoregression(random, 0.999);
  const burstShare = pick(random, [0, 0.004, 0.015]);
  const burstSize = base * between(random, 0.3, 1.2) + 2;
  const newBaseAt = chance(random, 0.35) ? integerBetween(random, 0, rows) : rows;
  const newBase = 1 + between(random, -0.1, 0.1);
  const deployments = Array.from({ length: pick(random, [0, 1, 2]) }, () => integerBetween(random, 0, rows));
  const jobEvery = pick(random, [0, 12, 72, 288]);
  const jobSize = base * between(random, 0.2, 0.8) + 1;
  let burst = 0;
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    if (chance(random, burstShare)) burst = burstSize * exponential(random);
    burst *= 0.55;
    let value = base * (1 + daily * (shape(moment(row).hour) - 0.4)) * (1 + 0.04 * slow());
    if (row >= newBaseAt) value *= newBase;
    value += burst + (jobEvery > 0 && row % jobEvery < 2 ? jobSize : 0);
    for (const one of deployments) if (row >= one && row < one + 3) value *= row === one ? 0.5 : 1.35;
    let tremble = noise * fast() + 0.3 * noise * normal(random);
    if (now?.kind === 'spike') value += (7.8 * noise + 2.9 * burstSize) * now.strength;
    if (now?.kind === 'level') value *= (1 + 0.35 * now.strength) ** now.sign;
    if (now?.kind === 'saturated') value = Math.max(value, between(random, 92, 99));
    if (now?.kind === 'noisy') tremble *= 1 + 2 * now.strength;
    if (now?.kind === 'stalled') value = 0.05 * base;
    if (now?.kind === 'creep') value += (0.5 * base * now.strength + 4 * noise) * passed(now, row);
    return clamp(value + tremble, 0.04, 100);
  };
  return { decimals: pick(random, [3, 3, 2, 1]), at };
};

/** Idle, and at work where a job comes round: each begins a little late or early and lasts as long as it lasts. */
export const batchLoad: SignalShape = ({ random, job, moment }) => {
  const idle = between(random, 1, 12);
  const work = between(random, 35, 85);
  const idleNoise = between(random, 0.1, 1);
  const workNoise = between(random, 0.6, 5);
  const noise = autoregression(random, 0.5);
  const drawn = new Map<number, { readonly start: number; readonly length: number; readonly load: number }>();
  const jobOf = (index: number) => {
    const fresh = drawn.get(index) ?? {
      start: job.start + index * job.every + 0.03 * job.every * normal(random),
      length: job.length * Math.exp(0.08 * normal(random)),
      load: work * Math.exp(0.04 * normal(random)),
    };
    drawn.set(index, fresh);
    return fresh;
  };
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    const index = Math.floor((row - job.start) / job.every);
    const stretch = now?.kind === 'job long' ? 1.8 + 0.5 * now.strength : 1;
    const around = [index - 1, index, index + 1].map(jobOf);
    const running = around.findLast(({ start, length }) => row >= start && row < start + length * stretch);
    const none = now?.kind === 'job missing' || (job.idleWeekends && moment(row).weekend);
    let value =
      running === undefined || none ? idle + 2 * idleNoise * Math.abs(noise()) : running.load + workNoise * noise();
    if (now?.kind === 'flapping') {
      const busy = Math.floor((row - now.from) / 3) % 2 === 1;
      value = (busy ? 0.8 * work : idle + 3) + workNoise * normal(random);
    }
    if (now?.kind === 'level') value += 6 + 8 * now.strength;
    if (chance(random, 0.004)) value += 8 * exponential(random);
    return clamp(value, 0, 100);
  };
  return { decimals: pick(random, [2, 1, 3]), at };
};

/** Bytes over a link: heavy tails, perhaps two levels, perhaps a back-up by the clock. */
export const linkTraffic: SignalShape = ({ random, moment }) => {
  const usual = logBetween(random, 4e3, 3e7);
  const daily = pick(random, [0, 0, 0.6]);
  const shape = dayShape(random, 'office');
  const tail = between(random, 1.4, 3);
  const burstShare = between(random, 0.003, 0.05);
  const spread = between(random, 0.08, 0.45);
  const noise = autoregression(random, 0.7);
  const twoLevels = chance(random, 0.3);
  const backupEvery = pick(random, [0, 0, 288, 144]);
  const backup = between(random, 3, 12);
  const backupAt = integerBetween(random, 0, 280);
  const at = (row: number, now: SignalAnomaly | undefined): number => {
    let value = usual * (1 + daily * (shape(moment(row).hour) - 0.5)) * Math.exp(spread * noise());
    if (twoLevels && chance(random, 0.25)) value *= 0.45;
    if (chance(random, burstShare)) value *= 1 + 1.5 * pareto(random, tail);
    if (backupEvery > 0 && (row + backupAt) % backupEvery < 4) value *= backup;
    if (now?.kind === 'burst') value = 2 * value + 9 * usual * now.strength * (1 + 0.3 * normal(random));
    if (now?.kind === 'sustained') value *= 1 + 1.2 * now.strength;
    if (now?.kind === 'outage') value *= 0.003;
    if (now?.kind === 'periodic' && (row - now.from) % 6 < 2) value += 2.2 * usual * now.strength;
    if (now?.kind === 'quiet') value = 0.8 * usual * (1 + 0.04 * normal(random));
    return Math.max(0, value);
  };
  return { decimals: 0, at };
};

/** A disk that fills and is cleaned up, by the clock or when it is full enough. */
export const diskFilling: SignalShape = ({ random, rows, rowsADay, moment, anomalies }) => {
  const low = between(random, 20, 50);
  const high = between(random, 65, 88);
  const every = clamp(between(random, 0.6, 5) * rowsADay, 30, rows / 13);
  const usualPace = (high - low) / every;
  const byClock = chance(random, 0.5);
  const inOfficeHours = chance(random, 0.5);
  const shape = dayShape(random, 'office');
  const noise = between(random, 0, 0.25);
  const grows = between(random, 0, 6);
  const missing = missingCleanUps(anomalies, rows);
  let used = low + (high - low) * random();
  let shown = used;
  let sinceClean = 0;
  let pace = 1;
  const at = (row: number, planned: SignalAnomaly | undefined): number => {
    let now = planned;
    if (chance(random, 0.004)) pace = Math.exp(0.2 * normal(random));
    const hours = inOfficeHours ? 2 * shape(moment(row).hour) : 1;
    let grown = usualPace * pace * hours * (1 + 0.3 * normal(random));
    if (now?.kind === 'filling fast') grown = Math.max(grown, usualPace) * (2.5 + 2 * now.strength);
    used += Math.max(0, grown);
    sinceClean += 1;
    if (now?.kind === 'jump' && row === now.from) used = Math.min(99, used + 8 + 8 * now.strength);
    const due = byClock ? sinceClean >= every : used >= high;
    if (due) now = missing(row) ?? now;
    if ((due && now?.kind !== 'clean-up missing') || used > 99.5) {
      used = low + (grows * row) / rows + 0.8 * normal(random);
      sinceClean = 0;
    }
    const measured = clamp(used + noise * normal(random), 0, 100);
    if (now?.kind !== 'frozen') shown = measured;
    return shown;
  };
  return { decimals: pick(random, [1, 2, 3]), at };
};

/**
 * A clean-up is missing only from when one is due: such anomalies are taken out, and put back where a clean-up is due
 * after their planned row, if their window still fits before the next.
 */
function missingCleanUps(anomalies: SignalAnomaly[], rows: number): (dueRow: number) => SignalAnomaly | undefined {
  const waiting = anomalies.filter(({ kind }) => kind === 'clean-up missing');
  for (const one of waiting) anomalies.splice(anomalies.indexOf(one), 1);
  return (dueRow) => {
    if (waiting.length === 0 || waiting[0]!.from > dueRow) return undefined;
    const { from, to, window, ...rest } = waiting.shift()!;
    const later = dueRow - from;
    const moved = {
      ...rest,
      from: dueRow,
      to: to + later,
      window: { from: window.from + later, to: window.to + later },
    };
    const after = anomalies.findIndex((one) => one.from >= dueRow);
    const next = Math.min(anomalies[after]?.window.from ?? rows, waiting[0]?.window.from ?? rows);
    if (moved.window.to >= next - 6) return undefined;
    anomalies.splice(after < 0 ? anomalies.length : after, 0, moved);
    return moved;
  };
}
