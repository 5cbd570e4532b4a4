/** What to do about an anomaly, and how to tell whether it helped. */
import type { Calibration } from '../../../../lib/contracts/calibration.ts';
import { type Proposal, remediationVersion } from '../../../../lib/contracts/remediation.ts';
import type { Recovery, RemedyContext } from '../../../../lib/core/pack.ts';
import { rowCount, type Series } from '../../../../lib/core/series.ts';

/** Everything gets a ticket; normal gets nothing. */
export function planRemedy({ registration, classification }: RemedyContext): Proposal | undefined {
  const { kind, suspect, explanation } = classification;
  if (kind === 'normal') return undefined;
  return {
    v: remediationVersion,
    asset: registration.asset,
    remediator: 'webhook',
    action: 'raise-ticket',
    target: suspect ?? registration.asset,
    parameters: { kind },
    highImpact: false,
    expectedChannels: [],
    why: (explanation?.sentence ?? `${kind} at ${registration.asset}`).slice(0, 1000),
  };
}

/** Asked only about proposals with a `verification`: did the rows after it come back to what the calibration knows? */
export function judgeRecovery(window: Series, calibration: Calibration, proposal: Proposal): Recovery {
  const rows = rowCount(window);
  if (rows < (proposal.verification?.minRows ?? 1)) return 'not-yet';
  const width = window.channels.length;
  const last = window.values.subarray((rows - 1) * width);
  const away = calibration.channels.filter(
    ({ center, scale, dead }, c) => !dead && Math.abs(last[c]! - center) > 4 * scale,
  );
  return away.length === 0 ? 'recovered' : 'not-recovered';
}
