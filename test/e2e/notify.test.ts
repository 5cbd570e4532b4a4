/** The way out to people, on the stack as it is deployed, with an imitated Slack at the end of it. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pushPort, slackPort } from '../../bench/stack/assembly.ts';
import { eventually } from '../../bench/stack/plant.ts';
import { Stack } from '../../bench/stack/stack.ts';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { firstAdmin, openPeople } from '../../bin/commands/support/people.ts';
import { readChain } from '../../lib/adapters/aws/audit-store.ts';
import { type FaultyServer, startFaultyServer } from '../support/endpoints/faulty-server.ts';
import { receiver, refusals } from '../support/endpoints/push-service.ts';
import { Browser } from '../support/stack/browser.ts';
import { expectCallsPermitted } from '../support/stack/invariants.ts';

const secretPath = '/services/T0/B0/the-secret-token';
let stack: Stack;
let slack: FaultyServer;
let service: FaultyServer;

beforeAll(async () => {
  slack = await startFaultyServer({ handle: () => ({ status: 200 }), acts: () => true }, undefined, slackPort);
  service = await startFaultyServer({ handle: () => ({ status: 201 }), acts: () => true }, undefined, pushPort);
  stack = await Stack.start({
    warm: ['notify', 'api'],
    secrets: { 'groundcrew/notify-ops': `${slack.url}${secretPath}` },
  });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await slack?.stop();
  await service?.stop();
}, 30_000);

const command = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, ['bin/groundcrew.ts', ...words, '--data', stack.data])).stdout;
const configure = async (settings: object): Promise<void> => {
  const file = join(stack.dir, 'settings.json');
  writeFileSync(file, JSON.stringify({ v: 1, consoleUrl: 'https://console.example', ...settings }));
  await command('notifications', 'configure', file, '--by', 'Erika', '--reason', 'the shift begins');
};
const sweep = () => invokeFunction(stack.context, 'notify', {});
const said = (): string[] => slack.requests.map(({ body }) => (JSON.parse(body) as { text: string }).text);

describe('people are told', () => {
  test('a case that asks is one message with a link, and no word of a person', async () => {
    await configure({ routes: [{ name: 'all', when: { topics: ['question'] }, channels: ['ops', 'sns'] }] });
    await stack.plainAsset('asking');
    await stack.trigger('asking', 'manual', 'Bob smells gas');
    const record = await stack.case('asking', ({ status }) => status === 'in-review');
    await eventually('the message', async () => slack.requests.length > 0);
    expect(slack.requests[0]!.path).toBe(secretPath);
    expect(slack.requests[0]!.body).toContain(`https://console.example/cases/${record.caseId}`);
    expect(slack.requests[0]!.body).not.toMatch(/Bob|gas/);
    // The same events once more, as a bus may deliver them.
    const client = new EventBridgeClient({
      region: stack.context.region,
      endpoint: stack.context.runtime!.endpointUrl,
      credentials: { accessKeyId: 'OPERATOR', secretAccessKey: 'local' },
    });
    const again = [...(await stack.events('CaseOpened')), ...(await stack.events('ReviewRequested'))];
    await client.send(
      new PutEventsCommand({
        Entries: again.map((event) => ({
          EventBusName: stack.context.names.bus,
          Source: 'groundcrew',
          DetailType: event['detail-type'],
          Detail: JSON.stringify(event.detail),
        })),
      }),
    );
    client.destroy();
    await stack.answer('asking', 'reject');
    await stack.closed('asking');
    await sweep();
    expect(said()).toEqual([expect.stringMatching(/^asking \(.*\): manual, a person is asked$/)]);
    const outbox = readFileSync(join(stack.data, 'outbox/groundcrew-notifications.jsonl'), 'utf8').trim().split('\n');
    expect(outbox).toHaveLength(1);
    expect(JSON.parse(outbox[0]!)).toMatchObject({ message: expect.stringContaining(record.caseId) });
    const listed = JSON.parse(await command('notifications', 'list', '--json')) as { status: string }[];
    expect(listed.map(({ status }) => status)).toEqual(['sent', 'sent']);
  }, 60_000);

  test('a provider that is out of order is tried again, and the case does not wait for it', async () => {
    const before = slack.requests.length;
    slack.faults.push({ status: 503 });
    await stack.plainAsset('down');
    await stack.trigger('down', 'manual', 'x');
    await eventually('the failed try', async () => slack.requests.length > before);
    await stack.answer('down', 'reject');
    await stack.closed('down');
    const waiting = await eventually('the message that waits', async () =>
      (
        JSON.parse(await command('notifications', 'list', '--json')) as {
          status: string;
          problem?: string;
          message: { id: string };
        }[]
      ).find(({ problem }) => problem === 'it answered 503'),
    );
    expect(waiting.status).toBe('waiting');
  }, 60_000);

  test('a storm is grouped into a summary', async () => {
    await configure({
      routes: [{ name: 'all', when: { topics: ['acting'] }, channels: ['ops'] }],
      storm: { most: 1, windowMs: 10_000 },
    });
    const before = slack.requests.length;
    const assets = ['s1', 's2', 's3', 's4', 's5'];
    for (const asset of assets) await stack.plainAsset(asset);
    await Promise.all(assets.map((asset) => stack.trigger(asset, 'leak', 'x')));
    for (const asset of assets) await stack.closed(asset);
    const records = await eventually('five messages', async () => {
      const all = JSON.parse(await command('notifications', 'list', '--json')) as {
        status: string;
        message: { topic: string };
      }[];
      const acting = all.filter(({ message }) => message.topic === 'acting');
      return acting.length === 5 && acting.every(({ status }) => status === 'sent' || status === 'grouped') && acting;
    });
    // Five within ten seconds or so: wherever the windows are cut, more than one of them fall into one.
    expect(records.filter(({ status }) => status === 'grouped').length).toBeGreaterThan(0);
    const summary = await eventually(
      'the summary',
      async () => {
        await sweep();
        return said()
          .slice(before)
          .find((text) => /more messages were grouped|The storm/.test(text));
      },
      40_000,
    );
    expect(summary).toBeTruthy();
  }, 90_000);

  test('a case that asks reaches a browser in which somebody turned messages on, and none that has gone', async () => {
    await configure({ routes: [{ name: 'all', when: { topics: ['question'] }, channels: ['phones'] }] });
    const first = (await firstAdmin(await openPeople(stack.context)))!;
    const person = new Browser(stack.context.runtime!.consoleUrl!);
    const entered = await person.ask('POST', '/session', {
      username: first.username,
      password: first.temporaryPassword,
      newPassword: 'Own-choice-2026!',
    });
    expect(entered.status).toBe(200);
    const { publicKey } = (await person.ask('GET', '/push')).body;
    // Made at the first start, and kept where the secrets are.
    expect(Buffer.from(publicKey, 'base64url')).toHaveLength(65);
    const phone = receiver();
    const { endpoint, p256dh, auth } = phone.at(`${service.url}/send/the-secret-address`);
    const elsewhere = { endpoint: 'https://127.0.0.1:1/x', keys: { p256dh, auth } };
    expect((await person.ask('POST', '/push/browsers', elsewhere)).body.code).toBe('push-service-refused');
    expect((await person.ask('POST', '/push/browsers', { endpoint, keys: { p256dh, auth } })).status).toBe(201);
    await stack.plainAsset('pushed');
    await stack.trigger('pushed', 'manual', 'Bob smells gas');
    const record = await stack.case('pushed', ({ status }) => status === 'in-review');
    await eventually('the message', async () => service.requests.length > 0);
    const [request] = service.requests;
    expect(request!.path).toBe('/send/the-secret-address');
    expect(refusals(request!, service.url, publicKey, Date.now())).toEqual([]);
    const text = phone.opened(request!.bytes);
    expect(JSON.parse(text)).toMatchObject({
      title: expect.stringMatching(/^pushed \(.*\): manual, a person is asked$/),
      link: `https://console.example/cases/${record.caseId}`,
      caseId: record.caseId,
    });
    expect(text).not.toMatch(/Bob|gas/);
    await stack.answer('pushed', 'reject');
    await stack.closed('pushed');

    service.faults.push({ status: 410 });
    await stack.plainAsset('gone');
    await stack.trigger('gone', 'manual', 'x');
    await eventually(
      'the forgotten browser',
      async () => (await person.ask('GET', '/push')).body.browsers.length === 0,
    );
    await stack.answer('gone', 'reject');
    await stack.closed('gone');
    expect(service.requests).toHaveLength(2);
  }, 90_000);

  test('a flow that ended in an error is told, by the default bus, and becomes an item', async () => {
    await configure({ routes: [{ name: 'all', when: { topics: ['flow-failed'] }, channels: ['ops'] }] });
    const before = slack.requests.length;
    await stack.plainAsset('aborted');
    await stack.trigger('aborted', 'manual', 'x');
    const { caseId } = await stack.case('aborted', ({ status }) => status === 'in-review');
    const { account, region, names } = stack.context;
    const executionArn = `arn:aws:states:${region}:${account}:execution:${names.caseFlow}:${caseId}`;
    await stack.context.sfn().send(new StopExecutionCommand({ executionArn }));
    await eventually('the message', async () => slack.requests.length > before);
    expect(said().at(-1)).toBe(`The flow of case ${caseId.slice(0, 8)} was aborted`);
    // The same event made an item for OpsCenter, of which one machine keeps what would have been sent.
    const items = join(stack.data, 'outbox/ops-items.jsonl');
    const [item, ...others] = await eventually(
      'the item',
      async () => existsSync(items) && readFileSync(items, 'utf8').trim().split('\n'),
    );
    expect(others).toEqual([]);
    expect(JSON.parse(item!).item).toMatchObject({
      title: 'groundcrew: the flow of a case ended as ABORTED',
      resources: [executionArn],
      operationalData: { case: { value: `${stack.context.runtime!.consoleUrl}/cases/${caseId}` } },
    });
  }, 60_000);

  test('who changed the settings stands in the audit; settings that are wrong change nothing', async () => {
    const file = join(stack.dir, 'wrong.json');
    writeFileSync(file, JSON.stringify({ v: 1, routes: [{ name: 'all', channels: [] }] }));
    await expect(command('notifications', 'configure', file, '--reason', 'x')).rejects.toThrow(/channels/);
    const settings = JSON.parse(await command('notifications', 'settings')) as { routes: object[] };
    expect(settings.routes).toMatchObject([{ when: { topics: ['flow-failed'] } }]);
    const audit = { client: stack.context.dynamodb(), table: stack.context.names.table('audit') };
    const chain = await readChain(audit, 'system#notifications');
    expect(chain.map(({ type }) => type)).toEqual(Array(4).fill('configuration-changed'));
    expect(chain[0]!.body).toMatchObject({ by: expect.stringMatching(/^person-/), settings: { v: 1 } });
    expect(JSON.stringify(chain)).not.toMatch(/Erika|the shift begins/);
  }, 60_000);
});

describe('what people set for a while', () => {
  test('holds back a silence while work is planned, shows it, and lets it be raised when the work is over', async () => {
    await stack.plainAsset('pit', { silenceAfterMs: 1_000 });
    const to = new Date(Date.now() + 3_600_000).toISOString();
    const words = ['--by', 'Erika', '--reason', 'Bob works in the pit'];
    const added = JSON.parse(
      await command('planned', 'add', '--scope', 'asset#pit', '--to', to, ...words, '--json'),
    ) as {
      id: string;
    };
    await command('shelve', 'add', 'pit', 'leak', '--hours', '1', ...words);
    await eventually('the silence that is held back', async () => {
      const { silent } = await invokeFunction<{ silent: number }>(stack.context, 'silence', {});
      return silent > 0;
    });
    expect(await stack.cases('pit')).toEqual([]);
    expect(await command('status')).toContain('planned work: asset#pit');
    const note = await command('handover', '--hours', '1');
    expect(note).toMatch(/Planned work \(1\)[\s\S]*asset#pit[\s\S]*Shelved \(1\)[\s\S]*asset#pit leak/);
    await expect(command('planned', 'add', '--scope', 'all', '--to', to, ...words)).rejects.toThrow(/scope/);
    await command('planned', 'end', added.id.slice(0, 8), ...words);
    await invokeFunction(stack.context, 'silence', {});
    expect((await stack.case('pit', () => true)).kind).toBe('silence');
    const audit = { client: stack.context.dynamodb(), table: stack.context.names.table('audit') };
    const chain = await readChain(audit, 'system#orders');
    expect(chain.map(({ type }) => type)).toEqual(['order-given', 'order-given', 'order-ended']);
    expect(JSON.stringify(chain)).not.toMatch(/Erika|Bob/);
  }, 90_000);
});

test('every call was permitted, and no secret stands anywhere but among the secrets', async () => {
  await stack.halt();
  await expectCallsPermitted(stack);
  const holding = async (words: string): Promise<string[]> => {
    const { stdout } = await promisify(execFile)('grep', ['-rlF', words, stack.data]).catch(() => ({ stdout: '' }));
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.slice(stack.data.length)]));
  };
  expect(await holding('the-secret-token')).toEqual(['/secrets/groundcrew%2Fnotify-ops']);
  const phones = '/secrets/groundcrew%2Fnotify-phones';
  expect(await holding(readFileSync(join(stack.data, phones), 'utf8').trim())).toEqual([phones]);
  // The address of a browser is sealed where it is kept.
  expect(await holding('the-secret-address')).toEqual([]);
}, 40_000);
