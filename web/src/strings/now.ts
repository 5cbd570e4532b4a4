/** What is happening now, and the stop switch. */
import { plural } from './words.ts';

export const stopStrings = {
  short: 'Stop',
  more: 'effects',
  title: 'Stop effects on the plant',
  intro:
    'From a second after this on, nothing new is sent to the plant. Watching, decisions and records go on. Anybody on duty may stop; two people resume.',
  scope: 'What to stop',
  everything: 'Everything',
  site: (site: string) => `Site ${site}`,
  asset: (asset: string) => `Asset ${asset}`,
  scopeName: (scope: string) =>
    scope === 'all' ? 'everything' : scope.startsWith('site#') ? `site ${scope.slice(5)}` : `asset ${scope.slice(6)}`,
  reason: 'Reason',
  reasonHint: 'For whoever comes on shift after you. It is recorded.',
  confirm: 'Stop now',
  working: 'Stopping',
  done: (scope: string) => `Effects are stopped for ${scope}.`,
  inFlight: (count: number) =>
    `${plural(count, 'call', 'calls')} had left before and may still arrive. Their cases tell what became of them.`,
  band: (scope: string) => `Effects are stopped for ${scope}`,
  by: (who: string) => `by ${who}`,
  resume: 'Resume',
  resumeTitle: (scope: string) => `Resume effects for ${scope}`,
  resumeIntro:
    'It takes two people. The first asks and nothing changes yet; a second one, within an hour, asks for the same and effects are allowed again.',
  resumeSecond: (who: string) => `${who} has asked to resume. With your yes, effects are allowed again at once.`,
  asked: (who: string) => `${who} asks to resume; a second person is needed.`,
  resumeOwn: 'You have asked to resume. Another person must say yes.',
  resumeAsk: 'Ask to resume',
  resumeNow: 'Resume now',
  waiting: 'Asked. Another person must say yes within an hour.',
  resumed: 'Effects are allowed again.',
  notAllowed: 'Resuming is for approvers.',
  stopNotAllowed: 'Stopping is for operators and approvers. Call one of them.',
  also: (count: number) => `and ${plural(count, 'more stop', 'more stops')}`,
};

export const nowStrings = {
  calm: 'Nothing needs you.',
  calmDetail: (assets: number) => `${plural(assets, 'asset', 'assets')} watched, no open case.`,
  needs: (count: number, atLeast: boolean) =>
    count === 1 ? '1 case needs a person.' : `${atLeast ? 'At least ' : ''}${count} cases need a person.`,
  open: (count: number) => `${plural(count, 'case', 'cases')} open, none needs a person now.`,
  firstDue: (length: string) => `The first is due ${length}.`,
  silent: (count: number) => `${plural(count, 'asset is', 'assets are')} silent: what happens there is not known.`,
  stopped: 'Effects are stopped.',
  counts: {
    open: 'open',
    inReview: 'wait for a person',
    acting: 'acting',
    verifying: 'verifying',
    automatedToday: 'automatic today',
  },
  assets: 'Assets by zone',
  normalMore: (count: number) => `and ${plural(count, 'quiet asset', 'quiet assets')}`,
  noZone: 'No zone',
  noSite: 'No site',
  cases: 'Open cases by urgency',
  noCases: 'No open case.',
  doing: 'What the automation does this minute',
  idle: 'It watches. Nothing is being done to the plant.',
  idleActing: (count: number) =>
    `Nothing is on its way to the plant this minute. ${plural(count, 'case is', 'cases are')} about to act or to try again: each says why it waits.`,
  doingState: {
    PENDING: 'waiting to be sent',
    IN_PROGRESS: 'being sent',
    SUCCEEDED: 'done',
    FAILED: 'failed',
    UNKNOWN: 'outcome not known, being asked about',
    VERIFYING: 'done, readings are awaited',
  } as Record<string, string>,
  assetsMore: 'There are more assets: all of them',
  neverRead: 'no reading yet',
  noAssets: 'No asset is registered yet',
  noAssetsHint:
    'Register one with its history: groundcrew calibrate --input histories/. It only observes until a policy allows more.',
  report: 'Report',
  zoneState: (name: string) => `Open case in ${name}`,
  zonesMore: (count: number) => `and ${count} more`,
  ended: 'Ended lately',
  endedNone: 'No case has ended yet.',
  endedAll: 'All that ended',
  took: (length: string) => `took ${length}`,
  welcome: {
    title: 'How to read this',
    text: [
      [
        'Assets',
        'send readings. What looks unlike their own past is flagged, and a model says what it may be and why.',
      ],
      [
        'A case',
        'is one thing that is wrong. Where the policy allows it, the automation acts by itself and checks by later readings whether it helped. Otherwise it asks you, until the time beside the case.',
      ],
      [
        'To answer,',
        'open the case or Review. Approving is holding a button down; a tap does nothing. Reject, or give another order.',
      ],
      ['Stop effects,', 'above, halts whatever reaches the plant. Watching and recording go on.'],
      ['Audit', 'holds every step, and this browser checks it by itself.'],
    ] as [string, string][],
  },
};
