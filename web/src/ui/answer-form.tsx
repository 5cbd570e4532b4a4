/** How a person answers: approve what is proposed, reject it, or order something else; always with a reason. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, newKey, write } from '../api/client.ts';
import type { Answered, CaseDetail } from '../api/types.ts';
import { draftOf, readDraft } from '../lib/parameters.ts';
import { say, tell } from '../state/announce.ts';
import { mayApprove, mayOperate, me, nowMs } from '../state/session.ts';
import { t } from '../strings.ts';
import { ReasonField } from './form-dialog.tsx';
import { HoldButton } from './hold-button.tsx';
import { OrderFields } from './order-fields.tsx';
import { Segments } from './segments.tsx';
import { errorText } from './states.tsx';
import { given } from './take-back.tsx';

export type AnswerMode = 'approve' | 'reject' | 'override';

/** What a refusal means for the person in front of it. */
function refusal(error: Error): string {
  if (!(error instanceof ApiError) || error.status !== 409) return errorText(error);
  if (error.code === 'stale-proposal') return t.case.stale;
  if (error.code === 'claimed-by-other') return t.case.claimed(error.detail);
  if (error.code === 'same-person') return t.case.peopleOwn;
  if (error.code === 'approvals-differ') return error.detail;
  return t.case.answered;
}

/**
 * @param of the case as it is shown: its hash and question go with the answer, so that nobody approves what they have not seen
 * @param ask what was asked for from outside (a key); a new object each time
 */
export function AnswerForm({
  of: one,
  ask,
  only,
  order,
  reload,
}: {
  of: CaseDetail;
  ask?: { readonly mode: AnswerMode } | undefined;
  only?: AnswerMode;
  /** An order to begin with, where the case was opened for it; it is filled in, and sent by nobody but a person. */
  order?: { readonly action: string; readonly target: string } | undefined;
  reload: () => void;
}) {
  const canApprove = mayApprove.value;
  const modes: AnswerMode[] = only
    ? [only]
    : canApprove
      ? [...(one.proposal ? (['approve'] as const) : []), 'reject', 'override']
      : ['reject'];
  const wanted =
    order && modes.includes('override') ? one.options.findIndex(({ action }) => action === order.action) : -1;
  const begin = Math.max(0, wanted);
  const [mode, setMode] = useState<AnswerMode>(wanted >= 0 ? 'override' : (modes[0] ?? 'reject'));
  const [reason, setReason] = useState('');
  const [chosen, setChosen] = useState(begin);
  const [target, setTarget] = useState(
    wanted >= 0 && order ? order.target : (one.options[begin]?.target ?? one.options[begin]?.targets?.[0] ?? ''),
  );
  const [draft, setDraft] = useState(draftOf(one.options[begin]));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const shownSince = useRef(Date.now());
  const key = useRef(newKey());
  const form = useRef<HTMLFormElement>(null);
  const field = () => form.current?.querySelector<HTMLElement>('textarea');
  useEffect(() => {
    if (!ask || !modes.includes(ask.mode)) return;
    setMode(ask.mode);
    requestAnimationFrame(() => field()?.focus());
  }, [ask]);
  if (!mayOperate.value) return <p class="quiet">{t.case.notAllowed}</p>;
  const fail = (text: string) => {
    setError(text);
    say(text, true);
    return true;
  };
  const refuse = () => {
    if (reason.trim() === '') {
      field()?.focus();
      return fail(t.case.reasonMissing);
    }
    if (mode !== 'override') return false;
    if (one.options[chosen] === undefined || target.trim() === '') return fail(t.case.targetMissing);
    const read = readDraft(one.options[chosen]?.parameters, draft);
    if (read.problem === undefined) return false;
    // The press that was refused takes the focus to its button first.
    const wrong = read.problem.name;
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(`#parameter-${wrong}`)?.focus());
    return fail(read.problem.text);
  };
  const submit = async () => {
    if (busy || refuse()) return;
    setBusy(true);
    setError('');
    const option = one.options[chosen];
    const open = one.reviews.find(({ state }) => state === 'open');
    try {
      const { round, state, answeredAtMs, takeBackUntilMs } = await write<Answered>(
        'POST',
        `/cases/${one.caseId}/answer`,
        {
          answer: mode,
          reason: reason.trim(),
          ...(one.proposalHash && { proposalHash: one.proposalHash }),
          ...(open && { round: open.round }),
          ...(mode === 'override' &&
            option && {
              override: {
                action: option.action,
                target: target.trim(),
                ...(option.parameters && { parameters: readDraft(option.parameters, draft).parameters }),
              },
            }),
          shownForMs: Math.min(86_400_000, Date.now() - shownSince.current),
        },
        key.current,
      );
      const sent = state === 'waiting-for-second' ? t.case.sentFirst : (t.case.sent[mode] ?? '');
      if (answeredAtMs !== undefined && takeBackUntilMs !== undefined) {
        const by = me.value?.username ?? '';
        given.value = {
          caseId: one.caseId,
          answer: { round, answer: mode, by, answeredAtMs, untilMs: takeBackUntilMs },
        };
        tell(t.case.sentWithin(sent, Math.max(0, Math.ceil((takeBackUntilMs - nowMs.peek()) / 1000))));
      } else tell(sent);
    } catch (problem) {
      tell(refusal(problem as Error), true);
      setError(refusal(problem as Error));
      // What was refused may be sent again as another intent; what got lost on the way is the same one.
      if (problem instanceof ApiError) key.current = newKey();
    }
    setBusy(false);
    reload();
  };
  const edit =
    <V,>(set: (value: V) => void) =>
    (value: V) => {
      set(value);
      key.current = newKey();
    };
  const labels = { approve: t.case.approve, reject: t.case.reject, override: t.case.override };
  return (
    <form class="stack answer" ref={form} onSubmit={(event) => event.preventDefault()}>
      {modes.length > 1 && (
        <Segments
          class="answer-modes"
          label={t.case.answer}
          of={modes.map((value) => ({ value, word: labels[value] }))}
          value={mode}
          onChange={edit(setMode)}
        />
      )}
      {!canApprove && <p class="hint">{t.case.approveNotAllowed}</p>}
      {mode === 'override' &&
        (one.options.length === 0 ? (
          <p class="quiet">{t.case.optionsNone}</p>
        ) : (
          <OrderFields
            options={one.options}
            chosen={chosen}
            target={target}
            onChoose={(index) => {
              edit(setChosen)(index);
              setTarget(one.options[index]?.target ?? one.options[index]?.targets?.[0] ?? '');
              setDraft(draftOf(one.options[index]));
            }}
            onTarget={edit(setTarget)}
            draft={draft}
            onDraft={edit(setDraft)}
          />
        ))}
      <ReasonField
        id={`reason-${one.caseId.slice(0, 8)}`}
        value={reason}
        onInput={edit(setReason)}
        hint={t.case.reasonHint}
      />
      {error && <p class="field-error">{error}</p>}
      {mode === 'approve' && one.proposal && (
        <HoldButton
          label={t.case.approveOrder(t.order(one.proposal.action, one.proposal.target))}
          busy={busy}
          refuse={refuse}
          onHeld={submit}
        />
      )}
      {mode === 'override' && one.options.length > 0 && (
        <HoldButton label={t.case.sendOrder} busy={busy} refuse={refuse} onHeld={submit} />
      )}
      {mode === 'reject' && (
        <button type="button" class="button" disabled={busy} onClick={submit}>
          {busy ? t.case.sending : t.case.sendReject}
        </button>
      )}
    </form>
  );
}

/** Taking a case, giving it back, and having seen it. None of them approves anything. */
export function ClaimLine({ of: one, reload }: { of: CaseDetail; reload: () => void }) {
  const [busy, setBusy] = useState(false);
  if (!mayOperate.value || one.status === 'closed') return null;
  const own = one.claim?.by === me.value?.username;
  const seen = one.acknowledged.some(({ by }) => by === me.value?.username);
  const act = async (run: () => Promise<unknown>, done?: string) => {
    setBusy(true);
    try {
      await run();
      if (done) tell(done);
    } catch (error) {
      tell(refusal(error as Error), true);
    }
    setBusy(false);
    reload();
  };
  return (
    <div class="row">
      <button
        type="button"
        class="button button-small"
        disabled={busy || seen}
        title={t.case.acknowledgeHint}
        onClick={() => act(() => write('POST', `/cases/${one.caseId}/acknowledge`, {}), t.case.acknowledged)}
      >
        {seen ? t.case.seenAlready : t.case.acknowledge}
      </button>
      {(own || !one.claim) && (
        <button
          type="button"
          class="button button-small"
          disabled={busy}
          onClick={() =>
            act(() =>
              own ? write('DELETE', `/cases/${one.caseId}/claim`) : write('POST', `/cases/${one.caseId}/claim`, {}),
            )
          }
        >
          {own ? t.case.unclaim : t.case.claim}
        </button>
      )}
      <span class="hint">{t.case.acknowledgeHint}</span>
    </div>
  );
}
