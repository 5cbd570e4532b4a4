import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { registerDevice } from '../../../bin/commands/device.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'groundcrew-device-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  registerDevice(program);
  await program.parseAsync(['device', ...args, '--data', join(folder, 'data'), '--json'], { from: 'user' });
}
const read = (name: string): string => readFileSync(join(folder, 'out', name), 'utf8');

describe('groundcrew device', () => {
  test('writes a certificate that the local authority signed for this asset, the same one every time', async () => {
    await run('pump-7', '--out', join(folder, 'out'));
    const authority = new X509Certificate(read('ca.pem'));
    const certificate = new X509Certificate(read('pump-7.cert.pem'));
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.subject).toBe('CN=pump-7');
    expect(statSync(join(folder, 'out', 'pump-7.key.pem')).mode & 0o077).toBe(0);
    const first = read('pump-7.cert.pem');
    await run('pump-7', '--out', join(folder, 'out'));
    expect(read('pump-7.cert.pem')).toBe(first);
  });

  test('refuses what is no asset, and writes nothing', async () => {
    await expect(run('../etc', '--out', join(folder, 'out'))).rejects.toMatchObject({ exitCode: 2 });
    expect(() => read('ca.pem')).toThrow();
  });
});
