/** What can be done about an anomaly in a network of air-quality stations, and how to tell whether it helped. */
import type { Calibration } from '../../lib/contracts/calibration.ts';
import { type Proposal, remediationVersion } from '../../lib/contracts/remediation.ts';
import type { Recovery, RemedyContext } from '../../lib/core/pack.ts';
import { rowCount, type Series } from '../../lib/core/series.ts';
import { stationOf } from './quantity.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Event time: a logger takes its new rate over at its next contact; a few rows show it. */
const verification = { settleMs: 5 * minuteMs, deadlineMs: 3 * hourMs, minRows: 4 };
/** A raised rate ends by itself, so that nobody has to remember it. */
const raisedHours = 6;
const rateFactor = 4;

/**
 * A source near a station: let that station measure more often. Air over the whole region, or a source that cannot be
 * placed: tell the desk that warns people. A faulty sensor, and whatever has no name: a ticket. Normal gets nothing.
 */
export function planRemedy({ registration, classification }: RemedyContext): Proposal | undefined {
  const { kind, zones, suspect, explanation } = classification;
  if (kind === 'normal') return undefined;
  const why = (explanation?.sentence ?? `${kind} at ${registration.asset}`).slice(0, 1000);
  const base = {
    v: remediationVersion,
    asset: registration.asset,
    remediator: 'webhook',
    why,
    highImpact: false,
  } as const;
  const station = zones?.[0];
  const channels = registration.channels.filter((channel) => stationOf(channel) === station);
  if (kind === 'pollution-episode' && station !== undefined && channels.length > 0) {
    return {
      ...base,
      action: 'raise-sampling-rate',
      target: targetOf(station, registration.asset),
      parameters: { station, factor: rateFactor, hours: raisedHours },
      inverse: 'restore-sampling-rate',
      // Readings that come more often move nothing: no channel is masked.
      expectedChannels: [],
      verification,
    };
  }
  if (kind === 'pollution-episode' || kind === 'regional-episode') {
    return {
      ...base,
      action: 'notify',
      target: registration.asset,
      parameters: { kind, ...(kind === 'pollution-episode' && station !== undefined ? { station } : {}) },
      expectedChannels: [],
    };
  }
  return {
    ...base,
    action: 'raise-ticket',
    target: suspect ?? registration.asset,
    parameters: { kind },
    expectedChannels: [],
  };
}

/** A station's name where a request can carry it, else the asset's. */
const targetOf = (station: string, asset: string): string =>
  /^[A-Za-z0-9][A-Za-z0-9 _.:/#-]{0,63}$/.test(station) ? station : asset;

/**
 * A station that was told to measure more often does so: its readings come at less than two thirds of the usual period.
 * At the usual period or slower the command did nothing. Nothing else of this pack shows in later readings.
 * @param window only rows after the outcome and the settling time; channels as in the calibration
 */
export function judgeRecovery(window: Series, calibration: Calibration, proposal: Proposal): Recovery {
  const rows = rowCount(window);
  const { minRows } = proposal.verification ?? verification;
  if (proposal.action !== 'raise-sampling-rate' || rows < minRows) return 'not-yet';
  const station = proposal.parameters['station'];
  const own = window.channels.flatMap((channel, c) => (stationOf(channel) === station ? [c] : []));
  const read = Array.from(window.timesMs.keys()).filter((row) =>
    own.some((c) => !Number.isNaN(window.values[row * window.channels.length + c]!)),
  );
  if (read.length < minRows) return 'not-yet';
  const gaps = read.slice(1).map((row, i) => window.timesMs[row]! - window.timesMs[read[i]!]!);
  const usual = gaps.sort((a, b) => a - b)[gaps.length >> 1]!;
  return usual < (2 / 3) * calibration.warmup.periodMs ? 'recovered' : 'not-recovered';
}
