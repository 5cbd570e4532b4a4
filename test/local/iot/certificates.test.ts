import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CertificateAuthority } from '../../../local/iot/certificates.ts';
import { FrameMeter } from '../../../local/iot/frame-guard.ts';
import { temporaryFolder } from '../support/temp.ts';

const folder = temporaryFolder();
const now = Date.UTC(2026, 10, 23);

describe('CertificateAuthority', () => {
  test('signs certificates that Node can check, for years beyond 2049 as well', async () => {
    for (const nowMs of [now, Date.UTC(2049, 6, 1)]) {
      const authority = await CertificateAuthority.open(join(folder(), String(nowMs)), nowMs);
      const root = new X509Certificate(authority.certificate);
      const device = new X509Certificate((await authority.device('pump-1', nowMs)).certificate);
      const server = new X509Certificate((await authority.server(['localhost', '127.0.0.1'], nowMs)).certificate);
      expect(root.ca).toBe(true);
      expect(root.verify(root.publicKey)).toBe(true);
      for (const one of [device, server]) {
        expect(one.ca).toBe(false);
        expect(one.checkIssued(root)).toBe(true);
        expect(one.verify(root.publicKey)).toBe(true);
      }
      expect(device.subject).toBe('CN=pump-1');
      expect(server.checkHost('localhost')).toBe('localhost');
      expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
      expect(Date.parse(device.validTo)).toBe(nowMs + 3650 * 86_400_000);
    }
  });

  test('keeps what it made, keeps keys to its owner, and renews what runs out or names other hosts', async () => {
    const first = await CertificateAuthority.open(folder(), now);
    const device = await first.device('a', now);
    const server = await first.server(['localhost'], now);
    const again = await CertificateAuthority.open(folder(), now);
    expect(again.certificate).toBe(first.certificate);
    expect(await again.device('a', now)).toEqual(device);
    expect(await again.server(['localhost'], now)).toEqual(server);
    expect(await again.server(['localhost', '10.0.0.5'], now)).not.toEqual(server);
    const renewed = await again.server(['localhost'], now + 380 * 86_400_000);
    expect(Date.parse(new X509Certificate(renewed.certificate).validTo)).toBeGreaterThan(now + 700 * 86_400_000);
    expect((await stat(join(folder(), 'ca.key'))).mode & 0o077).toBe(0);
    await expect(again.device('../x', now)).rejects.toThrow('no name of a thing');
  });
});

describe('FrameMeter', () => {
  const publish = (length: number): Buffer => {
    const header = [0x30];
    for (let left = length; ; left >>= 7) {
      header.push((left & 0x7f) | (left > 127 ? 0x80 : 0));
      if (left <= 127) break;
    }
    return Buffer.concat([Buffer.from(header), Buffer.alloc(length, 0xff)]);
  };

  test('finds the packet that is too large, however the bytes are cut', () => {
    const bytes = Buffer.concat([publish(0), publish(127), publish(128), publish(1000), publish(1001)]);
    for (const size of [1, 2, 3, 100, 5000]) {
      const meter = new FrameMeter(1000);
      const found: unknown[] = [];
      for (let at = 0; at < bytes.length && found.length === 0; at += size) {
        const declared = meter.feed(bytes.subarray(at, at + size));
        if (declared !== undefined) found.push(declared);
      }
      expect(found).toEqual([1001]);
    }
  });
});
