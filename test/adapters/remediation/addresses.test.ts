import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPublicAddress, pinAddress, type Resolve } from '../../../lib/adapters/remediation/addresses.ts';
import { type Egress, httpCall } from '../../../lib/adapters/remediation/http-call.ts';
import { remediators } from '../../../lib/adapters/remediation/index.ts';

describe('addresses', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fd00:ec2::254',
    'fe80::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'not an address',
    '',
  ])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111'])('%s is public', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  test('no way of writing a loopback address gets through', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('127.0.0.1', '127.1', '0x7f000001', '2130706433', '[::ffff:7f00:1]'),
        async (host) => {
          // The URL parser brings the number forms into the usual one before anything is resolved.
          const { hostname } = new URL(`http://${host}/`);
          await expect(pinAddress(hostname, false)).rejects.toMatchObject({ refused: true });
        },
      ),
    );
  });
});

test('the index names every remediator of the folder by its own name', () => {
  const folder = new URL('../../../lib/adapters/remediation/', import.meta.url);
  const files = readdirSync(folder).filter((name) =>
    /^export default defineRemediator/m.test(readFileSync(new URL(name, folder), 'utf8')),
  );
  expect(Object.keys(remediators).map((name) => `${name}.ts`)).toEqual(files.sort());
  for (const [name, remediator] of Object.entries(remediators)) expect(remediator.name).toBe(name);
});

describe('where a call goes', () => {
  let server: Server;
  let port: number;
  let calls: number;
  beforeEach(async () => {
    calls = 0;
    server = createServer((_request, response) => {
      calls += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
  });
  const call = (host: string, egress: Partial<Egress>) =>
    httpCall({
      url: new URL(`http://${host}:${port}/x`),
      method: 'GET',
      headers: {},
      egress: { hosts: [`${host}:${port}`], allowPrivate: true, ...egress },
      timeoutMs: 2_000,
    });

  test('a name is resolved once, and the connection goes to the address that was checked', async () => {
    let asked = 0;
    const answers = ['127.0.0.1', '169.254.169.254'];
    const resolve: Resolve = async () => {
      asked += 1;
      return [{ address: answers.shift()!, family: 4 }];
    };
    // A name that nobody else can resolve: if it was looked up again, the call would fail.
    expect(await call('rebinding.invalid', { resolve })).toMatchObject({ status: 200 });
    expect({ asked, calls }).toEqual({ asked: 1, calls: 1 });
  });

  test('one private address among public ones refuses the name', async () => {
    const resolve: Resolve = async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    await expect(call('mixed.invalid', { resolve, allowPrivate: false })).rejects.toMatchObject({
      sent: false,
      cause: { refused: true },
    });
  });

  test.each(['::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::a9fe:a9fe', 'fd00::1', 'fe80::1'])(
    'a name that leads to %s is refused',
    async (address) => {
      const resolve: Resolve = async () => [{ address, family: 6 }];
      await expect(call('v6.invalid', { resolve, allowPrivate: false })).rejects.toMatchObject({
        cause: { refused: true },
      });
    },
  );

  test.each(['127.1', '0x7f000001', '2130706433', '0177.0.0.1', '017700000001', '0x7f.1', '[::ffff:127.0.0.1]'])(
    'loopback written as %s is refused',
    async (text) => {
      const { hostname, host } = new URL(`http://${text}/`);
      await expect(
        httpCall({
          url: new URL(`http://${text}/`),
          method: 'GET',
          headers: {},
          egress: { hosts: [host], allowPrivate: false },
          timeoutMs: 2_000,
        }),
      ).rejects.toMatchObject({
        sent: false,
        cause: { refused: true, message: expect.stringContaining(hostname.replace(/[[\]]/g, '')) },
      });
    },
  );

  test('a host that the configuration does not name is refused, whatever its address', async () => {
    for (const hosts of [[], ['127.0.0.1'], [`localhost:${port}`], [`127.0.0.1:${port + 1}`]])
      await expect(call('127.0.0.1', { hosts })).rejects.toMatchObject({ sent: false, cause: { refused: true } });
    expect(calls).toBe(0);
  });
});
