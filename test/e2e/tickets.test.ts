/** Tickets on the stack as it is deployed, with an imitated Jira: one is raised, and Jira says that one was closed. */
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jiraPort } from '../../bench/stack/assembly.ts';
import { eventually } from '../../bench/stack/plant.ts';
import { Stack } from '../../bench/stack/stack.ts';
import { readChain } from '../../lib/adapters/aws/audit-store.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import { effectKeyOf } from '../../lib/core/ledger/effect.ts';
import { startJira, type TicketRig } from '../support/endpoints/ticket.ts';
import { expectAuditVerified, expectCallsPermitted } from '../support/stack/invariants.ts';

const shared = 'shared-between-jira-and-groundcrew';
let stack: Stack;
let jira: TicketRig;

beforeAll(async () => {
  jira = await startJira(undefined, jiraPort);
  stack = await Stack.start({
    warm: ['api'],
    secrets: { 'groundcrew/ticket': jira.secret!, 'groundcrew/ticket-webhook': shared },
  });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await jira?.stop();
}, 30_000);

/** A case of an asset whose pack raises tickets, asked about. */
async function asking(asset: string): Promise<{ readonly record: CaseRecord; readonly effectKey: string }> {
  await stack.plainAsset(asset, { pack: 'air-quality' });
  await stack.trigger(asset, 'manual', 'somebody should look');
  const record = await stack.case(asset, ({ status, proposal }) => status === 'in-review' && proposal !== undefined);
  const { action, target } = record.proposal!;
  return { record, effectKey: effectKeyOf(record.caseId, action, target, 0) };
}

const closedOf = (effectKey: string, key: string, timestamp = Date.now()): string =>
  JSON.stringify({
    timestamp,
    webhookEvent: 'jira:issue_updated',
    changelog: { items: [{ field: 'status', fromString: 'Open', toString: 'Done' }] },
    issue: { key, fields: { labels: [`groundcrew-${effectKey}`], status: { statusCategory: { key: 'done' } } } },
  });

async function send(
  body: string | Buffer,
  { secret = shared, service = 'jira', type = 'application/json' } = {},
): Promise<{ readonly status: number; readonly said: Record<string, unknown>; readonly replayed: boolean }> {
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const answer = await fetch(`${stack.context.runtime!.consoleUrl}/api/v1/tickets/${service}`, {
    method: 'POST',
    headers: { 'content-type': type, 'x-hub-signature': signature },
    body: new Uint8Array(Buffer.from(body)),
  });
  const said = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, said, replayed: answer.headers.get('idempotent-replayed') === 'true' };
}

const chainOf = async (caseId: string) =>
  await readChain({ client: stack.context.dynamodb(), table: stack.context.names.table('audit') }, `case#${caseId}`);

describe('a ticket', () => {
  test('that is closed says that people took over, once, and the case ends with it', async () => {
    const { record, effectKey } = await asking('handed');
    // Somebody has put the label on a ticket of their own: the order is refused, and people are asked to take over.
    const made = await fetch(`${jira.server.url}/rest/api/3/issue`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(jira.secret!).toString('base64')}` },
      body: JSON.stringify({
        fields: { project: { key: 'OPS' }, labels: [`groundcrew-${effectKey}`, 'groundcrew-payload-of-another'] },
      }),
    });
    const { key } = (await made.json()) as { key: string };
    await stack.answer('handed', 'approve');
    await eventually('the question after it', async () =>
      (await stack.reviews(record.caseId)).some(
        ({ request, end }) => request.after === 'handover' && end.state === 'open',
      ),
    );
    const text = closedOf(effectKey, key);
    const first = await send(text);
    expect(first).toMatchObject({ status: 200, said: { result: 'answered', caseId: record.caseId }, replayed: false });
    expect(await stack.closed('handed')).toMatchObject({ resolution: 'handed-over' });
    expect(await send(text)).toEqual({ ...first, replayed: true });
    const entries = (await chainOf(record.caseId)).filter(({ type }) => type === 'ticket-closed');
    expect(entries).toMatchObject([
      { body: { system: 'Jira', reference: key, by: expect.stringMatching(/^person-/) } },
    ]);
  }, 60_000);

  test('that was raised and is closed later is recorded in the chain of its case', async () => {
    const { record, effectKey } = await asking('raised');
    await stack.answer('raised', 'approve');
    const { ticket } = await stack.closed('raised');
    expect(jira.physical(effectKey)).toBe(1);
    expect(await send(closedOf(effectKey, ticket!))).toMatchObject({ status: 200, said: { result: 'recorded' } });
    expect(await send(closedOf(effectKey, 'OPS-999'))).toMatchObject({ status: 422, said: { code: 'ticket-not-own' } });
    expect((await chainOf(record.caseId)).map(({ type }) => type)).toContain('ticket-closed');
  }, 60_000);

  test('of which a stranger, a copy from another day, a flood of bytes or a form tells changes nothing', async () => {
    const { record, effectKey } = await asking('guarded');
    const text = closedOf(effectKey, 'OPS-1');
    expect(await send(text, { secret: 'a guess' })).toMatchObject({ status: 401, said: { code: 'signature-invalid' } });
    expect(await send(closedOf(effectKey, 'OPS-1', Date.now() - 86_400_000))).toMatchObject({
      status: 422,
      said: { code: 'message-stale' },
    });
    expect(await send(Buffer.alloc(300 * 1024, 32))).toMatchObject({ status: 413, said: { code: 'body-too-large' } });
    expect(await send(text, { type: 'application/x-www-form-urlencoded' })).toMatchObject({ status: 415 });
    expect(await send(text, { service: 'servicenow' })).toMatchObject({ status: 404, said: { code: 'no-such-route' } });
    expect(await send(closedOf('c'.repeat(64), 'OPS-1'))).toMatchObject({
      status: 404,
      said: { code: 'ticket-unknown' },
    });
    // Bytes that are no UTF-8, which a gateway would change on the way if it took them for text.
    expect((await send(Buffer.concat([Buffer.from(text), Buffer.of(0xff, 0xfe)]))).status).toBe(401);
    expect(await stack.reviews(record.caseId)).toMatchObject([{ end: { state: 'open' } }]);
    expect((await chainOf(record.caseId)).map(({ type }) => type)).not.toContain('ticket-closed');
    await stack.answer('guarded', 'reject');
    await stack.closed('guarded');
  }, 60_000);

  test('all of it within what roles permit, and without the secret in any log', async () => {
    await expectAuditVerified(stack);
    await stack.halt();
    await expectCallsPermitted(stack);
    const logs = readdirSync(join(stack.data, 'logs')).map((name) =>
      readFileSync(join(stack.data, 'logs', name), 'utf8'),
    );
    expect(logs.length).toBeGreaterThan(5);
    for (const log of logs) expect(log).not.toMatch(new RegExp(`${shared}|ATATT3xFfGF0secret`));
  });
});
