/**
 * Every word that people read in the console, ready to be translated: by page in `strings/`, what all pages share here.
 * What the packs and policies say comes as it is.
 */

import { assetsStrings } from './strings/assets.ts';
import { auditStrings } from './strings/audit.ts';
import { caseStrings, casesStrings, takeBackStrings, undoStrings } from './strings/case.ts';
import { decisionStrings } from './strings/decision.ts';
import { figuresStrings } from './strings/figures.ts';
import { modelsStrings } from './strings/models.ts';
import { nowStrings, stopStrings } from './strings/now.ts';
import { parameterStrings, reviewStrings } from './strings/order.ts';
import { settingsStrings } from './strings/settings.ts';
import { contactsStrings, notificationsStrings, samplesStrings, shiftStrings } from './strings/shift.ts';
import { capital, weekdays, words } from './strings/words.ts';

export const t = {
  product: 'Groundcrew',
  skip: 'Skip to the content',
  kind: (kind: string) =>
    ({ manual: 'Reported by a person', silence: 'Silent', anomaly: 'Unusual, of no known kind' })[kind] ??
    capital(words(kind)),
  action: (action: string) => capital(words(action)),
  order: (action: string, target: string | undefined) => `${capital(words(action))}${target ? ` ${target}` : ''}`,
  weekday: (day: number) => weekdays[day - 1] ?? '',
  none: '–',
  ago: (length: string) => `${length} ago`,
  inTime: (length: string) => `in ${length}`,
  overdue: (length: string) => `${length} overdue`,

  nav: {
    label: 'Pages',
    now: 'Now',
    review: 'Review',
    cases: 'Cases',
    assets: 'Assets',
    shift: 'Shift',
    samples: 'Samples',
    audit: 'Audit',
    models: 'Models and policies',
    figures: 'Figures',
    settings: 'Settings',
    more: 'More',
    waitingWord: 'waiting',
  },
  header: {
    account: 'Account',
    signOut: 'Sign out',
    theme: { auto: 'Colours: as the device', light: 'Colours: light', dark: 'Colours: dark' },
    clock: 'Time at the site',
    groups: (groups: string[]) => groups.join(', '),
  },
  push: {
    on: 'Messages to this browser: on',
    off: 'Messages to this browser: off',
    busy: 'Messages to this browser …',
    unsupported: 'This browser cannot show messages, or the page was not opened over https.',
    blocked: 'Messages are blocked: allow them for this page in the settings of the browser.',
    turnedOn: 'This browser now shows messages, also while no page is open.',
    turnedOff: 'This browser shows no messages.',
  },
  connection: {
    connecting: 'Connecting',
    live: 'Live',
    lostShort: 'Lost',
    lost: (time: string) => `Connection lost. What you see is from ${time}`,
    lostAge: (length: string) => `${length} old`,
    lostDetail: 'The plant and the automation go on without this page. It tries again by itself and misses nothing.',
    catchingUp: 'Connection is back. Catching up on what happened meanwhile.',
    retry: 'Try now',
    regained: 'Connected again. Everything is up to date.',
  },
  error: {
    title: 'This could not be loaded',
    unreachable:
      'The server does not answer. If this page worked a minute ago, wait: it tries again. If it never worked, check that Groundcrew is running.',
    forbidden: 'Your groups do not allow this. Ask an admin of this site.',
    notFound: 'It does not exist, or no longer. Go back to the list and look for it there.',
    other: (detail: string) => `${detail} Try again; if it stays, tell whoever runs this system.`,
    again: 'Try again',
    old: (time: string) => `Could not be refreshed. Shown as of ${time}.`,
    page: 'There is no such page',
    pageHint: 'The address is mistyped or from another version.',
    toNow: 'Go to Now',
    broke: 'This page broke',
    brokeHint: 'Reload it. Nothing was changed by this; what you sent was either taken as a whole or not at all.',
    reload: 'Reload',
  },
  loading: 'Loading',
  more: 'Show more',
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  saved: 'Saved.',
  all: 'All',

  signIn: {
    title: 'Sign in',
    what: 'Watches equipment, acts where a policy allows it, and asks people where not.',
    username: 'User name',
    password: 'Password',
    show: 'Show password',
    showShort: 'Show',
    hideShort: 'Hide',
    hide: 'Hide password',
    submit: 'Sign in',
    working: 'Signing in',
    wrong: 'User name or password is wrong. Passwords are case-sensitive.',
    limited: 'Too many attempts. Wait a minute, then try again.',
    ended: 'Your session is over. Sign in again; you return to the same page.',
    newTitle: 'Choose your password',
    newHint:
      'This is your first sign-in. The password that you were given works once; choose your own: at least 12 characters, with small and capital letters, digits and symbols.',
    newPassword: 'New password',
    repeat: 'New password again',
    differs: 'The two passwords differ.',
    short: 'At least 12 characters.',
    refused: (detail: string) => `The new password was not taken. ${detail}`,
    help: 'No account? An admin of this site makes one. The first admin was printed when Groundcrew was first started.',
  },

  stop: stopStrings,

  now: nowStrings,
  status: {
    normal: 'Quiet',
    alarm: 'Alarm',
    silent: 'Silent',
    learning: 'Learning',
    unknown: 'Not known',
  } as Record<string, string>,
  statusHint: {
    normal: 'Readings come and look as they should.',
    alarm: 'Readings do not look as they should.',
    silent: 'No readings for longer than allowed.',
    learning: 'Still learning what is normal; nothing is flagged yet.',
    unknown: 'Nothing was received yet.',
  } as Record<string, string>,
  mode: (mode: string) => ({ observe: 'only observes', ask: 'asks a person', act: 'may act by itself' })[mode] ?? mode,
  caseStatus: {
    open: 'Open',
    'in-review': 'Waits for a person',
    acting: 'Acting',
    verifying: 'Being verified',
    closed: 'Closed',
  } as Record<string, string>,
  resolution: {
    verified: 'Done, and readings show that it helped',
    'acted-unverified': 'Done, not verified by readings',
    rejected: 'Rejected by a person',
    overridden: 'Another order by a person',
    'handed-over': 'Handed over to people',
    observed: 'Only observed',
    expired: 'Nobody answered in time; nothing was done',
    failed: 'Failed',
  } as Record<string, string>,
  verdict: decisionStrings.verdict,

  trigger: {
    title: 'Report what you saw',
    intro: 'Opens a case by hand, for what a person saw and no sensor did. It is handled like any other case.',
    asset: 'Asset',
    kind: 'What it is',
    kindHint: 'A kind that the pack knows, such as leak; leave it at “manual” where you are not sure.',
    note: 'What was seen, and where',
    noteHint: 'It stands in the open in the record: write what was seen, not by whom.',
    submit: 'Open a case',
    done: 'Reported. The case appears within seconds.',
  },

  cases: casesStrings,

  case: caseStrings,

  undo: undoStrings,

  parameter: parameterStrings,

  contacts: contactsStrings,

  shift: shiftStrings,

  samples: samplesStrings,

  notifications: notificationsStrings,

  takeBack: takeBackStrings,
  review: reviewStrings,

  assets: assetsStrings,

  audit: auditStrings,

  models: modelsStrings,

  figures: figuresStrings,

  settings: settingsStrings,
};
