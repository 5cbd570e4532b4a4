/** What can be done about a machine, and how to tell whether it helped. */
import type { AssetRegistration } from '../../lib/contracts/asset.ts';
import type { Calibration } from '../../lib/contracts/calibration.ts';
import { type Proposal, remediationVersion } from '../../lib/contracts/remediation.ts';
import type { Recovery, RemedyContext } from '../../lib/core/pack.ts';
import { expectedAt } from '../../lib/core/screening/open.ts';
import { rowCount, type Series } from '../../lib/core/series.ts';
import { mean, quantile } from '../training/features/statistics.ts';
import { quantityOf } from './features/quantity.ts';

const minuteMs = 60_000;

/** Event time: a rotor settles within a minute or two, and a quarter of an hour tells. */
const verification = { settleMs: 2 * minuteMs, deadlineMs: 20 * minuteMs, minRows: 3 };
/** What the speed is lowered to, as a part of the present one: inlet need and imbalance fall by a quarter. */
const reducedSpeedPercent = 85;

/**
 * Cavitation or imbalance of a machine whose speed can be set: slow it down. A worn bearing: stop the machine, which no
 * policy may do alone. Everything else, and a machine of fixed speed, gets a ticket. Normal gets nothing.
 */
export function planRemedy({ registration, classification }: RemedyContext): Proposal | undefined {
  const { kind, suspect, explanation } = classification;
  if (kind === 'normal') return undefined;
  const why = (explanation?.sentence ?? `${kind} at ${registration.asset}`).slice(0, 1000);
  const base = { v: remediationVersion, asset: registration.asset, remediator: 'webhook', why } as const;
  const machine = registration.topology.pumps[0]?.name ?? registration.asset;
  const setpoint = registration.channels.find((one) => one.role === 'setpoint');
  if ((kind === 'cavitation' || kind === 'imbalance') && setpoint !== undefined) {
    return {
      ...base,
      action: 'reduce-speed',
      target: setpoint.element ?? machine,
      parameters: { kind, percent: reducedSpeedPercent },
      inverse: 'restore-speed',
      highImpact: false,
      expectedChannels: movedBySpeed(registration),
      verification,
    };
  }
  if (kind === 'bearing-wear') {
    return {
      ...base,
      action: 'stop-machine',
      target: machine,
      parameters: suspect === undefined ? { kind } : { kind, near: suspect },
      inverse: 'start-machine',
      highImpact: true,
      expectedChannels: movedBySpeed(registration),
      verification,
    };
  }
  return {
    ...base,
    action: 'raise-ticket',
    target: suspect ?? machine,
    parameters: { kind },
    highImpact: false,
    expectedChannels: [],
  };
}

/** All but the supply's voltage follow the speed. */
const movedBySpeed = ({ channels }: AssetRegistration): string[] =>
  channels.filter((one) => quantityOf(one) !== 'voltage').map((one) => one.name);

/**
 * Did it help? Slowed down: every living vibration is back within its usual range. Stopped: current, speed and flow are
 * next to nothing. A ticket is judged by people.
 * @param window only rows after the outcome and the settling time; channels as in the calibration
 */
export function judgeRecovery(window: Series, calibration: Calibration, proposal: Proposal): Recovery {
  const minRows = proposal.verification?.minRows ?? verification.minRows;
  if (rowCount(window) < minRows) return 'not-yet';
  if (proposal.action === 'reduce-speed') return judgeVibration(window, calibration, minRows);
  if (proposal.action === 'stop-machine') return judgeStandstill(window, calibration, minRows);
  return 'not-yet';
}

interface Level {
  readonly value: number;
  readonly expected: number;
  readonly spread: number;
}

/** The median of the last rows of each channel of some quantities, against its profile; missing ones left out. */
function levels(window: Series, calibration: Calibration, minRows: number, wanted: readonly string[]): Level[] {
  const width = window.channels.length;
  const from = Math.max(0, rowCount(window) - Math.max(minRows, 5));
  return calibration.channels.flatMap((channel, index) => {
    if (channel.dead || !wanted.includes(quantityOf(channel))) return [];
    const rows = Array.from({ length: rowCount(window) - from }, (_, i) => from + i);
    const value = quantile(
      rows.map((row) => window.values[row * width + index]!),
      0.5,
    );
    if (Number.isNaN(value)) return [];
    const expected = rows.map((row) => expectedAt(calibration, index, window.timesMs[row]!));
    const spread = Math.max(mean(expected.map((one) => one.spread)), channel.step, 1e-9);
    return [{ value, expected: mean(expected.map((one) => one.value)), spread }];
  });
}

/** A vibration within so many usual spreads above its profile is calm again; beyond the other, it is not. */
const calmSpreads = 3;
const rough = { spreads: 6, share: 1.2 };

function judgeVibration(window: Series, calibration: Calibration, minRows: number): Recovery {
  const vibration = levels(window, calibration, minRows, ['vibration']);
  if (vibration.length === 0) return 'not-yet';
  const isRough = ({ value, expected, spread }: Level): boolean =>
    value > expected + rough.spreads * spread && value > expected * rough.share;
  if (vibration.some(isRough)) return 'not-recovered';
  return vibration.every(({ value, expected, spread }) => value <= expected + calmSpreads * spread)
    ? 'recovered'
    : 'not-yet';
}

/** Below 10 % of the profile it stands, above 30 % it runs. */
const standingShare = 0.1;
const runningShare = 0.3;

function judgeStandstill(window: Series, calibration: Calibration, minRows: number): Recovery {
  const found = levels(window, calibration, minRows, ['current', 'power', 'speed', 'flow']);
  const shares = found.map(({ value, expected, spread }) => Math.abs(value) / Math.max(Math.abs(expected), spread));
  if (shares.some((share) => share > runningShare)) return 'not-recovered';
  return shares.length > 0 && shares.every((share) => share <= standingShare) ? 'recovered' : 'not-yet';
}
