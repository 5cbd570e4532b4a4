/** Times on a page: in the site's zone, UTC on hover and for whoever listens. */
import { clockTime, dateTime, duration, shortTime, utc, zoneName } from '../lib/time.ts';
import { nowMs, zone } from '../state/session.ts';
import { t } from '../strings.ts';

const title = (ms: number) => `${dateTime(ms, zone.value)} ${zoneName(ms, zone.value)} · ${utc(ms)}`;
const iso = (ms: number) => new Date(ms).toISOString();

/** A moment. `full` has date and seconds and speaks UTC, too. */
export function Time({ ms, full }: { ms: number | undefined; full?: boolean }) {
  if (ms === undefined) return <span>{t.none}</span>;
  return (
    <time class="time" dateTime={iso(ms)} title={title(ms)}>
      {full ? dateTime(ms, zone.value) : shortTime(ms, nowMs.value, zone.value)}
      {full && <span class="sr"> ({utc(ms)})</span>}
    </time>
  );
}

/** How long ago, counted on. */
export function Age({ ms, word = true }: { ms: number | undefined; word?: boolean }) {
  if (ms === undefined) return <span>{t.none}</span>;
  const length = duration(nowMs.value - ms);
  return (
    <time class="time" dateTime={iso(ms)} title={title(ms)}>
      {word ? t.ago(length) : length}
    </time>
  );
}

/** How long until; says so where it is over. */
export function Due({ ms }: { ms: number | undefined }) {
  if (ms === undefined) return null;
  const left = ms - nowMs.value;
  return (
    <time
      class={`time due ${left < 0 ? 'due-over' : left < 15 * 60_000 ? 'due-soon' : ''}`}
      dateTime={iso(ms)}
      title={title(ms)}
    >
      {left < 0 ? t.overdue(duration(-left)) : t.inTime(duration(left))}
    </time>
  );
}

/** The clock of the site. */
export function SiteClock() {
  const now = nowMs.value;
  return (
    <time class="clock time" dateTime={iso(now)} title={title(now)}>
      <span class="sr">{t.header.clock} </span>
      {clockTime(now, zone.value)} <span class="quiet">{zoneName(now, zone.value)}</span>
    </time>
  );
}
