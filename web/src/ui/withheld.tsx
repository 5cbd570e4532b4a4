/** Planned work and shelving beside what they withhold: a shape, a word, and until when. */
import type { WithheldMark } from '../api/types.ts';
import { shortTime } from '../lib/time.ts';
import { nowMs, zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { Glyph } from './glyph.tsx';

const holding = (marks: readonly WithheldMark[] | undefined) => marks?.filter(({ toMs }) => toMs > nowMs.value) ?? [];

/** Short, for a list. */
export function WithheldTag({ of: marks }: { of: readonly WithheldMark[] | undefined }) {
  const [first, ...more] = holding(marks);
  if (!first) return null;
  return (
    <span class="tag withheld" title={t.shift.withheldUntil(shortTime(first.toMs, nowMs.value, zone.value))}>
      <Glyph name="withheld" /> {first.what === 'planned-work' ? t.shift.planned : t.shift.shelvedKind(first.kind)}
      {more.length > 0 && ` +${more.length}`}
    </span>
  );
}

/** In words, for the one thing that a page is about. */
export function WithheldBand({ of: marks }: { of: readonly WithheldMark[] | undefined }) {
  const found = holding(marks);
  if (found.length === 0) return null;
  return (
    <ul class="withheld-band">
      {found.map((mark) => (
        <li key={mark.id}>
          <Glyph name="withheld" large />{' '}
          <span>
            <b>
              {mark.what === 'planned-work'
                ? t.shift.plannedAt(t.shift.scope(mark.scope))
                : t.shift.shelvedKind(mark.kind)}
            </b>{' '}
            {t.shift.withheldUntil(shortTime(mark.toMs, nowMs.value, zone.value))} {t.shift.withheldMeans}
          </span>
        </li>
      ))}
    </ul>
  );
}
