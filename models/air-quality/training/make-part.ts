/** One city with its scenarios: warm-up, calibration, screening with its real delays, and the windows it flagged. */
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import { between, childRandom, integerBetween } from '../../../lib/core/random.ts';
import { inferChannels } from '../../../lib/core/roles/infer.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { flaggedRows, foundAfter, normalRowsOf, type ScreenedRun, windowAt } from '../../training/flagged-windows.ts';
import type { EventResult, Part, PartResult, RecipeTools, Sample } from '../../training/recipe.ts';
import { rankStations } from '../features/network.ts';
import { windowFeatures } from '../features.ts';
import type { Episode } from '../generator/air.ts';
import { type City, drawCity } from '../generator/city.ts';
import { progressOf, type SensorFault } from '../generator/faults.ts';
import { type SimulatedRun, simulate } from '../generator/simulate.ts';
import type { WeatherEvent } from '../generator/weather.ts';
import { stationOf } from '../quantity.ts';
import { windowMaxRows, windowMs } from '../window.ts';
import { drawEvent, drawPlan, drawWeatherEvents, type Plan, scenarioMix, segmentOf } from './scenarios.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const originMs = Date.UTC(2025, 0, 6);
const scenarioDays = 4;
/** A day to compare with, and the hours left out before an onset. */
const firstWindowMs = 26 * hourMs;
const faintShare = 0.2;
/** Of one run, before and since its event began, so that a lively week does not crowd out the event. */
const maxNormalWindows = 4;
const maxEventWindows = 6;

export async function makePart(part: Part, tools: RecipeTools): Promise<PartResult> {
  const random = childRandom(part.seed, 'plan');
  const plan = drawPlan(random);
  const city = drawCity({ seed: part.seed });
  // Any time of the year: light and heating differ.
  const startMs = originMs + integerBetween(random, 0, 300) * dayMs;
  const run = { city, stepS: plan.stepS };
  const warmup = simulate({ ...run, startMs, days: plan.warmupDays, seed: part.seed }).series;
  const channels: readonly ChannelMeta[] = plan.rolesHidden
    ? inferChannels(city.channels.map(({ name }) => ({ name })))
    : city.channels;
  const calibration = fitCalibration({ ...warmup, channels });
  const samples: Sample[] = [];
  const events: EventResult[] = [];
  const totals = { normalRows: 0, normalRowsAlarmed: 0 };
  for (let i = 0; i < part.scenarios; i += 1) {
    const made = runScenario(part, plan, city, calibration, startMs + plan.warmupDays * dayMs, i);
    if (made === undefined) continue;
    const series = { ...made.simulated.series, channels };
    const screened = await tools.screen(calibration, series);
    const { event } = made;
    const scenario: Scenario = {
      ...made,
      series,
      screened,
      stepMs: plan.stepS * 1000,
      ...(event === undefined ? {} : { fault: { startMs: event.startMs, endMs: event.endMs } }),
      id: `${part.id}/${i}`,
      plan,
      city,
      calibration,
    };
    samples.push(...flaggedSamples(scenario));
    if (event !== undefined) {
      events.push({ event: scenario.id, kind: event.kind, segment: segmentOf(event), ...foundAfter(scenario) });
    }
    const { rows, alarmed } = normalRowsOf(scenario);
    totals.normalRows += rows;
    totals.normalRowsAlarmed += alarmed;
  }
  return { samples, events, ...totals };
}

interface Made {
  readonly simulated: SimulatedRun;
  readonly event: SensorFault | Episode | undefined;
  readonly weatherEvents: readonly WeatherEvent[];
}

interface Scenario extends Made, ScreenedRun {
  readonly id: string;
  readonly plan: Plan;
  readonly city: City;
  readonly calibration: Calibration;
}

function runScenario(
  part: Part,
  plan: Plan,
  city: City,
  calibration: Calibration,
  warmMs: number,
  i: number,
): Made | undefined {
  const random = childRandom(part.seed, 'scenario', i);
  const draw = scenarioMix[i % scenarioMix.length]!;
  // Some days after the warm-up, so that what was learned has had time to age a little.
  const startMs = warmMs + integerBetween(random, 0, 6) * dayMs;
  const days = draw === 'normal' ? 2 * scenarioDays : scenarioDays;
  const eventMs = startMs + Math.round(between(random, 26, 50) * 12) * (hourMs / 12);
  const event =
    draw === 'normal' ? undefined : drawEvent(random, city, calibration, draw, eventMs, startMs + days * dayMs);
  if (draw !== 'normal' && event === undefined) return undefined;
  const weatherEvents = event === undefined ? drawWeatherEvents(random, startMs, days) : [];
  const holidays = new Set(
    event === undefined && random() < 0.4 ? [Math.floor(startMs / dayMs) + integerBetween(random, 1, days - 2)] : [],
  );
  const simulated = simulate({
    city,
    startMs,
    days,
    stepS: plan.stepS,
    seed: integerBetween(random, 0, 2 ** 31),
    ...(event === undefined ? {} : { event }),
    weatherEvents,
    holidays,
  });
  return { simulated, event, weatherEvents };
}

/** What the screen flagged, with what was true at the last row of each window. */
function flaggedSamples(scenario: Scenario): Sample[] {
  const { series, event, plan } = scenario;
  const left = { normal: maxNormalWindows, event: maxEventWindows };
  const samples: Sample[] = [];
  for (const flagged of flaggedRows(scenario)) {
    const truth = truthAt(scenario, flagged.row, flagged.alarmRow);
    if (truth === undefined) continue;
    const budget = truth.kind === 'normal' ? 'normal' : 'event';
    if (left[budget] === 0) continue;
    left[budget] -= 1;
    const { window, alarm } = windowAt(scenario, flagged, { ms: windowMs, maxRows: windowMaxRows });
    const features = windowFeatures(window, scenario.calibration, alarm);
    const raised = truth.kind === 'pollution-episode' ? mostRaised(scenario, flagged.row) : undefined;
    const rank =
      raised === undefined ? 0 : rankStations(features.stations).findIndex((station) => station.name === raised) + 1;
    samples.push({
      features: features.values,
      ...truth,
      event: truth.kind === 'normal' ? `${scenario.id}/normal` : scenario.id,
      phase: flagged.onset ? 'onset' : 'later',
      faint:
        event !== undefined &&
        truth.kind !== 'normal' &&
        shareAt(scenario, event, series.timesMs[flagged.row]!) < faintShare,
      roles: plan.rolesHidden ? 'inferred' : 'known',
      ...(rank > 0 ? { zoneRank: rank } : {}),
    });
  }
  return samples;
}

/** Undefined where the truth is mixed: an event is just over, and what it left blows away. */
function truthAt(scenario: Scenario, row: number, alarmRow: number): Pick<Sample, 'kind' | 'segment'> | undefined {
  const { event, series, weatherEvents } = scenario;
  const timeMs = series.timesMs[row]!;
  // A live asset has a past; a window from the first day of a run would be told by having none.
  if (timeMs < series.timesMs[0]! + firstWindowMs) return undefined;
  if (event !== undefined && timeMs >= event.endMs) return undefined;
  if (event !== undefined && timeMs >= event.startMs) {
    // An alarm that stood before the event began says nothing of it until it has had time to show.
    if (series.timesMs[alarmRow]! < event.startMs && timeMs - event.startMs < hourMs) return undefined;
    return { kind: event.kind, segment: segmentOf(event) };
  }
  const weather = weatherEvents.find((one) => timeMs >= one.startMs && timeMs <= one.endMs + hourMs);
  return { kind: 'normal', segment: weather === undefined ? 'normal, false alarm' : `normal, ${weather.kind}` };
}

/** Hours over which an episode's share is looked at: a plume comes and goes with the wind. */
const recentMs = 2 * hourMs;

/** How much of the event can be seen at this time: of a fault its progress, of an episode its largest part lately. */
function shareAt(scenario: Scenario, event: SensorFault | Episode, timeMs: number): number {
  if (event.kind === 'sensor-fault') return progressOf(event, timeMs);
  return Math.max(0, ...recentShares(scenario, timeMs));
}

function recentShares({ simulated: { air, weather } }: Scenario, timeMs: number): number[] {
  const last = Math.floor((timeMs - weather.timesMs[0]!) / (weather.stepS * 1000));
  const first = Math.max(0, last - Math.round(recentMs / (weather.stepS * 1000)));
  return air.episodeShare.map((shares) => shares.subarray(first, last + 1).reduce((a, b) => Math.max(a, b), 0));
}

/** Name of the station that the episode raises most, as the pack calls it. */
function mostRaised(scenario: Scenario, row: number): string | undefined {
  const shares = recentShares(scenario, scenario.series.timesMs[row]!);
  const station = shares.indexOf(Math.max(...shares));
  const channel = scenario.city.instruments.findIndex((one) => one.station === station);
  const meta = scenario.series.channels[channel];
  return meta === undefined ? undefined : stationOf(meta);
}
