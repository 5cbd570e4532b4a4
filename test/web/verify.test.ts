import { generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Checkpoint } from '../../lib/contracts/checkpoint.ts';
import { hashOf, canonical as reference } from '../../lib/core/audit/canonical.ts';
import { checkpointOver, signedBytes } from '../../lib/core/audit/checkpoint.ts';
import { genesisHash, sealEntry } from '../../lib/core/audit/entry.ts';
import { headsRoot, merkleRoot as referenceRoot } from '../../lib/core/audit/merkle.ts';
import { canonical } from '../../web/src/lib/canonical.ts';
import {
  checkpointFault,
  coverage,
  merkleRoot,
  rawSignature,
  readPublicKey,
  type SignedCheckpoint,
  type VerifyingKey,
  verifyEntries,
} from '../../web/src/lib/verify.ts';

const chain = 'case#3f2a';
function entries(count: number): string[] {
  let prev = genesisHash;
  return Array.from({ length: count }, (_, seq) => {
    const draft = {
      chain,
      type: 'label-set',
      key: [String(seq)],
      correlationId: 'a/b/1',
      body: { n: seq, name: 'Größe "x"', part: 0.1 * seq },
    } as const;
    const entry = sealEntry(draft, seq, prev, 1_700_000_000_000 + seq);
    prev = entry.hash;
    return reference(entry);
  });
}

describe('canonical JSON in the browser', () => {
  test('is what the record was made with', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonical(value)).toBe(reference(value));
      }),
    );
  });
  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, '\ud800', { a: '\udc00' }])(
    'refuses what JSON cannot carry: %p',
    (value) => {
      expect(() => canonical(value)).toThrow(TypeError);
    },
  );
  test('sorts by code units and writes numbers as ECMAScript does', () => {
    expect(canonical({ '\u20ac': 1, '\r': 2, '1': 1e21, '\ud83d\ude00': -0, é: 1.0 })).toBe(
      '{"\\r":2,"1":1e+21,"é":1,"€":1,"😀":0}',
    );
  });
});

describe('a chain', () => {
  const texts = entries(5);
  test('that nobody touched verifies, also in two parts', async () => {
    const whole = await verifyEntries(chain, texts);
    expect(whole).toMatchObject({ entries: 5, head: { seq: 4 } });
    expect(whole.fault).toBeUndefined();
    const first = await verifyEntries(chain, texts.slice(0, 2));
    expect((await verifyEntries(chain, texts.slice(2), first.head)).fault).toBeUndefined();
  });
  const swapped = (from: string, to: string) =>
    texts.map((text, index) => (index === 2 ? text.replace(from, to) : text));
  test.each([
    ['a changed value', swapped('"n":2', '"n":7'), 2, 'changed'],
    ['bytes that are not canonical', swapped('{"at"', '{ "at"'), 2, 'changed'],
    ['a missing entry', texts.toSpliced(2, 1), 2, 'gap'],
    ['another order', [texts[0], texts[2], texts[1]], 1, 'gap'],
    ['an entry twice', [texts[0], texts[0]], 1, 'gap'],
    ['no JSON', [texts[0], '{'], 1, 'unreadable'],
    ['no object', ['null'], 0, 'unreadable'],
  ])('with %s does not', async (_, bad, seq, problem) => {
    expect((await verifyEntries(chain, bad as string[])).fault).toEqual({ seq, problem });
  });
  test('of another name does not', async () => {
    expect((await verifyEntries('case#other', texts)).fault).toEqual({ seq: 0, problem: 'foreign' });
  });
  test('whose entry was made anew, with its own right hash, is found by the link', async () => {
    const forged = reference(
      sealEntry({ chain, type: 'label-set', key: ['x'], correlationId: 'a/b/1', body: {} }, 2, 'f'.repeat(64), 1),
    );
    expect((await verifyEntries(chain, texts.with(2, forged))).fault).toEqual({ seq: 2, problem: 'broken-link' });
  });
  test('any changed byte is found', async () => {
    const text = texts[1] ?? '';
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom('x', '0', '"', ' '), async (at, char) => {
        fc.pre(text[at] !== char);
        const bad = text.slice(0, at) + char + text.slice(at + 1);
        expect((await verifyEntries(chain, texts.with(1, bad))).fault?.seq).toBeLessThanOrEqual(2);
        expect((await verifyEntries(chain, texts.with(1, bad))).fault).toBeDefined();
      }),
    );
  });
});

describe('a checkpoint', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  let key: VerifyingKey;
  beforeAll(async () => {
    key = await readPublicKey(spki);
  });
  const texts = entries(3);
  const heads = texts
    .slice(0, 2)
    .map((text, seq) => ({ chain: seq === 1 ? chain : 'asset#a', seq, hash: JSON.parse(text).hash }));
  const signed = (before?: Checkpoint, batches = [{ key: 'raw/1', etag: 'e1' }]): Checkpoint => {
    const statement = checkpointOver(
      heads,
      { fromBucket: 1, toBucket: 2, atMs: 1_700_000_000_000 },
      before?.statement,
      batches,
    );
    return {
      statement,
      heads,
      batches,
      algorithm: 'ECDSA_SHA_256',
      keyId: 'k',
      signature: sign('sha256', signedBytes(statement), pair.privateKey).toString('base64'),
    };
  };
  const first = signed();
  test('that was signed is accepted, many times over, whatever r and s look like', async () => {
    for (let round = 0; round < 40; round += 1) expect(await checkpointFault(signed(), key)).toBeUndefined();
    expect(await checkpointFault(signed(first), key, first)).toBeUndefined();
  });
  test.each<[string, (one: Checkpoint) => Partial<SignedCheckpoint>, string]>([
    ['another time', (one) => ({ statement: { ...one.statement, atMs: 1 } }), 'signature'],
    ['a signature of nothing', () => ({ signature: '' }), 'unreadable'],
    ['another algorithm', () => ({ algorithm: 'none' }), 'signature'],
    [
      'another head',
      (one) => ({ heads: [{ chain: 'asset#a', seq: 0, hash: '0'.repeat(64) }, ...one.heads.slice(1)] }),
      'heads',
    ],
    ['a head less', (one) => ({ heads: one.heads.slice(1) }), 'heads'],
    ['no batches', () => ({ batches: undefined }), 'batches'],
    ['another batch', () => ({ batches: [{ key: 'raw/1', etag: 'e2' }] }), 'batches'],
  ])('with %s is not', async (_, change, fault) => {
    expect(await checkpointFault({ ...first, ...change(first) }, key)).toBe(fault);
  });
  test('of another key is not', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });
    expect(await checkpointFault(first, await readPublicKey(other.toString('base64')))).toBe('signature');
  });
  test('that does not follow the one before is not', async () => {
    expect(await checkpointFault(signed(), key, first)).toBe('link');
  });
  test('covers what it names, and contradicts what was rewritten', () => {
    const hashes = texts.map((text) => JSON.parse(text).hash);
    expect(coverage(chain, hashes, [first])).toEqual({ covered: 1, byAtMs: 1_700_000_000_000 });
    expect(coverage(chain, hashes.with(1, '0'.repeat(64)), [first])).toMatchObject({ contradicted: 1 });
    expect(coverage(chain, hashes.slice(0, 1), [first])).toMatchObject({ contradicted: 1 });
    expect(coverage('case#none', [], [first])).toEqual({ covered: -1, byAtMs: undefined });
  });
});

test('Merkle roots are those that were signed', async () => {
  for (let count = 0; count < 12; count += 1) {
    const leaves = Array.from({ length: count }, (_, index) => `leaf ${index}`);
    expect(await merkleRoot(leaves)).toBe(referenceRoot(leaves.map((leaf) => Buffer.from(leaf))));
  }
  expect(headsRoot([])).toBe(await merkleRoot([]));
});

test('what is no DER signature is refused', () => {
  for (const bad of [
    [],
    [0x30, 0],
    [0x30, 4, 2, 1, 1, 2],
    [0x31, 6, 2, 1, 1, 2, 1, 1],
    [0x30, 6, 3, 1, 1, 2, 1, 1],
    [0x30, 7, 2, 1, 1, 2, 1, 1, 0],
  ])
    expect(() => rawSignature(Uint8Array.from(bad))).toThrow(TypeError);
  const long = Uint8Array.from([0x30, 38, 2, 33, 1, ...Array(32).fill(7), 2, 1, 1]);
  expect(() => rawSignature(long)).toThrow(TypeError);
  expect(hashOf('x')).toHaveLength(64);
});
