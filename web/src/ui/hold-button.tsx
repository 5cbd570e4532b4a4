/** A button that only works when it is held: a tap in a pocket, or a key hit by mistake, does nothing. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { say } from '../state/announce.ts';
import { t } from '../strings.ts';

export const holdMs = 1_200;
/** How long a press by an assistive program, which cannot be held, waits for its second. */
const armedMs = 6_000;

/**
 * Calls `onHeld` after a pointer, Enter or Space was down for 1.2 s. Programs that click without pressing (screen readers,
 * voice control) press twice.
 * @param refuse says why it cannot work now; then a press tells that instead of counting
 */
export function HoldButton({
  label,
  busy,
  refuse,
  onHeld,
}: {
  label: string;
  busy: boolean;
  refuse: () => boolean;
  onHeld: () => void;
}) {
  const [holding, setHolding] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pressed = useRef(false);
  const armedUntil = useRef(0);
  const hint = useId();
  const release = () => {
    clearTimeout(timer.current);
    setHolding(false);
  };
  useEffect(() => release, []);
  const press = () => {
    pressed.current = true;
    if (busy || refuse()) return;
    setHolding(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setHolding(false);
      navigator.vibrate?.(40);
      onHeld();
    }, holdMs);
  };
  const isKey = (key: string) => key === 'Enter' || key === ' ';
  return (
    <div class="hold">
      <button
        type="button"
        class={`button button-main hold-button${holding ? ' holding' : ''}`}
        aria-describedby={hint}
        aria-disabled={busy}
        onPointerDown={(event) => {
          if (event.button === 0) press();
        }}
        onPointerUp={release}
        onPointerLeave={release}
        onPointerCancel={release}
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (!isKey(event.key)) return;
          event.preventDefault();
          if (!event.repeat) press();
        }}
        onKeyUp={(event) => {
          if (!isKey(event.key)) return;
          event.preventDefault();
          release();
        }}
        onBlur={release}
        onClick={() => {
          if (pressed.current) {
            pressed.current = false;
            return;
          }
          if (busy || refuse()) return;
          if (Date.now() < armedUntil.current) {
            armedUntil.current = 0;
            onHeld();
            return;
          }
          armedUntil.current = Date.now() + armedMs;
          say(t.case.pressAgain, true);
        }}
      >
        <span class="hold-fill" aria-hidden="true" />
        <span class="hold-label">{busy ? t.case.sending : holding ? t.case.holding : label}</span>
      </button>
      <p id={hint} class="hint">
        {t.case.holdHint}
      </p>
    </div>
  );
}
