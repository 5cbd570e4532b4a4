/** What happened in a case: hops, effects, questions, and the record that proves it. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api/client.ts';
import type { CaseDetail } from '../api/types.ts';
import { type CheckedChain, canVerify, checkChain } from '../audit/check-chain.ts';
import { to } from '../lib/address.ts';
import { t } from '../strings.ts';
import { AuditEntries } from '../ui/audit-entries.tsx';
import { CaseLine } from '../ui/case-line.tsx';
import { effectGlyph, Glyph } from '../ui/glyph.tsx';
import { errorText, Skeleton } from '../ui/states.tsx';
import { Due, Time } from '../ui/time.tsx';

type Hop = CaseDetail['timeline'][number];

/** The same hop many times in a row is one line with a count. */
function grouped(hops: readonly Hop[]): { hop: Hop; times: number; untilMs: number }[] {
  const groups: { hop: Hop; times: number; untilMs: number }[] = [];
  for (const hop of hops) {
    const last = groups.at(-1);
    if (last && last.hop.kind === hop.kind && last.hop.title === hop.title && hop.by === last.hop.by) {
      last.times += 1;
      last.untilMs = hop.atMs;
    } else groups.push({ hop, times: 1, untilMs: hop.atMs });
  }
  return groups;
}

export function CaseTimeline({ of: one }: { of: CaseDetail }) {
  return (
    <ol class="timeline">
      {grouped(one.timeline).map(({ hop, times, untilMs }, index) => (
        <li key={`${hop.atMs}${hop.kind}${index}`}>
          <span class="hop-time">
            <Time ms={hop.atMs} full />
            {hop.deviceClock && <span class="small"> {t.case.deviceClock}</span>}
          </span>
          <span class="hop-title">{hop.title}</span>
          {times > 1 && (
            <span class="hop-more">
              {t.case.repeated(times)} <Time ms={untilMs} />
            </span>
          )}
          {times === 1 && (hop.by || (hop.detail && hop.detail !== one.sentence)) && (
            <span class="hop-more">
              {hop.by && <b>{hop.by} </b>}
              {hop.detail !== one.sentence && hop.detail}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}

export function CaseEffects({ of: one }: { of: CaseDetail }) {
  if (one.effects.length === 0) return <p class="quiet">{t.case.effectsNone}</p>;
  return (
    <ul class="cases">
      {one.effects.map((effect) => (
        <li class="effect" key={effect.effectKey}>
          <b>{t.order(effect.action, effect.target)}</b>
          {effect.inverse && <span class="small"> {t.case.undoes}</span>}
          <p>
            <Glyph name={effectGlyph(effect.status, 'acting')} /> {t.case.effectStatus[effect.status]},{' '}
            <Time ms={effect.atMs} />
          </p>
          {effect.outcome && <p>{effect.outcome.message}</p>}
          <p class="small">
            {[
              t.case.attempts(effect.attempts),
              effect.reconciled ? t.case.reconciled(effect.reconciled) : '',
              effect.endpoint ?? '',
              effect.outcome?.reference ?? '',
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
          <p class="hash">{effect.effectKey}</p>
        </li>
      ))}
    </ul>
  );
}

export function CaseReviews({ of: one }: { of: CaseDetail }) {
  if (one.reviews.length === 0) return <p class="quiet">{t.case.reviewsNone}</p>;
  return (
    <>
      <ol class="cases">
        {one.reviews.map((review) => (
          <li class="effect" key={review.round}>
            <b>{t.case.round(review.round)}</b>{' '}
            <span class="small">
              {t.case.asked} <Time ms={review.askedAtMs} />, {t.case.due}{' '}
              {review.state === 'open' ? <Due ms={review.dueAtMs} /> : <Time ms={review.dueAtMs} />}
            </span>
            <p>{review.question}</p>
            {review.state === 'timed-out' && <p>{t.audit.types['review-timed-out']}</p>}
            {review.newer && (
              <p>
                {t.case.superseded}, <Time ms={review.newer.atMs} />: {review.newer.sentence}
              </p>
            )}
            {review.answers.map((answer) => (
              <blockquote class="said" key={answer.by + answer.atMs}>
                <p>
                  <b>{t.case.answerBy(answer.by, t.case.answerWord[answer.answer] ?? answer.answer)}</b>
                  {answer.override &&
                    ` (${[t.order(answer.override.action, answer.override.target), t.parameter.given(answer.override.parameters ?? {})].filter(Boolean).join(', ')})`}
                  , <Time ms={answer.atMs} />
                </p>
                <p>{answer.reason}</p>
              </blockquote>
            ))}
            {review.takenBack?.map((gone) => (
              <blockquote class="said" key={gone.atMs}>
                <p>
                  <b>{t.case.takenBackBy(gone.by, t.case.answerWord[gone.answer] ?? gone.answer)}</b>,{' '}
                  <Time ms={gone.atMs} />
                </p>
                <p>{gone.reason}</p>
              </blockquote>
            ))}
          </li>
        ))}
      </ol>
      {one.status !== 'closed' && one.reviews.some(({ state }) => state === 'answered') && (
        <p class="hint">{t.case.noWayBack}</p>
      )}
    </>
  );
}

/** Resolutions of cases in which something was done to the plant. */
const acted = new Set(['verified', 'acted-unverified', 'overridden']);

export function CaseSimilar({ of: one }: { of: CaseDetail }) {
  if (one.similar.length === 0) return <p class="quiet">{t.case.similarNone}</p>;
  return (
    <ul class="cases">
      {one.similar.map((each) => (
        <li key={each.caseId}>
          <CaseLine of={each} />
          <p class="similar-more">
            {each.proposal && each.resolution && acted.has(each.resolution)
              ? t.case.done(t.order(each.proposal.action, each.proposal.target))
              : t.case.nothingDone}
            {each.shared && ` ${t.case.sharedGrounds(each.shared)}`}
          </p>
        </li>
      ))}
    </ul>
  );
}

/** More than so many entries are folded. */
const shownEntries = 8;

export function CaseAudit({ of: one }: { of: CaseDetail }) {
  const chain = `case#${one.caseId}`;
  const [checked, setChecked] = useState<CheckedChain>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    let gone = false;
    checkChain(chain).then(
      (found) => !gone && setChecked(found),
      (problem: Error) => !gone && setError(problem),
    );
    return () => {
      gone = true;
    };
  }, [chain]);
  if (error)
    return (
      <p class="quiet">{error instanceof ApiError && error.status === 403 ? t.case.auditHidden : errorText(error)}</p>
    );
  if (!checked) return <Skeleton rows={4} />;
  const { fault } = checked.check;
  return (
    <div class="stack">
      {!canVerify() ? (
        <p>{t.audit.insecure}</p>
      ) : fault ? (
        <p class="verdict-bad" role="alert">
          <Glyph name="bad" /> {t.case.unverified(fault.seq)}
        </p>
      ) : (
        <p class="verdict-good">
          <Glyph name="closed" /> {t.case.verified(checked.check.entries)}
        </p>
      )}
      {checked.entries.length > shownEntries ? (
        <details class="fold">
          <summary>{t.audit.count(checked.entries.length)}</summary>
          <AuditEntries of={checked} withBody={false} />
        </details>
      ) : (
        <AuditEntries of={checked} withBody={false} />
      )}
      <a href={to.chain(chain)}>{t.case.openChain}</a>
    </div>
  );
}

export function CaseReferences({ of: one }: { of: CaseDetail }) {
  const { decision, execution, record } = one;
  return (
    <dl class="facts">
      <dt>{t.case.caseId}</dt>
      <dd class="hash">{one.caseId}</dd>
      <dt>{t.case.correlation}</dt>
      <dd class="hash">{record.correlationId}</dd>
      {decision && (
        <>
          <dt>{t.case.decision}</dt>
          <dd class="hash">{decision.decisionId}</dd>
        </>
      )}
      {record.ticket && (
        <>
          <dt>{t.case.ticket}</dt>
          <dd>{record.ticket}</dd>
        </>
      )}
      {execution && (
        <>
          <dt>{t.case.execution}</dt>
          <dd class="hash">
            {execution.consoleUrl ? (
              <a href={execution.consoleUrl} rel="noreferrer" target="_blank">
                {t.case.openExecution}
              </a>
            ) : (
              execution.arn
            )}
          </dd>
        </>
      )}
      <dt>{t.assets.columns.asset}</dt>
      <dd>
        <a href={to.asset(one.asset)}>{one.asset}</a>
      </dd>
    </dl>
  );
}
