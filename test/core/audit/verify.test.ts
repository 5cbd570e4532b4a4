import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuditEntry } from '../../../lib/contracts/audit.ts';
import type { Checkpoint, CheckpointStatement } from '../../../lib/contracts/checkpoint.ts';
import { canonical } from '../../../lib/core/audit/canonical.ts';
import { checkpointOver, signedBytes } from '../../../lib/core/audit/checkpoint.ts';
import { collapse } from '../../../lib/core/audit/collapse.ts';
import { type AuditDraft, entryHash, genesisHash, maxBodyBytes, sealEntry } from '../../../lib/core/audit/entry.ts';
import { headsRoot, merkleRoot } from '../../../lib/core/audit/merkle.ts';
import { verifyAudit } from '../../../lib/core/audit/report.ts';
import { type Anchors, verifyChain, verifyCheckpoints } from '../../../lib/core/audit/verify.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const draft = (n: number, chain = 'case#abc'): AuditDraft => ({
  chain,
  type: 'flag-attached',
  key: [String(n)],
  correlationId: 'c-1',
  body: { n, text: `entry ${n}`, nested: { on: n % 2 === 0 } },
});

function chainOf(length: number, chain = 'case#abc'): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 0; seq < length; seq += 1)
    entries.push(sealEntry(draft(seq, chain), seq, entries.at(-1)?.hash ?? genesisHash, 1_000 + seq));
  return entries;
}

const linesOf = (entries: readonly AuditEntry[]): string[] => entries.map((entry) => canonical(entry));
const anchorsAt = (entries: readonly AuditEntry[]): Anchors => {
  const head = entries.at(-1);
  return new Map(head ? [[head.seq, { hash: head.hash, checkpoint: 'cp' }]] : []);
};

function signed(
  heads: readonly AuditEntry[],
  toBucket: number,
  previous?: CheckpointStatement,
  key = privateKey,
): Checkpoint {
  const plain = heads.map(({ chain, seq, hash }) => ({ chain, seq, hash }));
  const statement = checkpointOver(plain, { fromBucket: toBucket - 1, toBucket, atMs: toBucket * 600_000 }, previous);
  const signature = sign('sha256', signedBytes(statement), key).toString('base64');
  return { statement, heads: plain, algorithm: 'ECDSA_SHA_256', keyId: 'k', signature };
}

describe('a chain', () => {
  test('verifies when nothing was touched, and counts repeated facts once', async () => {
    const entries = chainOf(3);
    const head = entries.at(-1)!;
    const repeat = sealEntry(draft(1), 3, head.hash, 2_000);
    const report = await verifyChain('case#abc', linesOf([...entries, repeat]), anchorsAt(entries));
    expect(report).toEqual({ chain: 'case#abc', entries: 4, facts: 3, uncovered: 1 });
    expect(collapse([...entries, repeat])).toEqual(entries);
  });

  test('any single mutation of a covered chain is found at or before the record where it shows', async () => {
    const mutation = fc.oneof(
      fc.record({
        kind: fc.constant('byte' as const),
        at: fc.nat(),
        offset: fc.nat(),
        byte: fc.integer({ min: 1, max: 255 }),
      }),
      fc.record({ kind: fc.constant('remove' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('swap' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('double' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('truncate' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('forge' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('rewrite' as const), at: fc.nat() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 8 }), mutation, async (length, change) => {
        const entries = chainOf(length);
        const anchors = anchorsAt(entries);
        const at = change.at % length;
        const { lines, firstBad } = mutate(entries, at, change);
        const { fault } = await verifyChain('case#abc', lines, anchors);
        expect(fault).toBeDefined();
        // The record is named: the one that was touched, or the one whose link to it broke.
        expect(fault!.line).toBeGreaterThanOrEqual(firstBad.from);
        expect(fault!.line).toBeLessThanOrEqual(firstBad.to);
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    ['changed', (l: string[]) => l.with(1, l[1]!.replace('entry 1', 'entry X')), 2],
    ['missing', (l: string[]) => l.toSpliced(1, 1), 2],
    ['missing', (l: string[]) => [l[0]!, l[2]!, l[1]!, l[3]!], 2],
    ['two-with-one-seq', (l: string[]) => l.toSpliced(1, 0, l[1]!), 3],
    ['truncated', (l: string[]) => l.slice(0, 3), 4],
    ['unreadable', (l: string[]) => l.with(2, l[2]!.slice(0, -1)), 3],
    ['not-canonical', (l: string[]) => l.with(2, l[2]!.replace('{', '{ ')), 3],
    ['reordered', (l: string[]) => [...l.slice(0, 3), l[0]!], 4],
  ] as const)('%s is told as such', async (problem, change, line) => {
    const entries = chainOf(4);
    const { fault } = await verifyChain('case#abc', change(linesOf(entries)), anchorsAt(entries));
    expect(fault).toMatchObject({ problem, line });
  });

  test('an entry of another chain does not fit in', async () => {
    const { fault } = await verifyChain('case#abc', linesOf(chainOf(1, 'case#other')));
    expect(fault).toMatchObject({ problem: 'foreign', line: 1 });
  });

  test('a body that is too large is refused before it is written', () => {
    const large = { ...draft(0), body: { text: 'x'.repeat(maxBodyBytes) } };
    expect(() => sealEntry(large, 0, genesisHash, 1)).toThrow(RangeError);
  });
});

type Mutation = { kind: string; offset?: number; byte?: number };

function mutate(entries: readonly AuditEntry[], at: number, change: Mutation) {
  const lines = linesOf(entries);
  const line = at + 1;
  const near = { from: line, to: Math.min(line + 1, entries.length + 1) };
  switch (change.kind) {
    case 'byte': {
      const bytes = Buffer.from(lines[at]!);
      const place = change.offset! % bytes.length;
      bytes[place] = (bytes[place]! + change.byte!) % 256;
      return { lines: lines.with(at, bytes.toString('latin1')), firstBad: { from: line, to: line } };
    }
    case 'remove':
      return { lines: lines.toSpliced(at, 1), firstBad: near };
    case 'swap': {
      const other = (at + 1) % lines.length;
      const first = Math.min(at, other) + 1;
      return {
        lines: lines.with(at, lines[other]!).with(other, lines[at]!),
        firstBad: { from: first, to: first },
      };
    }
    case 'double':
      return { lines: lines.toSpliced(at, 0, lines[at]!), firstBad: { from: line + 1, to: line + 1 } };
    case 'truncate':
      return { lines: lines.slice(0, at), firstBad: { from: line, to: line } };
    case 'forge': {
      // Changed and hashed again: consistent in itself, but the next entry or the checkpoint knows better.
      const forged = { ...entries[at]!, body: { forged: true } };
      return { lines: lines.with(at, canonical({ ...forged, hash: entryHash(forged) })), firstBad: near };
    }
    default: {
      // The whole rest is written anew: only a checkpoint can tell, at the entry that it covers.
      const rewritten = entries.slice(0, at);
      for (let seq = at; seq < entries.length; seq += 1)
        rewritten.push(
          sealEntry({ ...draft(seq), body: { rewritten: seq } }, seq, rewritten.at(-1)?.hash ?? genesisHash, 9_000),
        );
      return { lines: linesOf(rewritten), firstBad: { from: entries.length, to: entries.length } };
    }
  }
}

describe('Merkle trees', () => {
  test('give the roots of RFC 6962 test vectors', () => {
    const leaves = ['', '00', '10', '2021', '3031', '40414243'].map((hex) => Buffer.from(hex, 'hex'));
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(merkleRoot(leaves.slice(0, 1))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(merkleRoot(leaves.slice(0, 2))).toBe('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
    expect(merkleRoot(leaves)).toBe('76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef');
  });

  test('do not depend on the order in which heads are given', () => {
    const heads = chainOf(5).map(({ chain, seq, hash }) => ({ chain: `${chain}${seq}`, seq, hash }));
    expect(headsRoot([...heads].reverse())).toBe(headsRoot(heads));
  });
});

describe('checkpoints', () => {
  const chain = chainOf(4);
  const first = signed([chain[1]!], 10);
  const second = signed([chain[3]!], 11, first.statement);
  const texts = (...documents: readonly Checkpoint[]) =>
    documents.map((document) => ({ name: `${document.statement.toBucket}`, text: JSON.stringify(document) }));

  test('anchor the chains that they cover', () => {
    const { anchors, count, fault } = verifyCheckpoints(texts(first, second), publicKey);
    expect(fault).toBeUndefined();
    expect(count).toBe(2);
    expect([...anchors.get('case#abc')!.keys()]).toEqual([1, 3]);
  });

  test.each([
    ['another key', texts(signed([chain[1]!], 10, undefined, stranger.privateKey)), '10'],
    ['a changed root', texts({ ...first, statement: { ...first.statement, root: 'f'.repeat(64) } }), '10'],
    ['changed heads', texts({ ...first, heads: [{ ...first.heads[0]!, seq: 7 }] }), '10'],
    ['a removed one between', texts(first, signed([chain[3]!], 12, second.statement)), '12'],
    ['no document', [{ name: '10', text: '{}' }], '10'],
  ])('%s is found', (_what, documents, name) => {
    expect(verifyCheckpoints(documents, publicKey).fault).toMatchObject({ checkpoint: name });
  });

  test('a whole chain that vanished is named', async () => {
    const report = await verifyAudit(
      {
        chains: async () => [],
        // biome-ignore lint/correctness/useYield: there is no chain to read
        async *lines() {
          throw new Error('not asked for');
        },
        checkpoints: async () => texts(first),
      },
      publicKey,
    );
    expect(report).toMatchObject({ verified: false, faults: [{ chain: 'case#abc', problem: 'truncated', line: 1 }] });
  });
});
