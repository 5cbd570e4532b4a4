/** Whether what is shown is true now. */
import { clockSeconds, duration } from '../lib/time.ts';
import { connection, live } from '../state/live.ts';
import { nowMs, zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { Glyph } from './glyph.tsx';

export function Pulse() {
  const { kind } = connection.value;
  const word = kind === 'live' ? t.connection.live : kind === 'lost' ? t.connection.lostShort : t.connection.connecting;
  return (
    <span class={`pulse pulse-${kind}`}>
      <span class="pulse-dot" aria-hidden="true" />
      <span class="pulse-text">{word}</span>
    </span>
  );
}

export function ConnectionBar() {
  const state = connection.value;
  // The region stands before its words come, so that they are spoken.
  return (
    <div role="status">
      {state.kind === 'lost' && (
        <div class="bar bar-lost">
          <Glyph name="lost" large />
          <p>
            <b>
              {t.connection.lost(clockSeconds(state.staleSinceMs, zone.value))}{' '}
              <span aria-hidden="true">({t.connection.lostAge(duration(nowMs.value - state.staleSinceMs))})</span>
            </b>{' '}
            {t.connection.lostDetail}
          </p>
          <button type="button" class="button" onClick={() => live.nudge()}>
            {t.connection.retry}
          </button>
        </div>
      )}
      {state.kind === 'catching-up' && <p class="bar bar-lost">{t.connection.catchingUp}</p>}
    </div>
  );
}
