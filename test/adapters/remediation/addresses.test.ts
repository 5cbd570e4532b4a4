import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPublicAddress, pinAddress } from '../../../lib/adapters/remediation/addresses.ts';
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
