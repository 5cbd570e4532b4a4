import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { closedTicketOf, type TicketWebhook } from '../../../lib/adapters/remediation/ticket-webhook.ts';

const secret = 'the-shared-secret';
const effectKey = 'a'.repeat(64);
const sign = (service: TicketWebhook['service'], body: Buffer, key = secret): Record<string, string | undefined> => {
  const encoding = service === 'jira' ? 'hex' : 'base64';
  const signature = `sha256=${createHmac('sha256', key).update(body).digest(encoding)}`;
  return { [service === 'jira' ? 'x-hub-signature' : 'x-groundcrew-signature']: signature };
};
const webhook = (service: TicketWebhook['service'], message: unknown, key = secret): TicketWebhook => {
  const body = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
  return { service, header: (name) => sign(service, body, key)[name], body };
};
const jira = (change: { event?: string; status?: string; labels?: string[]; changed?: string[] } = {}) => ({
  timestamp: 1_700_000_000_000,
  webhookEvent: change.event ?? 'jira:issue_updated',
  changelog: {
    id: '10',
    items: (change.changed ?? ['resolution', 'status']).map((field) => ({ field, from: '1', to: '2' })),
  },
  user: { displayName: 'Bob' },
  issue: {
    id: '1',
    key: 'OPS-7',
    fields: {
      labels: change.labels ?? ['other', `groundcrew-payload-${'b'.repeat(32)}`, `groundcrew-${effectKey}`],
      status: { name: 'Closed', statusCategory: { key: change.status ?? 'done' } },
    },
  },
});
const serviceNow = (change: object = {}) => ({
  number: 'INC0010001',
  correlation_id: effectKey,
  state: 'closed',
  closedAtMs: 1_700_000_000_000,
  ...change,
});

describe('a message about a closed ticket', () => {
  test('of Jira and of ServiceNow is read, and no word of a person with it', () => {
    expect(closedTicketOf(webhook('jira', jira()), secret)).toEqual({
      system: 'Jira',
      reference: 'OPS-7',
      effectKey,
      closedAtMs: 1_700_000_000_000,
    });
    expect(closedTicketOf(webhook('servicenow', serviceNow()), secret)).toEqual({
      system: 'ServiceNow',
      reference: 'INC0010001',
      effectKey,
      closedAtMs: 1_700_000_000_000,
    });
  });

  test.each([
    [webhook('jira', jira({ status: 'indeterminate' }))],
    [webhook('jira', jira({ event: 'jira:issue_deleted' }))],
    [webhook('jira', jira({ labels: ['groundcrew-short', 'x'] }))],
    [webhook('jira', jira({ changed: ['comment', 'labels'] }))],
    [webhook('jira', { ...jira(), changelog: undefined })],
    [webhook('servicenow', serviceNow({ state: 'open' }))],
    [webhook('servicenow', serviceNow({ correlation_id: 'another system’s' }))],
  ])('about anything else is nothing', (message) => {
    expect(closedTicketOf(message, secret)).toBeUndefined();
  });

  test.each<[string, TicketWebhook]>([
    ['signed with another secret', webhook('jira', jira(), 'guess')],
    ['not signed', { ...webhook('jira', jira()), header: () => undefined }],
    [
      'signed for the other header',
      {
        ...webhook('jira', jira()),
        header: (name) =>
          name === 'x-groundcrew-signature' ? webhook('jira', jira()).header('x-hub-signature') : undefined,
      },
    ],
    ['cut short', { ...webhook('jira', jira()), header: () => 'sha256=ab' }],
    [
      'another algorithm',
      {
        ...webhook('jira', jira()),
        header: (name) => webhook('jira', jira()).header(name)?.replace('sha256', 'sha1'),
      },
    ],
  ])('%s is refused before it is read', (_, message) => {
    expect(() => closedTicketOf(message, secret)).toThrow(/not signed with the shared secret/);
    expect(() => closedTicketOf({ ...message, body: Buffer.from('{') }, secret)).toThrow(/not signed/);
  });

  test('an empty secret verifies nothing', () => {
    expect(() => closedTicketOf(webhook('jira', jira(), ''), '')).toThrow(/not signed/);
  });

  test.each([['{'], ['[]'], ['null'], [JSON.stringify({ ...jira(), issue: { key: '' } })]])(
    'signed nonsense is an error that says what is wrong: %s',
    (text) => {
      expect(() => closedTicketOf(webhook('jira', text), secret)).toThrow(/the message is not/);
    },
  );

  test('one changed bit anywhere is noticed', () => {
    const message = webhook('jira', jira());
    fc.assert(
      fc.property(fc.nat(message.body.byteLength - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const body = Buffer.from(message.body);
        body[at] = body[at]! ^ (1 << bit);
        expect(() => closedTicketOf({ ...message, body }, secret)).toThrow(/not signed/);
      }),
    );
  });
});
