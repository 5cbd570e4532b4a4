/** One network with its scenarios: warm-up, calibration, screening with its real delays, and the windows it flagged. */
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import { between, childRandom, integerBetween } from '../../../lib/core/random.ts';
import { inferChannels } from '../../../lib/core/roles/infer.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import type { Series } from '../../../lib/core/series.ts';
import { flaggedRows, foundAfter, normalRowsOf, type ScreenedRun, windowAt } from '../../training/flagged-windows.ts';
import type { EventResult, Part, PartResult, RecipeTools, Sample } from '../../training/recipe.ts';
import { windowFeatures } from '../features.ts';
import { rankSensors, rankZones } from '../localise.ts';
import { type FaultSpec, progress, zoneOf } from '../twin/faults.ts';
import { generateNetwork, type TwinNetwork } from '../twin/network.ts';
import { type SimulatedRun, simulate } from '../twin/simulate.ts';
import { windowMaxRows, windowMs } from '../window.ts';
import { sensorPlace } from './nearest.ts';
import { drawFault, drawPlant, type Plant, scenarioMix, segmentOf } from './scenarios.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** A Monday; the day within the year does not matter to the twin. */
const originMs = Date.UTC(2025, 2, 3);
const scenarioDays = 4;
const faintProgress = 0.2;
/** Of one run, before and since its fault began, so that a lively week does not crowd out the fault. */
const maxNormalWindows = 4;
const maxFaultWindows = 7;

/** Channels as a file gives them: names, and what they and the values let one infer. */
function inferred(network: TwinNetwork, warmup: Series): ChannelMeta[] {
  const width = network.channels.length;
  const hints = network.channels.map(({ name }, c) => ({
    name,
    values: Float64Array.from(warmup.timesMs, (_, row) => warmup.values[row * width + c]!),
  }));
  return inferChannels(hints);
}

export async function makePart(part: Part, tools: RecipeTools): Promise<PartResult> {
  const random = childRandom(part.seed, 'plant');
  const plant = drawPlant(random, part.seed);
  const network = generateNetwork(plant.options);
  const { stepS } = plant;
  const warmup = await simulate({
    network,
    startMs: originMs,
    days: plant.warmupDays,
    stepS,
    seed: part.seed,
    faults: [],
  });
  const channels = plant.rolesHidden ? inferred(network, warmup.series) : network.channels;
  const samples: Sample[] = [];
  const events: EventResult[] = [];
  const totals = { normalRows: 0, normalRowsAlarmed: 0 };
  let calibration: Calibration;
  try {
    calibration = fitCalibration({ ...warmup.series, channels });
  } catch (error) {
    // A network whose few channels are all constant cannot be screened at all; it has nothing to teach.
    if (error instanceof RangeError) return { samples, events, ...totals };
    throw error;
  }
  for (let i = 0; i < part.scenarios; i += 1) {
    const run = await runScenario(part, plant, network, calibration, i);
    if (run === undefined) continue;
    const series = { ...run.simulated.series, channels };
    const screened = await tools.screen(calibration, series);
    const scenario = {
      ...run,
      series,
      screened,
      stepMs: stepS * 1000,
      id: `${part.id}/${i}`,
      plant,
      network,
      calibration,
    };
    samples.push(...flaggedWindows(scenario));
    if (run.fault !== undefined) {
      events.push({
        event: scenario.id,
        kind: run.fault.kind,
        segment: segmentOf(run.fault),
        ...foundAfter(scenario),
      });
    }
    const { rows, alarmed } = normalRowsOf(scenario);
    totals.normalRows += rows;
    totals.normalRowsAlarmed += alarmed;
  }
  return { samples, events, ...totals };
}

interface Run {
  readonly simulated: SimulatedRun;
  readonly fault: FaultSpec | undefined;
}

interface Scenario extends Omit<ScreenedRun, 'fault'>, Run {
  readonly id: string;
  readonly plant: Plant;
  readonly network: TwinNetwork;
  readonly calibration: Calibration;
}

async function runScenario(
  part: Part,
  plant: Plant,
  network: TwinNetwork,
  calibration: Calibration,
  i: number,
): Promise<Run | undefined> {
  const random = childRandom(part.seed, 'scenario', i);
  const draw = scenarioMix[i % scenarioMix.length]!;
  // Some days after the warm-up, so that what was learned has had time to age a little.
  const startMs = originMs + (plant.warmupDays + integerBetween(random, 0, 10)) * dayMs;
  const days = draw === 'normal' ? 2 * scenarioDays : scenarioDays;
  const endMs = startMs + days * dayMs;
  const faultStartMs = startMs + Math.round(between(random, 26, 60) * 12) * (hourMs / 12);
  const fault = draw === 'normal' ? undefined : drawFault(random, network, calibration, draw, faultStartMs, endMs);
  if (draw !== 'normal' && fault === undefined) return undefined;
  const simulated = await simulate({
    network,
    startMs,
    days,
    stepS: plant.stepS,
    seed: part.seed,
    faults: fault === undefined ? [] : [fault],
    // Normal runs are livelier than life: their false alarms are what the classifier must know as normal.
    ...(fault === undefined
      ? { normal: { eventsPerWeek: 3, plannedOutagesPerMonth: 5, heatWavesPerMonth: 3, holidaysPerMonth: 2 } }
      : {}),
  });
  return { simulated, fault };
}

/** What the screen flagged, with what was true at the last row of each window. */
function flaggedWindows(scenario: Scenario): Sample[] {
  const { rolesHidden } = scenario.plant;
  const { timesMs } = scenario.series;
  const left = { normal: maxNormalWindows, fault: maxFaultWindows };
  const samples: Sample[] = [];
  for (const flagged of flaggedRows(scenario)) {
    const { row, alarmRow, onset } = flagged;
    const truth = truthAt(scenario, row, alarmRow);
    if (truth === undefined) continue;
    const budget = truth.kind === 'normal' ? 'normal' : 'fault';
    if (left[budget] === 0) continue;
    left[budget] -= 1;
    const { window, alarm } = windowAt(scenario, flagged, { ms: windowMs, maxRows: windowMaxRows });
    const features = windowFeatures(window, scenario.calibration, alarm);
    const zone = scenario.fault && zoneOf(scenario.network, scenario.fault);
    const rank = zone === undefined ? 0 : rankZones(features).findIndex((ranked) => ranked.name === zone) + 1;
    const hydraulic = truth.kind === 'leak' || truth.kind === 'burst';
    const place = hydraulic ? sensorPlace(scenario.network, scenario.fault!.element, rankSensors(features)) : undefined;
    samples.push({
      features: features.values,
      ...truth,
      event: truth.kind === 'normal' ? `${scenario.id}/normal` : scenario.id,
      phase: onset ? 'onset' : 'later',
      faint: truth.kind !== 'normal' && progress(scenario.fault!, timesMs[row]!) < faintProgress,
      roles: rolesHidden ? 'inferred' : 'known',
      ...(hydraulic && rank > 0 ? { zoneRank: rank } : {}),
      ...(place === undefined ? {} : { sensorPlace: place }),
    });
  }
  return samples;
}

/** Undefined where the truth is mixed: a fault is just over, and the network finds its way back. */
function truthAt(scenario: Scenario, row: number, alarmRow: number): Pick<Sample, 'kind' | 'segment'> | undefined {
  const { fault, simulated, series } = scenario;
  const timeMs = series.timesMs[row]!;
  if (fault !== undefined && timeMs >= fault.endMs) return undefined;
  if (fault !== undefined && timeMs >= fault.startMs) {
    // An alarm that stood before the fault began says nothing of the fault until it has had time to show.
    if (series.timesMs[alarmRow]! < fault.startMs && timeMs - fault.startMs < hourMs) return undefined;
    return { kind: fault.kind, segment: segmentOf(fault) };
  }
  const event = simulated.normalEvents.find((one) => timeMs >= one.startMs && timeMs <= one.endMs + hourMs);
  return { kind: 'normal', segment: event === undefined ? 'normal, false alarm' : `normal, ${event.subKind}` };
}
