/**
 * Tells people. An event becomes one item a channel before anything is sent, so that whatever dies in between is found
 * by the sweep; a case never waits for any of it.
 */
import { z } from 'zod';
import { type CloudEvent, cloudEvent, type EventType, eventData } from '../../contracts/events.ts';
import { lazily } from '../../contracts/lazily.ts';
import {
  type NotificationRecord,
  type NotificationSettings,
  notificationVersion,
} from '../../contracts/notification.ts';
import { hashOf } from '../audit/canonical.ts';
import type { SendResult } from './channel.ts';
import { linkTo, plan } from './plan.ts';
import {
  type Counts,
  countedByTopic,
  endOfWindow,
  groupedIn,
  isGrouped,
  type Lane,
  laneOf,
  saidAtEnd,
  windowOf,
} from './storm.ts';
import {
  type CaseFacts,
  caseClosed,
  caseOpened,
  flowFailed,
  quarantined,
  remediationTrouble,
  reviewRequested,
  type Tale,
  timeAt,
} from './told.ts';

/** Of a rule on the default bus; other members are not looked at. */
const executionChange = lazily(() =>
  z.object({
    executionArn: z.string().max(512),
    name: z.string().max(80),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
  }),
);

/** An event of ours, an execution that failed, or `{}` by the clock. */
export const notifyInput = lazily(() => z.union([cloudEvent, executionChange, z.strictObject({})]));
export type NotifyInput = z.infer<typeof notifyInput>;

const isEvent = (input: NotifyInput): input is CloudEvent => 'specversion' in input;
const isExecution = (input: NotifyInput): input is z.infer<typeof executionChange> => 'executionArn' in input;

/** Where messages are counted: one lane of one channel. */
export interface LaneKey {
  readonly channel: string;
  readonly lane: Lane | 'quarantine';
}

/** What a window and the one before it have counted. */
export interface WindowCount extends Counts {
  readonly byTopic: Readonly<Partial<Record<NotificationRecord['message']['topic'], number>>>;
}

export interface Stored {
  readonly record: NotificationRecord;
  readonly version: number;
}

export interface NotifyPorts {
  settings(): Promise<NotificationSettings>;
  /** `undefined` where there is no such case. */
  caseFacts(caseId: string): Promise<CaseFacts | undefined>;
  /** Whether a round of a case still waits for an answer. */
  isAsked(caseId: string, round: number): Promise<boolean>;
  /** One conditional put; false where the id is there. */
  putIfAbsent(record: NotificationRecord): Promise<boolean>;
  /** Read consistently. */
  get(id: string): Promise<Stored | undefined>;
  /** Conditional on the version; false when somebody was faster. */
  replace(before: Stored, next: NotificationRecord): Promise<boolean>;
  /** Ids that are due: candidates, to be read again. */
  due(nowMs: number, limit: number): Promise<readonly string[]>;
  /** Adds to a window, which comes up in `dueWindows` from `endMs` on, and says what it and the one before hold then. */
  count(
    key: LaneKey,
    window: number,
    by: { readonly topic: NotificationRecord['message']['topic']; readonly count: number },
    endMs: number,
  ): Promise<WindowCount>;
  readWindow(key: LaneKey, window: number): Promise<WindowCount>;
  /** Makes sure that a window comes up when it is over. */
  watchWindow(key: LaneKey, window: number, endMs: number): Promise<void>;
  dueWindows(nowMs: number, limit: number): Promise<readonly { readonly key: LaneKey; readonly window: number }[]>;
  windowDone(key: LaneKey, window: number): Promise<void>;
  /** Never throws. */
  send(message: NotificationRecord['message']): Promise<SendResult>;
  now(): number;
}

export interface Notified {
  sent: number;
  grouped: number;
  failed: number;
}

const none = (): Notified => ({ sent: 0, grouped: 0, failed: 0 });
/** A sender that died is taken over after this; it is longer than a try may take. */
const leaseMs = 60_000;
const firstPauseMs = 30_000;
const longestPauseMs = 3_600_000;
/** Some six hours of trying. */
export const maxAttempts = 14;
/** Messages of a window may still be counted when it has just ended. */
const windowGraceMs = 5_000;
const perSweep = 100;

/** Tells what an event is worth telling, or sends what has become due. */
export async function notify(ports: NotifyPorts, input: NotifyInput): Promise<Notified> {
  const settings = await ports.settings();
  const done = none();
  const told = isEvent(input)
    ? await taleOf(ports, settings, input)
    : isExecution(input)
      ? { tale: flowFailed(input), facts: await ports.caseFacts(input.name) }
      : 'sweep';
  if (told === 'sweep') return await sweepNotifications(ports, settings);
  if (!told) return done;
  for (const record of plan(settings, told.tale, told.facts, ports.now())) {
    if (!(await put(ports, record)) || record.dueAtMs > ports.now()) continue;
    await deliver(ports, settings, record.message.id, done);
  }
  return done;
}

/** @returns whether the record now stands for what it tells: it is new, or it replaced what was said for the time being */
async function put(ports: NotifyPorts, record: NotificationRecord): Promise<boolean> {
  if (await ports.putIfAbsent(record)) return true;
  if (record.provisional) return false;
  const before = await ports.get(record.message.id);
  if (!before?.record.provisional || before.record.status !== 'waiting') return false;
  return await ports.replace(before, record);
}

async function taleOf(
  ports: NotifyPorts,
  settings: NotificationSettings,
  event: CloudEvent,
): Promise<{ readonly tale: Tale; readonly facts: CaseFacts | undefined } | undefined> {
  const parsed = <T extends EventType>(type: T) => eventData[type].parse(event.data) as z.infer<(typeof eventData)[T]>;
  if (event.type === 'ReadingsQuarantined') return await quarantineTale(ports, settings, parsed('ReadingsQuarantined'));
  const about = z.object({ caseId: z.string() }).safeParse(event.data);
  const facts = about.success ? await ports.caseFacts(about.data.caseId) : undefined;
  if (!facts) return undefined;
  const tale = caseTale(event.type, parsed, facts, event.id, (dueAtMs) => dueAtMs - ports.now() <= settings.dueSoonMs);
  return tale && { tale, facts };
}

function caseTale(
  type: string,
  parsed: <T extends EventType>(type: T) => z.infer<(typeof eventData)[T]>,
  facts: CaseFacts,
  eventId: string,
  isSoon: (dueAtMs: number) => boolean,
): Tale | undefined {
  switch (type) {
    case 'CaseOpened':
      return caseOpened(facts);
    case 'ReviewRequested': {
      const data = parsed('ReviewRequested');
      return reviewRequested(facts, data, isSoon(data.dueAtMs));
    }
    case 'RemediationFailed':
      return remediationTrouble(facts, parsed('RemediationFailed'), 'failed', eventId);
    case 'RemediationUnknown':
      return remediationTrouble(facts, parsed('RemediationUnknown'), 'unknown', eventId);
    case 'CaseClosed':
      return caseClosed(facts, parsed('CaseClosed'));
    default:
      return undefined;
  }
}

/** Worth telling once a window: when it reaches the number that the settings name. An event that comes twice counts twice. */
async function quarantineTale(
  ports: NotifyPorts,
  { storm, quarantinedReadings }: NotificationSettings,
  { count, atMs }: z.infer<(typeof eventData)['ReadingsQuarantined']>,
): Promise<{ readonly tale: Tale; readonly facts: undefined } | undefined> {
  const window = windowOf(ports.now(), storm);
  const key = { channel: 'all', lane: 'quarantine' } as const;
  const { current } = await ports.count(
    key,
    window,
    { topic: 'quarantine', count },
    endOfWindow(window, storm) + windowGraceMs,
  );
  return current >= quarantinedReadings ? { tale: quarantined(window, current, atMs), facts: undefined } : undefined;
}

/** Sends what is due: what waited for the morning, what failed, what a dead sender left; and sums up storms. */
async function sweepNotifications(ports: NotifyPorts, settings: NotificationSettings): Promise<Notified> {
  const done = none();
  for (const { key, window } of await ports.dueWindows(ports.now(), perSweep)) {
    if (key.lane !== 'quarantine') await sumUp(ports, settings, { channel: key.channel, lane: key.lane }, window);
    await ports.windowDone(key, window);
  }
  for (const id of await ports.due(ports.now(), perSweep)) await deliver(ports, settings, id, done);
  return done;
}

async function deliver(ports: NotifyPorts, settings: NotificationSettings, id: string, done: Notified): Promise<void> {
  const stored = await ports.get(id);
  if (!stored || stored.record.dueAtMs > ports.now()) return;
  if (stored.record.status !== 'waiting' && stored.record.status !== 'sending') return;
  const claimed: NotificationRecord = {
    ...stored.record,
    status: 'sending',
    attempts: stored.record.attempts + 1,
    dueAtMs: ports.now() + leaseMs,
    window: stored.record.window ?? windowOf(ports.now(), settings.storm),
  };
  if (!(await ports.replace(stored, claimed))) return;
  const next = await tried(ports, settings, claimed, stored.record.window !== undefined);
  if (next.status === 'sent') done.sent += 1;
  if (next.status === 'grouped') done.grouped += 1;
  if (next.status === 'failed') done.failed += 1;
  await ports.replace({ record: claimed, version: stored.version + 1 }, next);
}

/** One try of a claimed message. */
async function tried(
  ports: NotifyPorts,
  settings: NotificationSettings,
  claimed: NotificationRecord,
  wasCounted: boolean,
): Promise<NotificationRecord> {
  const { message, attempts } = claimed;
  const { provisional: _, ...record } = claimed;
  if (message.topic === 'question' && message.caseId !== undefined && !claimed.provisional) {
    if (!(await ports.isAsked(message.caseId, message.round ?? 0))) return { ...record, status: 'obsolete' };
  }
  if (message.topic !== 'storm' && !wasCounted && claimed.window !== undefined) {
    const key = { channel: message.channel, lane: laneOf(message.urgency) };
    const endMs = endOfWindow(claimed.window, settings.storm) + windowGraceMs;
    const counts = await ports.count(key, claimed.window, { topic: message.topic, count: 1 }, endMs);
    if (isGrouped(counts, settings.storm)) return { ...record, status: 'grouped' };
  }
  const result = await ports.send(message);
  if (result.status === 'sent') return { ...record, status: 'sent', sentAtMs: ports.now() };
  const problem = result.problem.slice(0, 300);
  if (!result.retryable || attempts >= maxAttempts) return { ...record, status: 'failed', problem };
  const pauseMs = Math.max(result.retryAfterMs ?? 0, Math.min(longestPauseMs, firstPauseMs * 2 ** (attempts - 1)));
  return { ...record, status: 'waiting', problem, dueAtMs: ports.now() + pauseMs };
}

/** Says what a window that is over has grouped; its id is that of the window, so that it is said once. */
async function sumUp(
  ports: NotifyPorts,
  settings: NotificationSettings,
  key: { readonly channel: string; readonly lane: Lane },
  window: number,
): Promise<void> {
  const { storm } = settings;
  const counts = await ports.readWindow(key, window);
  const said = saidAtEnd(counts, storm);
  if (said === 'nothing') return;
  const grouped = groupedIn(counts, storm);
  const fromMs = endOfWindow(window - 1, storm);
  const kinds = countedByTopic(counts.byTopic);
  const nowMs = ports.now();
  await ports.putIfAbsent({
    message: {
      v: notificationVersion,
      id: hashOf(['notification', notificationVersion, 'storm', key.channel, key.lane, window, storm.windowMs]),
      topic: 'storm',
      urgency: key.lane === 'urgent' ? 'urgent' : 'normal',
      channel: key.channel,
      route: 'storm',
      title: said === 'summary' ? `${grouped} more messages were grouped` : 'The storm of messages is over',
      text: `From ${timeAt(fromMs)}, in ${Math.round(storm.windowMs / 1000)} s: ${kinds || 'nothing new'}; ${grouped} of them were not sent one by one.`,
      link: linkTo(settings, undefined),
      createdAtMs: nowMs,
    },
    status: 'waiting',
    dueAtMs: nowMs,
    attempts: 0,
  });
  if (said === 'summary') await ports.watchWindow(key, window + 1, endOfWindow(window + 1, storm) + windowGraceMs);
}
