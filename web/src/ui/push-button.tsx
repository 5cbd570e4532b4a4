/** Messages to this browser, in the menu behind one's name: a switch that says how it is, or why there is none. */
import { useEffect } from 'preact/hooks';
import { tell } from '../state/announce.ts';
import { lookAtPush, push, togglePush } from '../state/push.ts';
import { t } from '../strings.ts';
import { errorText } from './states.tsx';

export function PushButton() {
  useEffect(() => {
    // Nothing of it is worth a word before somebody asks.
    lookAtPush().catch(() => undefined);
  }, []);
  const state = push.value;
  if (state === 'unknown' || state === 'absent') return null;
  if (state === 'unsupported' || state === 'blocked') return <p class="menu-who small">{t.push[state]}</p>;
  const toggle = async () => {
    if (push.value === 'busy') return;
    try {
      await togglePush();
      tell(push.value === 'on' ? t.push.turnedOn : push.value === 'blocked' ? t.push.blocked : t.push.turnedOff);
    } catch (error) {
      tell(errorText(error as Error), true);
    }
  };
  return (
    <button
      type="button"
      class="button button-plain"
      aria-pressed={state === 'on'}
      // Not disabled: it would lose the focus, and the menu would close.
      aria-disabled={state === 'busy'}
      onClick={() => void toggle()}
    >
      {t.push[state]}
    </button>
  );
}
