/** What came of a closed case: what was done, by whose word, and the way back where there is one. */
import { useState } from 'preact/hooks';
import type { CaseDetail } from '../api/types.ts';
import { mayApprove } from '../state/session.ts';
import { t } from '../strings.ts';
import { Time } from './time.tsx';
import { UndoDialog } from './undo-dialog.tsx';

/** What stands done in the plant and has a way back; an effect that the case itself undid does not. */
function undoable(one: CaseDetail): { action: string; target: string; done: string } | undefined {
  const { inverse, action } = one.proposalDetail ?? {};
  if (one.status !== 'closed' || inverse === undefined) return undefined;
  const newest = one.effects.findLast(({ status }) => status === 'SUCCEEDED');
  if (!newest || newest.inverse || newest.action !== action) return undefined;
  return { action: inverse, target: newest.target, done: newest.action };
}

function By({ of: one }: { of: CaseDetail }) {
  const answers = one.reviews.flatMap((review) => (review.state === 'answered' ? review.answers : []));
  if (answers.length > 0)
    return (
      <ul class="stack">
        {answers.map((answer) => (
          <li key={answer.by + answer.atMs}>
            <b>{t.case.answerBy(answer.by, t.case.answerWord[answer.answer] ?? answer.answer)}</b>,{' '}
            <Time ms={answer.atMs} />: <span class="quiet">{answer.reason}</span>
          </li>
        ))}
      </ul>
    );
  if (one.reviews.some(({ state }) => state === 'timed-out')) return <p>{t.audit.types['review-timed-out']}.</p>;
  if (one.verdict !== 'act') return null;
  const policies = one.decision?.guard.policies.join(', ');
  return <p>{policies ? t.case.endedAlone(policies) : t.case.endedAloneShort}</p>;
}

/** Whether anything of it reached the plant, as far as its endpoint says. */
export const wasDone = (one: CaseDetail): boolean => one.effects.some(({ status }) => status === 'SUCCEEDED');

export function CaseEnding({ of: one }: { of: CaseDetail }) {
  const [undoing, setUndoing] = useState(false);
  const back = undoable(one);
  return (
    <div class="stack">
      {one.proposal ? (
        <p class="proposal">{t.order(one.proposal.action, one.proposal.target)}</p>
      ) : (
        <p class="quiet">{t.case.undoNone}</p>
      )}
      {one.proposalDetail && Object.keys(one.proposalDetail.parameters).length > 0 && (
        <p class="quiet">{t.parameter.given(one.proposalDetail.parameters)}</p>
      )}
      <By of={one} />
      {back && mayApprove.value && (
        <div>
          <button type="button" class="button" onClick={() => setUndoing(true)}>
            {t.undo.button(t.order(back.action, back.target))}
          </button>
          <p class="hint">{t.undo.hint}</p>
        </div>
      )}
      {back && undoing && <UndoDialog of={one} back={back} onClose={() => setUndoing(false)} />}
    </div>
  );
}
