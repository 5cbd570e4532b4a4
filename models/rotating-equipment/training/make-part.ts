/** One machine with its scenarios: warm-up, calibration, screening with its real delays, and the windows it flagged. */
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import { between, childRandom, integerBetween } from '../../../lib/core/random.ts';
import { inferChannels } from '../../../lib/core/roles/infer.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import type { Series } from '../../../lib/core/series.ts';
import { flaggedRows, foundAfter, normalRowsOf, type ScreenedRun, windowAt } from '../../training/flagged-windows.ts';
import type { EventResult, Part, PartResult, RecipeTools, Sample } from '../../training/recipe.ts';
import { windowFeatures } from '../features.ts';
import { type FaultSpec, progress } from '../generator/faults.ts';
import { drawMachine, type Machine } from '../generator/machine.ts';
import { type MachineState, type NormalEvent, runMachine } from '../generator/run.ts';
import { windowMaxRows, windowMs } from '../window.ts';
import { type Draw, drawEvents, drawFault, drawPlan, type Plan, scenarioMix, segmentOf } from './scenarios.ts';

/** A Monday at nine. */
const originMs = Date.UTC(2025, 2, 3, 9);
/** Rows after its onset at which a standing alarm is looked at again. */
const laterRows = [5, 20, 60, 180];
/** Smaller than this a fault of the machine shows in nothing; for a sensor's it is the part of its growth. */
const faintSize = 0.05;
const faintGrowth = 0.2;
/** Of one run, before and since its fault began, so that a restless machine does not crowd out the fault. */
const maxNormalWindows = 3;
const maxFaultWindows = 5;
/** Rows in which a standing false alarm says nothing yet of a fault that has just begun. */
const blindRows = 5;

/** Channels as a file gives them: names, and what they and the values let one infer. */
function inferred(series: Series): ChannelMeta[] {
  const width = series.channels.length;
  return inferChannels(
    series.channels.map(({ name }, c) => ({
      name,
      values: Float64Array.from(series.timesMs, (_, row) => series.values[row * width + c]!),
    })),
  );
}

/** @param mix what happens in the scenarios, in turn */
export async function makePart(
  part: Part,
  tools: RecipeTools,
  mix: readonly Draw[] = scenarioMix,
): Promise<PartResult> {
  const plan = drawPlan(childRandom(part.seed, 'plan'));
  const machine = drawMachine({ seed: part.seed, periodS: plan.periodS });
  const warmup = runMachine(machine, { seed: part.seed, startMs: originMs, rows: plan.warmupRows, warm: plan.warm });
  const channels = plan.rolesHidden ? inferred(warmup.series) : machine.channels;
  const samples: Sample[] = [];
  const events: EventResult[] = [];
  const totals = { normalRows: 0, normalRowsAlarmed: 0 };
  const calibration = fitCalibration({ ...warmup.series, channels });
  for (let i = 0; i < part.scenarios; i += 1) {
    const run = runScenario(part, plan, machine, calibration, warmup.state, i, mix[i % mix.length]!);
    const series = { ...run.series, channels };
    const scenario: Scenario = {
      ...run,
      series,
      screened: await tools.screen(calibration, series),
      stepMs: plan.periodS * 1000,
      id: `${part.id}/${i}`,
      plan,
      calibration,
    };
    samples.push(...flaggedWindows(scenario));
    if (run.fault !== undefined) {
      events.push({
        event: scenario.id,
        kind: run.fault.kind,
        segment: segmentOf(run.fault, plan.periodS),
        ...foundAfter(scenario),
      });
    }
    const { rows, alarmed } = normalRowsOf(scenario);
    totals.normalRows += rows;
    totals.normalRowsAlarmed += alarmed;
  }
  return { samples, events, ...totals };
}

interface RunWithTruth {
  readonly series: Series;
  readonly fault?: FaultSpec;
  readonly normalEvents: readonly NormalEvent[];
}

interface Scenario extends ScreenedRun, RunWithTruth {
  readonly fault?: FaultSpec;
  readonly id: string;
  readonly plan: Plan;
  readonly calibration: Calibration;
}

/** Goes on right after the warm-up: healthy rows, then a fault until the end or nearly so. */
function runScenario(
  part: Part,
  { periodS, warmupRows }: Plan,
  machine: Machine,
  calibration: Calibration,
  state: MachineState,
  i: number,
  draw: Draw,
): RunWithTruth {
  const random = childRandom(part.seed, 'scenario', i);
  const startMs = originMs + warmupRows * periodS * 1000;
  const before = integerBetween(random, 60, 360);
  const rows = before + integerBetween(random, 120, 360);
  const at = {
    startMs: startMs + before * periodS * 1000,
    endMs:
      startMs +
      Math.round(before + (rows - before) * (random() < 0.7 ? 1 : between(random, 0.5, 0.9))) * periodS * 1000,
    periodS,
  };
  const faults = drawFault(random, machine, calibration, draw, at);
  const normalEvents = draw === 'normal' ? drawEvents(random, machine, at) : [];
  const { series } = runMachine(machine, {
    seed: Math.floor(random() * 2 ** 31),
    startMs,
    rows,
    state,
    faults,
    events: normalEvents,
  });
  return { series, normalEvents, ...(faults[0] === undefined ? {} : { fault: faults[0] }) };
}

/** What the screen flagged, with what was true at the last row of each window. */
function flaggedWindows(scenario: Scenario): Sample[] {
  const { plan, fault } = scenario;
  const left = { normal: maxNormalWindows, fault: maxFaultWindows };
  const samples: Sample[] = [];
  const later = laterRows.map((rows) => rows * scenario.stepMs);
  for (const flagged of flaggedRows(scenario, later)) {
    const { row, alarmRow, onset } = flagged;
    const truth = truthAt(scenario, row, alarmRow);
    if (truth === undefined) continue;
    const budget = truth.kind === 'normal' ? 'normal' : 'fault';
    if (left[budget] === 0) continue;
    left[budget] -= 1;
    const { window, alarm } = windowAt(scenario, flagged, { ms: windowMs, maxRows: windowMaxRows });
    samples.push({
      features: windowFeatures(window, scenario.calibration, alarm).values,
      ...truth,
      event: truth.kind === 'normal' ? `${scenario.id}/normal` : scenario.id,
      phase: onset ? 'onset' : 'later',
      faint: truth.kind !== 'normal' && isFaint(fault!, scenario.series.timesMs[row]!),
      roles: plan.rolesHidden ? 'inferred' : 'known',
    });
  }
  return samples;
}

function isFaint(fault: FaultSpec, timeMs: number): boolean {
  const grown = progress(fault, timeMs);
  return fault.kind === 'sensor-fault' ? grown < faintGrowth : grown * fault.severity < faintSize;
}

/** Undefined where the truth is mixed: a fault is just over, and the machine cools down. */
function truthAt(scenario: Scenario, row: number, alarmRow: number): Pick<Sample, 'kind' | 'segment'> | undefined {
  const { fault, normalEvents, series, stepMs, plan } = scenario;
  const timeMs = series.timesMs[row]!;
  if (fault !== undefined && timeMs >= fault.endMs) return undefined;
  if (fault !== undefined && timeMs >= fault.startMs) {
    // An alarm that stood before the fault began says nothing of the fault until it has had time to show.
    if (series.timesMs[alarmRow]! < fault.startMs && timeMs - fault.startMs < blindRows * stepMs) return undefined;
    return { kind: fault.kind, segment: segmentOf(fault, plan.periodS) };
  }
  const event = normalEvents.find((one) => timeMs >= one.startMs);
  return { kind: 'normal', segment: event === undefined ? 'normal, false alarm' : `normal, ${event.kind}` };
}
