/** The shift: whom to call, planned work, handing over, blind samples, messages. */
import { capital, placeOf, plural, weekdays, words } from './words.ts';

export const contactsStrings = {
  title: 'Whom to call',
  none: 'Nobody is entered for this place.',
  enter: 'Enter whom to call in Settings',
  nobody: 'Nobody is on call now.',
  more: (count: number) => plural(count, 'other', 'others'),
  hidden: 'Names and numbers are shown to those who may act.',
  call: (who: string) => `Call ${who}:`,
  hours: ({ from, to, days }: { from: string; to: string; days?: readonly number[] | undefined }) =>
    `${days ? `${days.map((day) => weekdays[day - 1]).join(', ')} ` : ''}${from}–${to}`,
  settings: 'Whom to call',
  settingsHint:
    'Shown in each case that they concern, who is on call first. Names and numbers are kept under each person’s own key, in no event, log or audit entry; erasing the person erases them here.',
  role: 'Role',
  name: 'Name, if it is a person',
  phone: 'Phone',
  scope: 'For',
  scopeHint: 'all, site#ID, zone#SITE/ZONE or asset#ID',
  kinds: 'Only for these kinds',
  kindsHint: 'Separated by blanks; empty: all.',
  from: 'From',
  until: 'Until',
  hoursHint: 'By the site’s clock; empty: always. From after until: over midnight.',
  days: 'Days',
  add: 'Add somebody to call',
  edit: 'Change',
  remove: 'Remove',
  empty: 'Nobody yet. A case at night then says what is wrong and not whom to call.',
  changedSince: 'Somebody else changed this list. It was loaded again; enter yours once more.',
  always: 'always',
};

export const shiftStrings = {
  title: 'Shift',
  length: 'Length',
  hours: (count: number) => (count < 48 ? plural(count, 'hour', 'hours') : plural(count / 24, 'day', 'days')),
  operators: 'Operators',
  span: (from: string, until: string) => `${from} to ${until}.`,
  perHour: 'Alarms an operator and hour',
  alarms: 'Alarms in the shift',
  flood: 'Time in a flood',
  peak: (count: number) => `at most ${count} in 10 minutes`,
  reference: (low: number, high: number) => `ISA-18.2: ${low} an hour are acceptable, ${high} the most`,
  verdict: { acceptable: 'acceptable', manageable: 'manageable', 'too many': 'too many' },
  openTitle: (count: number) => `Open cases (${count})`,
  changed: 'Ended in this shift',
  counts: (opened: number, closed: number) =>
    `${plural(opened, 'case', 'cases')} opened, ${closed.toLocaleString('en-GB')} closed.`,
  endedNone: 'None.',
  stops: 'Stops',
  stopsNone: 'Nothing is stopped.',
  handover: 'Handover',
  note: 'Note for the next shift',
  noteHint: 'What the next shift must know beside what stands here. It is recorded under your name.',
  write: 'Hand over',
  written: 'Written. Another person takes it over.',
  waits: 'Waits until another person takes it over.',
  take: 'I take over',
  takenOver: 'You have taken over.',
  takenBy: (who: string) => `Taken over by ${who}`,
  notesNone: 'No shift has been handed over yet.',
  older: (count: number) => plural(count, 'older note', 'older notes'),
  numbers: (open: number, alarms: number, perHour: number) =>
    `${open} open, ${plural(alarms, 'alarm', 'alarms')}, ${perHour.toFixed(1)} an operator and hour`,
  ordersTitle: 'Planned work and shelved alarms',
  ordersNone: 'No work is planned and nothing is shelved.',
  scope: placeOf,
  orderWords: ({ what, scope, kind }: { what: string; scope: string; kind?: string | undefined }) =>
    what === 'planned-work'
      ? `Planned work at ${placeOf(scope)}`
      : `${capital(words(kind ?? ''))} at ${placeOf(scope)} shelved`,
  planned: 'Planned work',
  plannedAt: (place: string) => `Planned work at ${place}`,
  shelvedKind: (kind: string | undefined) => `Shelved: ${words(kind ?? '')}`,
  withheldUntil: (time: string) => `until ${time}.`,
  withheldMeans: 'What is found meanwhile is recorded and only observed.',
  holdsNow: 'now,',
  begins: 'begins',
  untilWord: 'until',
  plan: 'Plan work',
  planIntro:
    'What is found there meanwhile is decided and recorded as ever, and only observed: nobody is asked and nothing acts. It ends by itself, after 31 days at the latest.',
  planNotAllowed: 'Planning work is for approvers.',
  where: 'Where',
  from: 'From (empty: now)',
  until: 'Until',
  fromDay: 'Day it begins',
  fromTime: 'Time it begins',
  toDay: 'Day it ends',
  toTime: 'Time it ends',
  zoneHint: (zone: string) => `Times of the site, ${zone}.`,
  endMissing: 'Say when it ends.',
  endBefore: 'It must end after it begins, and not in the past.',
  shelve: 'Shelve an alarm',
  shelveThis: 'Shelve this alarm',
  shelveIntro:
    'One kind on one asset is only observed for a while, because it is known and a nuisance. It ends by itself, after 7 days at the latest. Open cases stay open.',
  kindHint: 'As cases of it are called, such as leak or sensor-fault.',
  given: 'Set. It ends by itself.',
  end: 'End',
  endNow: 'End it now',
  endTitle: (words: string) => `End: ${words}`,
  ended: 'Ended. What is found from now on is handled as ever.',
};

export const samplesStrings = {
  title: 'Blind samples',
  intro:
    'Some of what the automation decided alone is put aside by chance. Say what you see in it; only then it is said what the automation had made of it. So it is known how often it is wrong, and nobody is led by its answer.',
  waiting: (count: number, more: boolean) =>
    `${more ? 'At least ' : ''}${plural(count, 'window waits', 'windows wait')} for a look`,
  span: (from: string, until: string) => `${from} to ${until}`,
  question: 'What does this window show?',
  kind: (kind: string) =>
    ({ normal: 'Nothing unusual', anomaly: 'Something, of no kind in this list' })[kind] ?? capital(words(kind)),
  kindMissing: 'Choose what it shows first.',
  submit: 'Answer',
  next: 'Next window',
  late: 'Somebody answered it before you. Theirs counts.',
  agrees: (said: string) => `The automation had said the same: ${said}.`,
  differs: (own: string, said: string) => `You say ${own}; the automation had said ${said}.`,
  empty: 'No window waits for a look',
  emptyHint: 'Some of what the automation decides alone is put aside by chance. New ones appear with time.',
  gone: 'The readings of this window are no longer kept',
  goneHint: 'Answer “Nothing unusual” only where you know it. Otherwise leave it and go on.',
  notAllowed: 'Looking at samples is for operators.',
  estimate: 'How often it is wrong',
  nobody: 'Nobody has looked yet.',
  wrong: (share: string) => `${share} wrong`,
  basis: (answered: number, waiting: number) =>
    `By ${plural(answered, 'answer', 'answers')}; ${waiting} wait and are taken to be like the others.${waiting > 0 ? ' How many were chosen of each verdict is said when none waits.' : ''}`,
  hint: 'Decisions are chosen by a keyed hash, so that nobody can guess which. Each verdict weighs what it stands for. Up to a minute old.',
  stratum: { act: 'acted', observe: 'observed' },
  chosen: (rate: string) => `${rate} chosen`,
  columns: {
    verdict: 'It had',
    selected: 'Chosen',
    answered: 'Seen',
    wrong: 'Wrong',
  },
};

export const notificationsStrings = {
  title: 'Who is told',
  quiet: 'Quiet hours',
  quietNone: 'none: everything goes out at once',
  quietIntro:
    'By the clock of each asset’s site. What is not urgent waits for their end; a question that is due soon, and whatever has a high impact, goes out all the same. Both empty: none.',
  both: 'Give both times, or neither.',
  same: 'The two times are the same: give a span, or neither.',
  channels: 'Channels',
  routes: 'Routes',
  when: (when: Readonly<Record<string, readonly string[] | undefined>>) =>
    Object.values(when)
      .flatMap((each) => (each && each.length > 0 ? [each.map(words).join(' or ')] : []))
      .join(', ') || 'everything',
  storm: 'In a flood',
  stormWords: (most: number, minutes: number) =>
    `after ${plural(most, 'message', 'messages')} of a channel in ${plural(minutes, 'minute', 'minutes')} the rest is summed up`,
  links: 'Links lead to',
  linksNone: 'a command: consoleUrl is not set',
  missing: (names: readonly string[]) =>
    `No such channel is deployed: ${names.join(', ')}. Messages that are routed there go nowhere.`,
  hint: 'Channels are the template’s (option channels); routes are set by “groundcrew notifications configure”.',
};
