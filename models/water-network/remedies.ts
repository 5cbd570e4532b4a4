/** What can be done about an anomaly in a water network, and how to tell whether it helped. */
import type { Calibration } from '../../lib/contracts/calibration.ts';
import { type Proposal, remediationVersion } from '../../lib/contracts/remediation.ts';
import type { Recovery, RemedyContext } from '../../lib/core/pack.ts';
import { expectedAt } from '../../lib/core/screening/open.ts';
import { rowCount, type Series } from '../../lib/core/series.ts';
import { mean, quantile } from '../training/features/statistics.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Event time: pressures and tanks need half an hour to settle, and a day tells whether demand is back to its profile. */
const verification = { settleMs: 30 * minuteMs, deadlineMs: 6 * hourMs, minRows: 2 };
/** Of an asset with fewer zones than these, none is cut off without a person. */
const highImpactZones = 2;

/**
 * Leak or burst in a zone with an isolation valve: close it. A pump that tripped: start its stand-by, or it again.
 * Everything else, and whatever cannot be named, gets a ticket. Normal gets nothing.
 */
export function planRemedy({ registration, classification }: RemedyContext): Proposal | undefined {
  const { kind, zones, suspect, explanation } = classification;
  if (kind === 'normal') return undefined;
  const why = (explanation?.sentence ?? `${kind} at ${registration.asset}`).slice(0, 1000);
  const base = { v: remediationVersion, asset: registration.asset, remediator: 'webhook', why } as const;
  const zone = registration.topology.zones.find((one) => one.name === zones?.[0]);
  if ((kind === 'leak' || kind === 'burst') && zone?.valve !== undefined) {
    return {
      ...base,
      action: 'close-valve',
      target: zone.valve,
      parameters: { zone: zone.name },
      inverse: 'open-valve',
      // With a single zone the valve would cut off the whole asset.
      highImpact: registration.topology.zones.length < highImpactZones,
      expectedChannels: registration.channels.filter((one) => one.zone === zone.name).map((one) => one.name),
      verification,
    };
  }
  const pump = registration.topology.pumps.find((one) => one.name === suspect);
  if (kind === 'pump-failure' && pump !== undefined) {
    const target = pump.standby ?? pump.name;
    return {
      ...base,
      action: 'start-pump',
      target,
      parameters: { failed: pump.name },
      inverse: 'stop-pump',
      highImpact: false,
      expectedChannels: registration.channels
        .filter((one) => one.element === target || one.element === pump.name)
        .map((one) => one.name),
      verification,
    };
  }
  return {
    ...base,
    action: 'raise-ticket',
    target: suspect ?? zones?.[0] ?? registration.asset,
    parameters: { kind },
    highImpact: false,
    expectedChannels: [],
  };
}

/**
 * Did it help? A closed valve keeps the zone's residuals high, so "the alarm is gone" is not the test: the zone takes no
 * water and the whole takes no more than its profile says. A started pump runs and pressures are back.
 * @param window only rows after the outcome and the settling time; channels as in the calibration
 */
export function judgeRecovery(window: Series, calibration: Calibration, proposal: Proposal): Recovery {
  const minRows = proposal.verification?.minRows ?? verification.minRows;
  if (rowCount(window) < minRows) return 'not-yet';
  const recent = Math.max(0, rowCount(window) - Math.max(minRows, 4));
  const channels = window.channels.map((meta, index) => channelNow(window, calibration, index, meta, recent));
  if (proposal.action === 'close-valve') return judgeIsolation(channels, proposal);
  if (proposal.action === 'start-pump') return judgePump(channels, proposal);
  return 'not-yet';
}

interface ChannelNow {
  readonly meta: Series['channels'][number];
  readonly dead: boolean;
  readonly value: number;
  readonly expected: number;
  readonly spread: number;
}

function channelNow(
  window: Series,
  calibration: Calibration,
  index: number,
  meta: Series['channels'][number],
  from: number,
): ChannelNow {
  const width = window.channels.length;
  const values: number[] = [];
  const expected: number[] = [];
  const spreads: number[] = [];
  for (let row = from; row < rowCount(window); row += 1) {
    const at = expectedAt(calibration, index, window.timesMs[row]!);
    values.push(window.values[row * width + index]!);
    expected.push(at.value);
    spreads.push(at.spread);
  }
  const { step, dead } = calibration.channels[index]!;
  return {
    meta,
    dead,
    value: quantile(values, 0.5),
    expected: mean(expected),
    spread: Math.max(mean(spreads), step, 1e-9),
  };
}

/** Zone inflow below 5 % of its profile is shut; above 20 % is open. */
const shutShare = 0.05;
const openShare = 0.2;

function judgeIsolation(channels: readonly ChannelNow[], proposal: Proposal): Recovery {
  const inflows = channels.filter(
    (one) =>
      one.meta.role === 'flow' &&
      !Number.isNaN(one.value) &&
      (one.meta.element === proposal.target || one.meta.zone === proposal.parameters['zone']),
  );
  const mains = channels.filter(
    (one) => one.meta.role === 'flow' && one.meta.zone === undefined && !one.dead && !Number.isNaN(one.value),
  );
  const shares = inflows.map((one) => Math.abs(one.value) / Math.max(Math.abs(one.expected), one.spread));
  if (shares.some((share) => share > openShare)) return 'not-recovered';
  if (shares.some((share) => share > shutShare)) return 'not-yet';
  const saved = inflows.reduce((sum, one) => sum + Math.max(0, one.expected), 0);
  const total = mains.reduce((sum, one) => sum + one.value, 0);
  const usual = mains.reduce((sum, one) => sum + one.expected, 0);
  const spread = Math.hypot(...mains.map((one) => one.spread));
  if (mains.length === 0) return inflows.length > 0 ? 'recovered' : 'not-yet';
  if (total > usual + 2 * spread) return 'not-recovered';
  // Without the zone, the total must lie below its profile by about what the zone takes, or at least not above it.
  if (inflows.length === 0) return total < usual - spread ? 'recovered' : 'not-yet';
  return total <= usual + Math.max(0, spread - saved / 2) ? 'recovered' : 'not-yet';
}

/** More than this many spreads below the profile is a pressure that has not come back. */
const lowPressureSpreads = 2;

function judgePump(channels: readonly ChannelNow[], proposal: Proposal): Recovery {
  const own = channels.filter((one) => one.meta.element === proposal.target && !Number.isNaN(one.value));
  const running = own.map((one) =>
    one.meta.role === 'pump-state'
      ? one.value >= 0.5
      : one.value > shutShare * Math.max(Math.abs(one.expected), one.spread),
  );
  if (running.includes(false)) return 'not-recovered';
  const pressures = channels.filter((one) => one.meta.role === 'pressure' && !one.dead && !Number.isNaN(one.value));
  const low = quantile(
    pressures.map((one) => (one.value - one.expected) / one.spread),
    0.25,
  );
  if (Number.isNaN(low)) return running.length > 0 ? 'recovered' : 'not-yet';
  if (low >= -lowPressureSpreads) return 'recovered';
  return 'not-yet';
}
