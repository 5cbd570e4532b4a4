/** What telling people needs, in memory, with a clock and a provider that the test holds. */
import type { CaseRecord } from '../../lib/contracts/case.ts';
import type { EventData, EventType } from '../../lib/contracts/events.ts';
import type { Notification, NotificationRecord, NotificationSettings } from '../../lib/contracts/notification.ts';
import { makeEvent } from '../../lib/core/events.ts';
import type { SendResult } from '../../lib/core/notification/channel.ts';
import type { LaneKey, NotifyPorts, Stored } from '../../lib/core/notification/notify.ts';
import { defaultSettings } from '../../lib/core/notification/plan.ts';
import type { CaseFacts } from '../../lib/core/notification/told.ts';
import { proposalOf } from './decision-data.ts';

export const caseIdOf = (n: number): string => String(n).padStart(64, '0');

export const caseOf = (change: Partial<CaseRecord> = {}): CaseRecord => ({
  v: 1,
  caseId: caseIdOf(1),
  correlationKey: 'town-1#loss',
  correlationId: 'town-1/boot-1/7',
  asset: 'town-1',
  kind: 'leak',
  verdict: 'ask',
  status: 'open',
  openedAtMs: 0,
  updatedAtMs: 0,
  decisionId: 'd'.repeat(64),
  openingFlagId: 'f'.repeat(64),
  sentence: 'A leak in zone A since 03:10.',
  proposal: proposalOf(),
  proposalHash: 'e'.repeat(64),
  effectKeys: [],
  flags: 1,
  version: 0,
  ...change,
});

export class NotifyWorld {
  nowMs = Date.parse('2026-02-03T12:00:00Z');
  settings: NotificationSettings = { ...defaultSettings, consoleUrl: 'https://console.example' };
  readonly cases = new Map<string, CaseFacts>();
  readonly items = new Map<string, Stored>();
  readonly windows = new Map<
    string,
    { count: number; byTopic: Record<string, number>; dueAtMs?: number | undefined }
  >();
  readonly sent: Notification[] = [];
  /** What the provider answers, one by one; then `sent`. */
  readonly answers: SendResult[] = [];
  /** Rounds that were answered. */
  readonly answered = new Set<string>();
  /** Dies before the next write to the items where it is 0. */
  writesLeft = Number.POSITIVE_INFINITY;

  add(change: Partial<CaseRecord> = {}, facts: Partial<CaseFacts> = {}): CaseRecord {
    const record = caseOf(change);
    this.cases.set(record.caseId, {
      record,
      isByPerson: false,
      site: 'north',
      zone: undefined,
      timeZone: undefined,
      ...facts,
    });
    return record;
  }

  event<T extends EventType>(type: T, data: EventData<T>, key = JSON.stringify(data)) {
    return makeEvent(type, data, { atMs: this.nowMs, correlationId: 'c', key }).detail;
  }

  opened(record: CaseRecord) {
    const { caseId, asset, kind, verdict, sentence } = record;
    return this.event('CaseOpened', { caseId, asset, kind, atMs: this.nowMs, verdict, sentence }, caseId);
  }

  asks(record: CaseRecord, change: Partial<EventData<'ReviewRequested'>> = {}) {
    const { caseId, asset, kind } = record;
    const dueAtMs = this.nowMs + 14_400_000;
    const question = `${record.sentence} Shall we close valve V1?`;
    return this.event('ReviewRequested', {
      caseId,
      asset,
      kind,
      atMs: this.nowMs,
      round: 0,
      question,
      dueAtMs,
      ...change,
    });
  }

  records(): NotificationRecord[] {
    return [...this.items.values()].map(({ record }) => record);
  }

  private write(): void {
    if (this.writesLeft <= 0) throw new Error('killed');
    this.writesLeft -= 1;
  }

  private readonly key = ({ channel, lane }: LaneKey, window: number): string => `${channel}/${lane}/${window}`;
  private readonly window = (key: LaneKey, n: number) => {
    const made = this.windows.get(this.key(key, n)) ?? { count: 0, byTopic: {} };
    this.windows.set(this.key(key, n), made);
    return made;
  };

  readonly ports: NotifyPorts = {
    settings: async () => this.settings,
    caseFacts: async (caseId) => this.cases.get(caseId),
    isAsked: async (caseId, round) => !this.answered.has(`${caseId}/${round}`),
    putIfAbsent: async (record) => {
      this.write();
      if (this.items.has(record.message.id)) return false;
      this.items.set(record.message.id, { record, version: 1 });
      return true;
    },
    get: async (id) => this.items.get(id),
    replace: async (before, next) => {
      this.write();
      const there = this.items.get(next.message.id);
      if (there?.version !== before.version) return false;
      this.items.set(next.message.id, { record: next, version: before.version + 1 });
      return true;
    },
    due: async (nowMs, limit) =>
      this.records()
        .filter(({ status, dueAtMs }) => (status === 'waiting' || status === 'sending') && dueAtMs <= nowMs)
        .slice(0, limit)
        .map(({ message }) => message.id),
    count: async (key, n, { topic, count }, endMs) => {
      const window = this.window(key, n);
      window.count += count;
      window.byTopic[topic] = (window.byTopic[topic] ?? 0) + count;
      window.dueAtMs = endMs;
      return await this.ports.readWindow(key, n);
    },
    readWindow: async (key, n) => ({
      current: this.windows.get(this.key(key, n))?.count ?? 0,
      previous: this.windows.get(this.key(key, n - 1))?.count ?? 0,
      byTopic: this.windows.get(this.key(key, n))?.byTopic ?? {},
    }),
    watchWindow: async (key, n, endMs) => {
      this.window(key, n).dueAtMs = endMs;
    },
    dueWindows: async (nowMs) =>
      [...this.windows].flatMap(([text, { dueAtMs }]) => {
        const [channel, lane, n] = text.split('/');
        return dueAtMs !== undefined && dueAtMs <= nowMs
          ? [{ key: { channel: channel!, lane: lane as LaneKey['lane'] }, window: Number(n) }]
          : [];
      }),
    windowDone: async (key, n) => {
      this.window(key, n).dueAtMs = undefined;
    },
    send: async (message) => {
      const answer = this.answers.shift() ?? { status: 'sent' as const };
      if (answer.status === 'sent') this.sent.push(message);
      return answer;
    },
    now: () => this.nowMs,
  };
}
