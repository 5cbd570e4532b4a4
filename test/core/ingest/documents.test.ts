import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { assetRegistration } from '../../../lib/contracts/asset.ts';
import { calibration } from '../../../lib/contracts/calibration.ts';
import { canonical, sha256 } from '../../../lib/core/audit/canonical.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { registrationKey } from '../../../lib/core/window/keys.ts';
import { MemoryBucket } from '../../support/memory-bucket.ts';
import { normalSeries } from '../../support/screening.ts';

const registration = assetRegistration.parse({
  v: 1,
  asset: 'town-1',
  site: 'north',
  pack: 'water-network',
  channels: [{ name: 'P_1', role: 'pressure' }],
});

describe('documents', () => {
  test('come back as they were put, from a process that never saw them', async () => {
    const bucket = new MemoryBucket();
    const fitted = fitCalibration(normalSeries(1, { rows: 400, channels: 3 }));
    const writer = new Documents(bucket);
    const hashes = [await writer.putRegistration(registration), await writer.putCalibration(fitted)] as const;
    const reader = new Documents(bucket);
    expect(await reader.registration(hashes[0])).toEqual(registration);
    expect(await reader.calibration(hashes[1])).toEqual(fitted);
  });

  test('are not written where they do not keep their contract', () => {
    const bucket = new MemoryBucket();
    const wrong = { ...registration, site: '../etc' };
    expect(() => new Documents(bucket).putRegistration(wrong)).toThrow(z.ZodError);
    expect(bucket.objects.size).toBe(0);
  });

  /** What is stored under a name, read back. */
  const readBack = async (hash: string, text: string) => {
    const bucket = new MemoryBucket();
    await bucket.put(registrationKey(hash), text);
    return await new Documents(bucket).registration(hash);
  };
  const hash = sha256(canonical(registration));

  test('one changed byte, half a document and another document are refused, each by what is wrong with it', async () => {
    const text = canonical(registration);
    await expect(readBack(hash, text.replace('town-1', 'town-2'))).rejects.toMatchObject({
      code: 'document-hash-mismatch',
    });
    for (const broken of [text.slice(0, 40), '', 'null', '[]', text.replace('town-1', 'Town 1')])
      await expect(readBack(hash, broken)).rejects.toMatchObject({ code: 'document-corrupt' });
    await expect(new Documents(new MemoryBucket()).registration(hash)).rejects.toMatchObject({
      code: 'document-missing',
    });
  });

  test('the same document in another form is parsed, and is the same', async () => {
    expect(await readBack(hash, JSON.stringify(registration, undefined, 2))).toEqual(registration);
  });

  test('one of another version is held against the contract, also where its bytes are what its name says', async () => {
    for (const text of [canonical({ ...registration, v: 2 }), 'null', '1', '"text"', '[]'])
      await expect(readBack(sha256(text), text)).rejects.toMatchObject({ code: 'document-corrupt' });
  });

  test('no field comes by default that documents were written without: make it optional instead', () => {
    // What is as it was written is not parsed again, so a default that is added later would be missing in it.
    const requiredIn = (schema: z.ZodType, io: 'input' | 'output'): string[] => {
      const found: string[] = [];
      const walk = (node: unknown, path: string): void => {
        if (typeof node !== 'object' || node === null) return;
        for (const [key, value] of Object.entries(node)) {
          if (key === 'required' && Array.isArray(value)) found.push(...value.map((name) => `${path}.${name}`));
          else walk(value, /^(properties|items|\d+|anyOf|oneOf|prefixItems)$/.test(key) ? path : `${path}.${key}`);
        }
      };
      walk(z.toJSONSchema(schema, { io, unrepresentable: 'any' }), '');
      return found;
    };
    const defaultsOf = (schema: z.ZodType): string[] => {
      const given = new Set(requiredIn(schema, 'input'));
      return requiredIn(schema, 'output')
        .filter((path) => !given.has(path))
        .sort();
    };
    expect(defaultsOf(assetRegistration)).toEqual(['.channels.unit', '.clockRate', '.silenceAfterMs', '.topology']);
    expect(defaultsOf(calibration)).toEqual(['.channels.unit']);
  });
});
