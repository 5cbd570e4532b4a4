/** A proof is one file, and the verifier that checks it shares no code with what made it. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuditEntry } from '../../../lib/contracts/audit.ts';
import type { CheckpointStatement } from '../../../lib/contracts/checkpoint.ts';
import { inclusionProof } from '../../../lib/contracts/proof.ts';
import { canonical } from '../../../lib/core/audit/canonical.ts';
import { checkpointOver, signedBytes } from '../../../lib/core/audit/checkpoint.ts';
import { genesisHash, sealEntry } from '../../../lib/core/audit/entry.ts';
import { merklePath, merkleRoot } from '../../../lib/core/audit/merkle.ts';
import { proofText, proveEntry } from '../../../lib/core/audit/proof.ts';
import type { AuditSource } from '../../../lib/core/audit/report.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../../../docs/verify-proof.mjs');
const folder = mkdtempSync(join(tmpdir(), 'proof-'));
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyFile = join(folder, 'public-key.pem');
writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
afterAll(() => rmSync(folder, { recursive: true }));

const decisionId = (asset: number, n: number): string => `${asset}${n}`.padEnd(64, 'a');

/** Five assets of five decisions; the first three of each are covered, then the fourth; the fifth is not. */
function audit(): { source: AuditSource; chains: Map<string, AuditEntry[]> } {
  const chains = new Map<string, AuditEntry[]>();
  for (let asset = 1; asset <= 5; asset += 1) {
    const entries: AuditEntry[] = [];
    for (let n = 0; n < 5; n += 1) {
      const body = {
        decisionId: decisionId(asset, n),
        text: 'Grüße, "№ 5" \u2028 \u{1f6b0}',
        score: 1e-7,
        big: 1e21,
        zero: -0,
        é: 1,
        e: 2,
      };
      const draft = {
        chain: `asset#pump-${asset}`,
        type: 'decision-recorded' as const,
        key: [body.decisionId],
        correlationId: 'c',
        body,
      };
      entries.push(sealEntry(draft, n, entries.at(-1)?.hash ?? genesisHash, 1_000 + n));
    }
    chains.set(`asset#pump-${asset}`, entries);
  }
  let previous: CheckpointStatement | undefined;
  const checkpoints = [2, 3].map((seq, at) => {
    const heads = [...chains.values()].map((entries) => {
      const { chain, hash } = entries[seq]!;
      return { chain, seq, hash };
    });
    const statement = checkpointOver(heads, { fromBucket: at, toBucket: at + 1, atMs: at }, previous);
    previous = statement;
    const signature = sign('sha256', signedBytes(statement), privateKey).toString('base64');
    return { name: `${at}`, text: canonical({ statement, heads, algorithm: 'ECDSA_SHA_256', keyId: 'k', signature }) };
  });
  return {
    chains,
    source: {
      chains: async () => [...chains.keys()],
      async *lines(chain) {
        for (const entry of chains.get(chain) ?? []) yield canonical(entry);
      },
      checkpoints: async () => checkpoints,
    },
  };
}

async function judged(proof: unknown, key = keyFile): Promise<string> {
  const file = join(folder, 'proof.json');
  writeFileSync(file, typeof proof === 'string' ? proof : JSON.stringify(proof));
  try {
    return (await run(process.execPath, [script, file, key])).stdout;
  } catch (error) {
    return `${(error as { code: number }).code} ${(error as { stderr: string }).stderr}`;
  }
}

describe('a proof', () => {
  test('of a decision in the middle of a chain is accepted by the verifier, which is at most 100 lines', async () => {
    const proof = await proveEntry(audit().source, publicKey, decisionId(3, 1));
    expect(inclusionProof.parse(proof)).toEqual(proof);
    expect(proof.following.map(({ seq }) => seq)).toEqual([2]);
    expect(await judged(proofText(proof))).toContain('PROVEN: decision-recorded stands at seq 1 of asset#pump-3');
    expect(readFileSync(script, 'utf8').split('\n').length).toBeLessThanOrEqual(101);
    expect(readFileSync(script, 'utf8').match(/from '(?!node:)/g)).toBeNull();
  });

  test('every change to it is refused', async () => {
    const good = await proveEntry(audit().source, publicKey, decisionId(2, 0));
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const strangerFile = join(folder, 'stranger.pem');
    writeFileSync(strangerFile, stranger.publicKey.export({ type: 'spki', format: 'pem' }));
    const statement = { ...good.statement, atMs: 5 };
    const tampered: [string, unknown, RegExp][] = [
      ['the entry', { ...good, entry: { ...good.entry, body: { ...good.entry.body, score: 2 } } }, /give its hash/],
      ['the time', { ...good, entry: { ...good.entry, at: 7 } }, /give its hash/],
      ['an entry left out', { ...good, following: good.following.slice(1) }, /does not follow/],
      ['the end cut off', { ...good, following: good.following.slice(0, -1) }, /signed root/],
      ['another order', { ...good, following: good.following.toReversed() }, /does not follow/],
      ['the path', { ...good, path: good.path.map((step) => ({ ...step, hash: 'f'.repeat(64) })) }, /signed root/],
      ['a shorter path', { ...good, path: good.path.slice(1) }, /signed root/],
      ['a side', { ...good, path: good.path.with(0, { ...good.path[0]!, side: 'up' as 'left' }) }, /path is not one/],
      ['the root', { ...good, statement: { ...good.statement, root: '0'.repeat(64) } }, /signed root/],
      ['the statement', { ...good, statement }, /signature does not match/],
      [
        'the signature',
        {
          ...good,
          statement,
          signature: sign('sha256', signedBytes(statement), stranger.privateKey).toString('base64'),
        },
        /signature does not match/,
      ],
      ['nothing', {}, /not a proof/],
      ['null', null, /not a proof/],
      ['no JSON', '{', /cannot be read/],
    ];
    for (const [what, proof, message] of tampered) {
      const answer = await judged(proof);
      expect([what, answer]).toEqual([what, expect.stringMatching(/^1 NOT PROVEN/)]);
      expect(answer).toMatch(message);
    }
    expect(await judged(good, strangerFile)).toMatch(/^1 NOT PROVEN: the signature/);
    expect(await judged(good)).toMatch(/^PROVEN/);
  }, 60_000);

  test('is refused for what is not covered, not there, ambiguous or no id, and from an audit that does not verify', async () => {
    const { source, chains } = audit();
    const prove = (id: string, from = source) => proveEntry(from, publicKey, id);
    await expect(prove(decisionId(1, 4))).rejects.toThrow(/newer than the last checkpoint/);
    await expect(prove('b'.repeat(64))).rejects.toThrow(/no decision and no entry/);
    await expect(prove('xyz')).rejects.toThrow(/8 to 64/);
    await expect(prove('aaaaaaaa')).rejects.toThrow(/no decision and no entry/);
    const forged = {
      ...source,
      async *lines(chain: string) {
        for (const entry of chains.get(chain)!) yield canonical(entry).replace('Grüße', 'Gruss');
      },
    };
    await expect(prove(decisionId(1, 0), forged)).rejects.toMatchObject({ code: 'audit-not-verified' });
  });
});

test('a path leads from any leaf of any tree to its root, by the verifier’s own arithmetic', async () => {
  const { createHash } = await import('node:crypto');
  const hash = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 40 }), fc.nat(), (leaves, n) => {
      const at = n % leaves.length;
      let node = hash(Uint8Array.of(0), leaves[at]!);
      for (const { side, hash: sibling } of merklePath(leaves, at)) {
        const other = Buffer.from(sibling, 'hex');
        node = side === 'left' ? hash(Uint8Array.of(1), other, node) : hash(Uint8Array.of(1), node, other);
      }
      expect(node.toString('hex')).toBe(merkleRoot(leaves));
    }),
  );
  expect(() => merklePath([], 0)).toThrow(RangeError);
});
