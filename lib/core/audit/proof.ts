/**
 * Proof that one entry stands in the audit: the entry, those that follow it up to a head that a checkpoint covers, the
 * head's path to the Merkle root, and the signed statement of that root. `docs/verify-proof.mjs` checks it by itself.
 */
import type { KeyObject } from 'node:crypto';
import { type AuditEntry, auditEntry } from '../../contracts/audit.ts';
import { checkpoint as checkpointSchema } from '../../contracts/checkpoint.ts';
import { type InclusionProof, proofVersion } from '../../contracts/proof.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { canonical } from './canonical.ts';
import { headLeaf, merklePath, sortHeads } from './merkle.ts';
import type { AuditSource } from './report.ts';
import { verifyChain, verifyCheckpoints } from './verify.ts';

/**
 * @param wanted id of a decision or of an entry; a start of at least eight digits is enough
 * @throws NotFoundError where nothing is called so, or no checkpoint covers it yet; InvalidInputError for what is
 * ambiguous, or an audit that does not verify: nothing can be proven from it
 */
export async function proveEntry(source: AuditSource, publicKey: KeyObject, wanted: string): Promise<InclusionProof> {
  if (!/^[0-9a-f]{8,64}$/.test(wanted))
    throw new InvalidInputError(`"${wanted}" is no id: 8 to 64 hexadecimal digits`, { code: 'id-invalid' });
  const chain = await chainWith(source, wanted);
  const texts = await source.checkpoints();
  const { anchors, fault } = verifyCheckpoints(texts, publicKey);
  if (fault)
    throw new InvalidInputError(`checkpoint ${fault.checkpoint}: ${fault.detail}`, { code: 'audit-not-verified' });
  const lines: string[] = [];
  for await (const line of source.lines(chain)) lines.push(line);
  const report = await verifyChain(chain, lines, anchors.get(chain));
  if (report.fault)
    throw new InvalidInputError(`${chain} record ${report.fault.line}: ${report.fault.detail}`, {
      code: 'audit-not-verified',
    });
  const entries = lines.map((line) => auditEntry.parse(JSON.parse(line)));
  const entry = entries.find((each) => isMeant(each, wanted))!;
  const covering = [...(anchors.get(chain) ?? [])].filter(([seq]) => seq >= entry.seq).sort(([a], [b]) => a - b)[0];
  if (!covering)
    throw new NotFoundError(`${chain} seq ${entry.seq} is newer than the last checkpoint: try again in ten minutes`, {
      code: 'not-covered',
    });
  const [headSeq, { checkpoint: name }] = covering;
  const { statement, heads, algorithm, keyId, signature } = checkpointSchema.parse(
    JSON.parse(texts.find((each) => each.name === name)!.text),
  );
  const sorted = sortHeads(heads);
  const at = sorted.findIndex((head) => head.chain === chain && head.seq === headSeq);
  return {
    v: proofVersion,
    entry,
    following: entries.slice(entry.seq + 1, headSeq + 1),
    path: merklePath(sorted.map(headLeaf), at),
    statement,
    algorithm,
    keyId,
    signature,
  };
}

const isMeant = ({ entryId, type, body }: AuditEntry, wanted: string): boolean =>
  entryId.startsWith(wanted) || (type === 'decision-recorded' && String(body.decisionId).startsWith(wanted));

/** The chain that holds what is meant, by reading them all: no index is trusted. */
async function chainWith(source: AuditSource, wanted: string): Promise<string> {
  const found = new Set<string>();
  const entryIds = new Set<string>();
  for (const chain of await source.chains())
    for await (const line of source.lines(chain)) {
      if (!line.includes(wanted)) continue;
      const entry = auditEntry.safeParse(JSON.parse(line)).data;
      if (!entry || !isMeant(entry, wanted)) continue;
      found.add(chain);
      entryIds.add(entry.entryId);
    }
  const [chain] = found;
  if (chain === undefined)
    throw new NotFoundError(`no decision and no entry is called ${wanted}`, { code: 'entry-unknown' });
  if (entryIds.size > 1)
    throw new InvalidInputError(`more than one id begins with ${wanted}: give more of it`, { code: 'ambiguous' });
  return chain;
}

/** The proof as one file's text. */
export const proofText = (proof: InclusionProof): string => canonical(proof);
