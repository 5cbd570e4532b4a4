/** The console's people through Cognito's own client, before the user pool of one machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FirstAdmin, firstAdmin, openPeople, type People } from '../../../bin/commands/support/people.ts';
import type { Accounts } from '../../../lib/adapters/api/ports.ts';
import { type CognitoCalls, cognitoCalls } from '../../../lib/adapters/aws/cognito-calls.ts';
import { temporary, userPoolAccounts } from '../../../lib/adapters/aws/user-pool.ts';
import { namesOf } from '../../../lib/contracts/names.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '../../../lib/core/errors.ts';
import { CallLog } from '../../../local/calls/call-log.ts';
import { UserPools } from '../../../local/people/cognito.ts';
import { refusalOf } from '../../../local/people/passwords.ts';
import { ProtocolServer, type ServedParts } from '../../../local/server/server.ts';
import { quietLog } from '../../local/support/models.ts';
import { peoplePool } from '../../local/support/people-models.ts';

let dir: string;
let server: ProtocolServer;
let calls: CognitoCalls;
let accounts: Accounts;
let people: People;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'groundcrew-people-'));
  server = await ProtocolServer.listen({ calls: new CallLog(join(dir, 'calls.jsonl')), log: quietLog, port: 0 });
  server.serve({ services: [new UserPools(dir, [peoplePool])] } as unknown as ServedParts);
  calls = cognitoCalls({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'OPERATOR', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  accounts = userPoolAccounts({ poolId: peoplePool.name, clientId: 'client1', calls: async () => calls });
  people = await openPeople({ names: namesOf('groundcrew'), cognito: async () => calls } as Parameters<
    typeof openPeople
  >[0]);
});
afterEach(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

const own = 'My-own-pass-2026';

describe('signing in', () => {
  test('begins with a temporary password, which must be changed for another', async () => {
    const { temporaryPassword } = await accounts.add('anna', ['approver', 'viewer'], 'anna@town.example');
    expect(await accounts.login('anna', temporaryPassword)).toEqual({ state: 'new-password-required' });
    expect(await accounts.login('anna', temporaryPassword, 'short')).toMatchObject({ state: 'new-password-refused' });
    expect(await accounts.login('anna', temporaryPassword, temporaryPassword)).toMatchObject({
      state: 'new-password-refused',
    });
    expect(await accounts.login('anna', temporaryPassword, own)).toEqual({ state: 'ok', username: 'anna' });
    expect(await accounts.login('anna', own)).toEqual({ state: 'ok', username: 'anna' });
    expect(await accounts.login('anna', temporaryPassword)).toEqual({ state: 'refused' });
    expect(await accounts.login('nobody', own)).toEqual({ state: 'refused' });
    expect(await accounts.find('anna')).toEqual({ username: 'anna', groups: ['viewer', 'approver'] });
  });

  test('tells no difference between locked, disabled and wrong', async () => {
    const { temporaryPassword } = await accounts.add('anna', ['viewer']);
    await accounts.login('anna', temporaryPassword, own);
    for (let i = 0; i < 6; i += 1) expect(await accounts.login('anna', 'guess')).toEqual({ state: 'refused' });
    expect(await accounts.login('anna', own)).toEqual({ state: 'refused' });
    await accounts.change('anna', { disabled: true });
    expect(await accounts.login('anna', own)).toEqual({ state: 'refused' });
    expect(await accounts.find('anna')).toBeUndefined();
    expect(await accounts.find('nobody')).toBeUndefined();
  });

  test('that cannot be asked is an error, never a no or a yes', async () => {
    await server.stop();
    await expect(accounts.login('anna', own)).rejects.toThrow();
    await expect(accounts.find('anna')).rejects.toThrow();
  });
});

describe('people', () => {
  test('change groups, come in pages, and are not made twice', async () => {
    for (const name of ['carl', 'anna', 'bob']) await accounts.add(name, ['viewer']);
    expect(await accounts.change('anna', { groups: ['operator', 'approver'] })).toMatchObject({
      username: 'anna',
      groups: ['operator', 'approver'],
      disabled: false,
      status: 'FORCE_CHANGE_PASSWORD',
    });
    const first = await accounts.list(2);
    const rest = await accounts.list(2, first.nextCursor);
    expect([...first.items, ...rest.items].map(({ username }) => username)).toEqual(['anna', 'bob', 'carl']);
    expect(rest.nextCursor).toBeUndefined();
    await expect(accounts.add('anna', [])).rejects.toThrow(ConflictError);
    await expect(accounts.change('nobody', { disabled: true })).rejects.toThrow(NotFoundError);
    await expect(people.renewPassword('nobody')).rejects.toThrow(NotFoundError);
    expect((await people.everybody()).length).toBe(3);
  });

  test('a temporary password is what the pool asks for, every time another', () => {
    const made = new Set(Array.from({ length: 500 }, temporary));
    expect(made.size).toBe(500);
    for (const password of made) {
      expect(refusalOf(password, peoplePool.passwordPolicy)).toBeUndefined();
      expect(password).toMatch(/^[A-Za-z0-9].{14}[A-Za-z0-9]$/);
    }
  });

  test('a cursor that is none is the caller’s mistake', async () => {
    const answer = accounts.list(2, Buffer.from('x'.repeat(3_000)).toString('base64url'));
    await expect(answer).rejects.toThrow(InvalidInputError);
  });
});

describe('the first admin', () => {
  const settle = async (admin: FirstAdmin | undefined) =>
    accounts.login(admin!.username, admin!.temporaryPassword, own);

  test('is made where there is none, gets a new password until it has signed in, and is left alone after', async () => {
    const first = await firstAdmin(people);
    const again = await firstAdmin(people);
    expect([first?.username, again?.username]).toEqual(['admin', 'admin']);
    expect(again?.temporaryPassword).not.toBe(first?.temporaryPassword);
    expect(await accounts.login('admin', first!.temporaryPassword)).toEqual({ state: 'refused' });
    expect(await settle(again)).toMatchObject({ state: 'ok' });
    expect(await firstAdmin(people)).toBeUndefined();
  });

  test('of a start that was broken off is finished', async () => {
    await accounts.add('admin', []);
    const admin = await firstAdmin(people);
    expect(admin?.username).toBe('admin');
    expect((await accounts.find('admin'))?.groups).toEqual(['admin']);
  });

  test('comes under another name where the name belongs to somebody, and again where the only one is disabled', async () => {
    await accounts.add('admin', ['viewer']);
    const second = await firstAdmin(people);
    expect(second?.username).toBe('admin-2');
    await settle(second);
    await accounts.change('admin-2', { disabled: true });
    expect((await firstAdmin(people))?.username).toBe('admin-3');
  });
});
