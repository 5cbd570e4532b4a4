/** An answer that nothing has followed from yet: how long that lasts, and the way back. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, newKey, write } from '../api/client.ts';
import type { StandingAnswer, TookBack } from '../api/types.ts';
import { tell } from '../state/announce.ts';
import { mayOperate, me, nowMs } from '../state/session.ts';
import { t } from '../strings.ts';
import { errorText } from './states.tsx';

/** The own answer that was given last; the queue goes on while it may still be taken back. */
export const given = signal<{ readonly caseId: string; readonly answer: StandingAnswer } | undefined>(undefined);

/** By the server's clock; absent for the first yes of two, which waits for the second. */
const secondsLeft = ({ untilMs }: StandingAnswer): number | undefined =>
  untilMs === undefined ? undefined : Math.max(0, Math.ceil((untilMs - nowMs.value) / 1000));

/** Whether the own answer that was given last can be taken back now. */
export const canTakeBack = (): boolean => given.value !== undefined && secondsLeft(given.value.answer) !== 0;

/** @param keyed whether the key `u` is this one's */
export function TakeBack({
  caseId,
  of: standing,
  keyed,
  reload,
}: {
  caseId: string;
  of: StandingAnswer;
  keyed: boolean;
  reload: () => void;
}) {
  const [reason, setReason] = useState<string>(t.takeBack.reasonUsual);
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const left = secondsLeft(standing);
  const can = mayOperate.value && left !== 0;
  const send = async () => {
    if (busy || !can || reason.trim() === '') return;
    setBusy(true);
    const { round, answeredAtMs } = standing;
    try {
      const body = { round, answeredAtMs, reason: reason.trim() };
      const { what } = await write<TookBack>('POST', `/cases/${caseId}/take-back`, body, key.current);
      tell(what === 'first' ? t.takeBack.doneFirst : t.takeBack.done);
      if (given.peek()?.caseId === caseId) given.value = undefined;
    } catch (error) {
      const isConflict = error instanceof ApiError && error.status === 409;
      tell(isConflict ? t.takeBack.refused(error.detail) : errorText(error as Error), true);
      if (error instanceof ApiError) key.current = newKey();
    }
    setBusy(false);
    reload();
  };
  useEffect(() => {
    if (!keyed) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'u' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open]')) return;
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, select')) return;
      event.preventDefault();
      void send();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
  const who = standing.by === me.value?.username ? undefined : standing.by;
  return (
    <section class="take-back" aria-label={t.takeBack.title}>
      <p>
        {t.takeBack.said(who, t.case.answerWord[standing.answer] ?? standing.answer)}{' '}
        {left === undefined ? t.takeBack.waitsForSecond : left > 0 ? t.takeBack.left(left) : t.takeBack.over}
      </p>
      {mayOperate.value && (
        <div class="row">
          <input
            aria-label={t.takeBack.reason}
            value={reason}
            maxLength={2000}
            disabled={!can}
            onInput={(event) => {
              setReason(event.currentTarget.value);
              key.current = newKey();
            }}
          />
          <button type="button" class="button" disabled={!can || busy || reason.trim() === ''} onClick={send}>
            {t.takeBack.button} {keyed && <kbd class="wide-only">u</kbd>}
          </button>
        </div>
      )}
    </section>
  );
}
