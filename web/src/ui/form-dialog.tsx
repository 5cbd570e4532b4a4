/** A dialog with a form that orders one thing: one key for the intention, one error, and a way out. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { newKey } from '../api/client.ts';
import { tell } from '../state/announce.ts';
import { t } from '../strings.ts';
import { Dialog } from './dialog.tsx';
import { errorText } from './states.tsx';

/**
 * @param run orders it under the key and gives the words that say so; what it throws is shown, and the dialog stays
 * @param refuse why it cannot be sent yet, before anything leaves
 */
export function FormDialog({
  title,
  submit,
  working,
  kind = 'main',
  refuse,
  run,
  onClose,
  children,
}: {
  title: string;
  /** Absent: there is nothing to order. */
  submit?: ComponentChildren;
  working?: string;
  kind?: 'main' | 'danger';
  refuse?: () => string | undefined;
  run: (key: string) => Promise<string>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const [key] = useState(newKey);
  const send = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const why = refuse?.();
    if (why !== undefined) return setError(why);
    setBusy(true);
    try {
      tell(await run(key));
      onClose();
    } catch (problem) {
      setError(errorText(problem as Error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={send}>
        {children}
        {error && (
          <p class="field-error" role="alert">
            {error}
          </p>
        )}
        <div class="row">
          {submit !== undefined && (
            <button type="submit" class={`button button-${kind}`} disabled={busy}>
              {busy && working !== undefined ? working : submit}
            </button>
          )}
          <button type="button" class="button" onClick={onClose}>
            {t.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function ReasonField({
  id,
  value,
  onInput,
  hint,
  maxLength = 2000,
}: {
  id: string;
  value: string;
  onInput: (text: string) => void;
  hint: string;
  maxLength?: number;
}) {
  return (
    <div class="field">
      <label for={id}>{t.case.reason}</label>
      <textarea
        id={id}
        required
        maxLength={maxLength}
        value={value}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}
