/** One case in a list. */
import type { CaseSummary, WithheldMark } from '../api/types.ts';
import { to } from '../lib/address.ts';
import { me, nowMs } from '../state/session.ts';
import { t } from '../strings.ts';
import { Glyph, type GlyphName } from './glyph.tsx';
import { Age, Due, Time } from './time.tsx';
import { WithheldTag } from './withheld.tsx';

const soonMs = 15 * 60_000;

/** A shape for how much a case presses. */
export function caseGlyph(one: CaseSummary, now: number): GlyphName {
  if (one.status === 'closed') return one.resolution === 'failed' || one.resolution === 'expired' ? 'bad' : 'closed';
  if (one.status === 'in-review')
    return one.proposal?.impact === 'high' || (one.dueAtMs ?? Number.POSITIVE_INFINITY) - now < soonMs
      ? 'urgent'
      : 'alarm';
  return one.status === 'acting' ? 'acting' : one.status === 'verifying' ? 'verifying' : 'alarm';
}

/** Where it is: the place that an incident spans, else zone and asset. */
export const placeOf = (one: CaseSummary): string =>
  one.incident ? one.incident.place : one.zone && one.zone !== one.asset ? `${one.asset}, ${one.zone}` : one.asset;

export const stateOf = (one: CaseSummary): string =>
  (one.resolution ? t.resolution[one.resolution] : t.caseStatus[one.status]) ?? one.status;

/** @param withheld planned work and shelving that what is found there now would meet */
export function CaseLine({ of: one, withheld }: { of: CaseSummary; withheld?: readonly WithheldMark[] | undefined }) {
  const waits = one.status === 'in-review';
  return (
    <a class="case-line" href={to.case(one.caseId)}>
      <Glyph name={caseGlyph(one, nowMs.value)} large />
      <span class="case-what">
        {t.kind(one.kind)} <span class="quiet">{placeOf(one)}</span>
      </span>
      <span class="case-when">
        {waits ? <Due ms={one.dueAtMs} /> : one.closedAtMs ? <Time ms={one.closedAtMs} /> : <Age ms={one.openedAtMs} />}
      </span>
      <span class="case-sentence">{one.sentence}</span>
      <span class="case-more">
        <span>{stateOf(one)}</span>
        {one.escalation?.level === 2 && <b>{t.case.level2Short}</b>}
        <WithheldTag of={withheld} />
        {waits && one.proposal && <b>{t.order(one.proposal.action, one.proposal.target)}?</b>}
        {one.proposal?.impact === 'high' && waits && <span>{t.models.high}</span>}
        {one.people && one.people.needed > 1 && one.people.approved > 0 && (
          <span>{t.case.people(one.people.approved, one.people.needed)}</span>
        )}
        {one.claim && one.claim.untilMs > nowMs.value && (
          <span>{one.claim.by === me.value?.username ? t.case.claimedYou : t.case.claimedShort(one.claim.by)}</span>
        )}
      </span>
    </a>
  );
}
