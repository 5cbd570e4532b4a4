/** Who is to be called about a case, and who of them now. */
import type { Contact, ContactHours } from '../../contracts/api.ts';
import { isWithin } from '../guard/standing-orders.ts';
import { isQuiet } from '../notification/quiet-hours.ts';

const mostShown = 6;

/** A contact without what is personal in it. */
export type ContactAbout = Omit<Contact, 'name' | 'phone'>;

/** Where a case is. Zones: of the site, where the asset stands in one, and of the network behind the asset. */
export interface CasePlace {
  readonly asset: string;
  readonly site: string;
  readonly zones: readonly string[];
}

/** 1 is Monday, 7 Sunday. */
function weekdayAt(atMs: number, timeZone: string): number {
  const name = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short' }).format(atMs);
  return ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(name) + 1;
}

/**
 * Whether somebody can be called. Hours over midnight belong to the day on which they begin.
 * @throws RangeError for a time zone that is not known
 */
export function isOnCall(hours: ContactHours | undefined, atMs: number, timeZone: string): boolean {
  if (!hours) return true;
  const { from, to, days } = hours;
  if (!isQuiet(atMs, { from, to }, timeZone)) return false;
  if (!days) return true;
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const beganYesterday = from > to && clock.format(atMs) < to;
  const today = weekdayAt(atMs, timeZone);
  // By the calendar, not by 24 hours: a day on which clocks are changed is shorter or longer.
  return days.includes(beganYesterday ? ((today + 5) % 7) + 1 : today);
}

/** The nearer the scope, the better they know the place. */
const nearness = ({ scope, kinds }: ContactAbout): number =>
  2 * ['all', 'site', 'zone', 'asset'].indexOf(scope.split('#')[0]!) + Number(kinds !== undefined);

/**
 * Those that concern a place and a kind, the nearest first and in the order in which they were entered; who is on call
 * comes before who is not.
 */
export function contactsFor<C extends ContactAbout>(
  contacts: readonly C[],
  { asset, site, zones }: CasePlace,
  kind: string,
  { atMs, timeZone }: { readonly atMs: number; readonly timeZone: string },
): { readonly contact: C; readonly onCall: boolean }[] {
  const isAbout = (scope: string): boolean =>
    scope === 'all' || isWithin(scope, { asset, site }) || zones.some((zone) => isWithin(scope, { asset, site, zone }));
  return contacts
    .filter(({ scope, kinds }) => isAbout(scope) && (!kinds || kinds.includes(kind)))
    .map((contact) => ({ contact, onCall: isOnCall(contact.hours, atMs, timeZone) }))
    .sort((a, b) => Number(b.onCall) - Number(a.onCall) || nearness(b.contact) - nearness(a.contact))
    .slice(0, mostShown);
}
