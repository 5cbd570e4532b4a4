/** Whole audits of random chains and checkpoints: none is blamed wrongly, and every kind of tampering is named. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuditEntry } from '../../../lib/contracts/audit.ts';
import type { CheckpointStatement } from '../../../lib/contracts/checkpoint.ts';
import { canonical } from '../../../lib/core/audit/canonical.ts';
import { checkpointOver, signedBytes } from '../../../lib/core/audit/checkpoint.ts';
import { entryHash, genesisHash, sealEntry } from '../../../lib/core/audit/entry.ts';
import { type AuditReport, verifyAudit } from '../../../lib/core/audit/report.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface Audit {
  readonly chains: Map<string, string[]>;
  readonly checkpoints: { name: string; text: string }[];
}

/** Rounds of appends, each followed by a checkpoint: in a round every chain gets as many entries as it says. */
const audits = fc.array(fc.array(fc.nat({ max: 3 }), { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 5 });

function made(rounds: readonly (readonly number[])[]): Audit {
  const entries = new Map<string, AuditEntry[]>();
  const checkpoints: Audit['checkpoints'] = [];
  let previous: CheckpointStatement | undefined;
  rounds.forEach((counts, round) => {
    counts.forEach((count, at) => {
      const chain = `asset#a-${at}`;
      const list = entries.get(chain) ?? [];
      entries.set(chain, list);
      // The first round leaves no chain empty.
      for (let n = 0; n < count + (round === 0 ? 1 : 0); n += 1) {
        const seq = list.length;
        const draft = {
          chain,
          type: 'flag-attached' as const,
          key: [`${seq}`],
          correlationId: 'c',
          body: { seq, round },
        };
        list.push(sealEntry(draft, seq, list.at(-1)?.hash ?? genesisHash, round * 600_000));
      }
    });
    const heads = [...entries.values()].flatMap((list) => {
      const head = list.at(-1);
      return head && head.at === round * 600_000 ? [{ chain: head.chain, seq: head.seq, hash: head.hash }] : [];
    });
    const statement = checkpointOver(heads, { fromBucket: round, toBucket: round, atMs: round }, previous);
    previous = statement;
    const signature = sign('sha256', signedBytes(statement), privateKey).toString('base64');
    const text = canonical({ statement, heads, algorithm: 'ECDSA_SHA_256', keyId: 'k', signature });
    checkpoints.push({ name: `${round}.json`, text });
  });
  return {
    chains: new Map([...entries].map(([chain, list]) => [chain, list.map((entry) => canonical(entry))])),
    checkpoints,
  };
}

const verify = ({ chains, checkpoints }: Audit): Promise<AuditReport> =>
  verifyAudit(
    {
      chains: async () => [...chains.keys()],
      async *lines(chain) {
        yield* chains.get(chain) ?? [];
      },
      checkpoints: async () => checkpoints,
    },
    publicKey,
  );

const chainChanges = ['byte', 'remove', 'swap', 'double', 'truncate', 'forge', 'vanish'] as const;
const checkpointChanges = ['byte', 'resign', 'head', 'remove', 'swap'] as const;

test('an audit that nobody touched verifies, whatever it looks like', async () => {
  await fc.assert(
    fc.asyncProperty(audits, async (rounds) => {
      expect(await verify(made(rounds))).toMatchObject({ verified: true, faults: [], uncovered: 0 });
    }),
    { numRuns: 100 },
  );
});

test('what is done to one chain is told of that chain alone, at the record where it begins or the next', async () => {
  await fc.assert(
    fc.asyncProperty(
      audits,
      fc.nat(),
      fc.nat(),
      fc.constantFrom(...chainChanges),
      async (rounds, which, place, how) => {
        const audit = made(rounds);
        const names = [...audit.chains.keys()];
        const name = names[which % names.length]!;
        const lines = audit.chains.get(name)!;
        const at = place % lines.length;
        if (how === 'swap' && lines.length < 2) return;
        let next = [...lines];
        let first = at + 1;
        switch (how) {
          case 'byte': {
            const bytes = Buffer.from(lines[at]!);
            const offset = place % bytes.length;
            bytes[offset] = bytes[offset]! ^ 1;
            next[at] = bytes.toString('latin1');
            break;
          }
          case 'remove':
            next.splice(at, 1);
            break;
          case 'swap': {
            const other = (at + 1) % lines.length;
            [next[at], next[other]] = [lines[other]!, lines[at]!];
            first = Math.min(at, other) + 1;
            break;
          }
          case 'double':
            next.splice(at, 0, lines[at]!);
            first = at + 2;
            break;
          case 'truncate':
            next = lines.slice(0, at);
            break;
          case 'forge': {
            const entry = { ...(JSON.parse(lines[at]!) as AuditEntry), body: { forged: true } };
            next[at] = canonical({ ...entry, hash: entryHash(entry) });
            break;
          }
          case 'vanish':
            first = 1;
            break;
        }
        if (how === 'vanish') audit.chains.delete(name);
        else audit.chains.set(name, next);
        const { verified, faults, checkpointFault } = await verify(audit);
        expect({ verified, checkpointFault, chains: faults.map(({ chain }) => chain) }).toEqual({
          verified: false,
          checkpointFault: undefined,
          chains: [name],
        });
        expect([first, first + 1]).toContain(faults[0]!.line);
      },
    ),
    { numRuns: 300 },
  );
});

test('what is done to a checkpoint is told of that checkpoint, or of the next where it is missing', async () => {
  await fc.assert(
    fc.asyncProperty(audits, fc.nat(), fc.constantFrom(...checkpointChanges), async (rounds, which, how) => {
      const audit = made(rounds);
      // Neither the oldest nor the newest: that one of these is missing cannot be told from the files alone.
      const at = 1 + (which % (audit.checkpoints.length - 2));
      const document = JSON.parse(audit.checkpoints[at]!.text);
      const put = (value: unknown): void => {
        audit.checkpoints[at] = { name: audit.checkpoints[at]!.name, text: canonical(value) };
      };
      let named = `${at}.json`;
      if (how === 'byte') put({ ...document, statement: { ...document.statement, atMs: document.statement.atMs + 1 } });
      else if (how === 'head') put({ ...document, heads: [{ chain: 'asset#a-9', seq: 0, hash: 'f'.repeat(64) }] });
      else if (how === 'resign') {
        const statement = { ...document.statement, atMs: 999 };
        const signature = sign('sha256', signedBytes(statement), stranger.privateKey).toString('base64');
        put({ ...document, statement, signature });
      } else {
        named = `${at + 1}.json`;
        if (how === 'remove') audit.checkpoints.splice(at, 1);
        else audit.checkpoints.splice(at, 2, audit.checkpoints[at + 1]!, audit.checkpoints[at]!);
      }
      const { verified, checkpointFault } = await verify(audit);
      expect({ verified, checkpoint: checkpointFault?.checkpoint }).toEqual({ verified: false, checkpoint: named });
    }),
    { numRuns: 200 },
  );
});
