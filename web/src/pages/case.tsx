/** One case: the first screen is for whoever must answer now, what follows for whoever wants to know. */
import { useEffect, useRef } from 'preact/hooks';
import { ApiError } from '../api/client.ts';
import type { CaseDetail, Change } from '../api/types.ts';
import { query, to } from '../lib/address.ts';
import { clockTime, duration } from '../lib/time.ts';
import { useResource } from '../state/resource.ts';
import { route } from '../state/router.ts';
import { mayAdminister, mayOperate, me, nowMs, zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { AnswerForm, ClaimLine } from '../ui/answer-form.tsx';
import { CaseAnswers } from '../ui/case-answers.tsx';
import { CaseEnding, wasDone } from '../ui/case-ending.tsx';
import { caseGlyph, placeOf, stateOf } from '../ui/case-line.tsx';
import { Heading } from '../ui/frame.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { TakeBack } from '../ui/take-back.tsx';
import { Time } from '../ui/time.tsx';
import { WithheldBand } from '../ui/withheld.tsx';
import { CaseAudit, CaseEffects, CaseReferences, CaseReviews, CaseSimilar, CaseTimeline } from './case-record.tsx';
import { CaseSignal } from './case-signal.tsx';
import { CaseWhy } from './case-why.tsx';

function Claimed({ of: one }: { of: CaseDetail }) {
  if (!one.claim || one.claim.untilMs < nowMs.value) return null;
  const until = clockTime(one.claim.untilMs, zone.value);
  return (
    <p class="small">
      {one.claim.by === me.value?.username ? t.case.claimedOwn(until) : t.case.claimedBy(one.claim.by, until)}
    </p>
  );
}

/** What is proposed and how to answer; stands beside the facts, and at once below them on a phone. */
export function CaseProposal({
  of: one,
  ask,
  order,
  keyed = true,
  reload,
}: {
  of: CaseDetail;
  /** An order that the address asks to begin with. */
  order?: { readonly action: string; readonly target: string } | undefined;
  ask?: { readonly mode: 'approve' | 'reject' | 'override' } | undefined;
  /** Whether the key that takes an answer back is this case's. */
  keyed?: boolean;
  reload: () => void;
}) {
  const changed = useChanged(one.proposalHash);
  const open = one.reviews.find(({ state }) => state === 'open');
  const ownYes = open?.answers.some(({ by, answer }) => by === me.value?.username && answer !== 'reject') ?? false;
  // The flow thinks again, or goes on: there is nothing to answer until it asks anew.
  const hasAnswer = one.reviews.at(-1)?.state === 'answered';
  const replaced = open && one.reviews.find(({ round, newer }) => newer && round === open.round - 1)?.newer;
  return (
    <>
      {replaced && (
        <p class="hint">
          {t.case.askedAnew} <Time ms={replaced.atMs} />
        </p>
      )}
      {one.proposal ? (
        <>
          <p class="proposal">{t.order(one.proposal.action, one.proposal.target)}</p>
          {one.proposalDetail && Object.keys(one.proposalDetail.parameters).length > 0 && (
            <p class="quiet">{t.parameter.given(one.proposalDetail.parameters)}</p>
          )}
          {one.proposalDetail && one.proposalDetail.why !== one.sentence && (
            <p class="quiet">{one.proposalDetail.why}</p>
          )}
        </>
      ) : (
        <p class="quiet">{t.case.proposalNone}</p>
      )}
      {one.people && one.people.needed > 1 && (
        <p class="people">
          <span class="people-marks" aria-hidden="true">
            {Array.from({ length: one.people.needed }, (_, index) => (
              <i key={index} class={index < (one.people?.approved ?? 0) ? 'yes' : ''} />
            ))}
          </span>
          {t.case.people(one.people.approved, one.people.needed)}
          {open && open.answers.length > 0 && ` (${open.answers.map(({ by }) => by).join(', ')})`}
        </p>
      )}
      <Claimed of={one} />
      {changed && one.status === 'in-review' && !hasAnswer && (
        <p class="field-error" role="alert">
          {t.case.changed}
        </p>
      )}
      {one.takeBack && (hasAnswer || ownYes) && (
        <TakeBack caseId={one.caseId} of={one.takeBack} keyed={keyed} reload={reload} />
      )}
      {one.status === 'in-review' &&
        !hasAnswer &&
        (ownYes ? (
          <>
            <p>{t.case.peopleOwn}</p>
            <p class="hint">{t.case.peopleOwnBack}</p>
            <AnswerForm key={`${one.caseId}/back`} of={one} only="reject" reload={reload} />
          </>
        ) : (
          <AnswerForm
            key={`${one.caseId}/${one.proposalHash}/${open?.round}`}
            of={one}
            ask={ask}
            order={order}
            reload={reload}
          />
        ))}
      <ClaimLine of={one} reload={reload} />
    </>
  );
}

/** Whether a value was another one when the page was opened: what a person read is not what stands here now. */
function useChanged(value: string | undefined): boolean {
  const first = useRef(value);
  return first.current !== value;
}

/** On a phone the answer stands below the facts: the proposal beside the title leads there. */
function toAnswer(): void {
  const heading = document.getElementById('case-answer');
  heading?.scrollIntoView({ block: 'start' });
  heading?.focus({ preventScroll: true });
}

/** `?order=open-valve&target=V3`: where the case was opened for an order. */
function orderAsked(): { action: string; target: string } | undefined {
  const [action, target] = [route.value.query.get('order'), route.value.query.get('target')];
  return action && target ? { action, target } : undefined;
}

function CaseView({ of: one, reload }: { of: CaseDetail; reload: () => void }) {
  const tookMs = one.closedAtMs === undefined ? undefined : one.closedAtMs - one.openedAtMs;
  return (
    <>
      <header class="case-head">
        <a class="small" href={to.cases}>
          {t.case.back}
        </a>
        <div class="case-title">
          <Glyph name={caseGlyph(one, nowMs.value)} large />
          <Heading>{t.case.title(t.kind(one.kind), placeOf(one))}</Heading>
          <span class="case-state">
            {stateOf(one)}
            {one.status === 'in-review' && one.proposal && (
              <>
                {': '}
                <button type="button" class="link" onClick={toAnswer}>
                  {t.order(one.proposal.action, one.proposal.target)}?
                </button>
              </>
            )}
          </span>
        </div>
        <p class="case-statement">{one.sentence}</p>
        {one.question && one.status === 'in-review' && !one.question.startsWith(one.sentence) && (
          <p class="quiet">{one.question}</p>
        )}
        {tookMs !== undefined && one.manualMinutes !== undefined && (
          <p class="case-manual" title={t.case.manualHint}>
            {t.case.manual(duration(one.manualMinutes * 60_000), duration(tookMs))}
          </p>
        )}
        {tookMs !== undefined && one.manualMinutes === undefined && mayAdminister.value && (
          <p>
            <a class="small" href={to.settings}>
              {t.case.manualEnter}
            </a>
          </p>
        )}
      </header>
      <WithheldBand of={one.withheld} />
      <div class="case">
        <section class="panel case-facts" aria-label={t.case.wrong}>
          <CaseAnswers of={one} />
        </section>
        <section class="panel case-answer stack" aria-labelledby="case-answer">
          <h2 id="case-answer" tabIndex={-1}>
            {one.status === 'in-review' ? t.case.proposal : wasDone(one) ? t.case.ending : t.case.proposalPast}
          </h2>
          {one.status === 'closed' ? (
            <CaseEnding of={one} />
          ) : (
            <CaseProposal of={one} order={orderAsked()} reload={reload} />
          )}
          {mayOperate.value && !one.withheld && one.status !== 'closed' && (
            <p>
              <a class="small" href={`${to.shift}${query({ asset: one.asset, kind: one.kind })}`}>
                {t.shift.shelveThis}
              </a>
            </p>
          )}
          {one.acknowledged.length > 0 && (
            <p class="small">{t.case.seenBy([...new Set(one.acknowledged.map(({ by }) => by))].join(', '))}</p>
          )}
        </section>
        <section class="panel case-wide">
          <h2>{t.case.signal}</h2>
          <CaseSignal id={one.caseId} />
        </section>
        <section class="panel">
          <h2>{t.case.explanation}</h2>
          <CaseWhy of={one} />
        </section>
        <section class="panel">
          <h2>{t.case.timeline}</h2>
          <CaseTimeline of={one} />
        </section>
        <section class="panel">
          <h2>{t.case.effects}</h2>
          <CaseEffects of={one} />
        </section>
        <section class="panel">
          <h2>{t.case.reviews}</h2>
          <CaseReviews of={one} />
        </section>
        <section class="panel">
          <h2>{t.case.similar}</h2>
          <CaseSimilar of={one} />
        </section>
        <section class="panel">
          <h2>{t.case.auditTitle}</h2>
          <CaseAudit key={one.updatedAtMs} of={one} />
        </section>
        <section class="panel case-wide">
          <h2>{t.case.evidence}</h2>
          <CaseReferences of={one} />
        </section>
      </div>
    </>
  );
}

export function CasePage({ id }: { id: string }) {
  const concerns = ({ caseId }: Change) => caseId === id;
  const resource = useResource<CaseDetail>(`/cases/${encodeURIComponent(id)}`, concerns);
  useEffect(() => {
    // Readings go on without a change of the case; how old the newest one is must not stand still.
    const timer = setInterval(() => void resource.refresh(), 20_000);
    return () => clearInterval(timer);
  }, [resource]);
  const { data, error } = resource.state.value;
  if (data === undefined && error instanceof ApiError && (error.status === 404 || error.status === 400))
    return (
      <>
        <Heading>{t.case.gone}</Heading>
        <Empty title="" hint={t.error.notFound}>
          <a class="button" href={to.cases}>
            {t.case.back}
          </a>
        </Empty>
      </>
    );
  return (
    <Shown of={resource} rows={9} tall>
      {(one) => <CaseView of={one} reload={() => void resource.reload()} />}
    </Shown>
  );
}
