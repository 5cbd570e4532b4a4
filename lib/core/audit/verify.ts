/** Checking hash chains from their text alone. Nothing here trusts an index, a table or a name of a file. */
import type { KeyObject } from 'node:crypto';
import { type AuditEntry, auditEntry } from '../../contracts/audit.ts';
import { type Checkpoint, checkpoint as checkpointSchema } from '../../contracts/checkpoint.ts';
import { canonical } from './canonical.ts';
import { checkpointProblem } from './checkpoint.ts';
import { entryHash, genesisHash } from './entry.ts';

/** The first bad record of a chain. `line` counts from 1 in the chain's export. */
export interface ChainFault {
  readonly chain: string;
  readonly line: number;
  readonly seq?: number;
  readonly problem:
    | 'unreadable'
    | 'not-canonical'
    | 'changed'
    | 'foreign'
    | 'missing'
    | 'reordered'
    | 'two-with-one-seq'
    | 'broken-link'
    | 'truncated'
    | 'contradicts-checkpoint';
  readonly detail: string;
}

export interface CheckpointFault {
  readonly checkpoint: string;
  readonly detail: string;
}

/** A chain as its checkpoints know it: the hash that must stand at each seq. */
export type Anchors = ReadonlyMap<
  number,
  { readonly hash: string; readonly checkpoint: string /** Of the checkpoint. */; readonly bucket?: number }
>;

export interface ChainReport {
  readonly chain: string;
  readonly entries: number;
  /** Facts: entries with equal `entryId` count once. */
  readonly facts: number;
  /** Entries after the last one that a checkpoint covers: not yet protected. */
  readonly uncovered: number;
  readonly fault?: ChainFault;
}

const judgeEntry = (
  text: string,
  chain: string,
  previous: AuditEntry | undefined,
): { entry: AuditEntry } | { seq?: number; problem: ChainFault['problem']; detail: string } => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'unreadable', detail: 'it is not JSON' };
  }
  const parsed = auditEntry.safeParse(value);
  if (!parsed.success) return { problem: 'unreadable', detail: 'it is not an audit entry' };
  const entry = parsed.data;
  const at = { seq: entry.seq };
  if (text !== canonical(value)) return { ...at, problem: 'not-canonical', detail: 'its bytes are not canonical JSON' };
  if (entryHash(entry) !== entry.hash)
    return { ...at, problem: 'changed', detail: 'its content does not give its hash' };
  if (entry.chain !== chain) return { ...at, problem: 'foreign', detail: `it belongs to chain ${entry.chain}` };
  const expected = previous ? previous.seq + 1 : 0;
  if (previous && entry.seq === previous.seq)
    return { ...at, problem: 'two-with-one-seq', detail: `two entries have seq ${entry.seq}` };
  if (entry.seq > expected) return { ...at, problem: 'missing', detail: `seq ${expected} is missing before it` };
  if (entry.seq < expected) return { ...at, problem: 'reordered', detail: `seq ${expected} was expected here` };
  if (entry.prevHash !== (previous?.hash ?? genesisHash))
    return { ...at, problem: 'broken-link', detail: 'it does not follow from the entry before' };
  return { entry };
};

/** Checks one chain, line by line, and stops at the first bad record. */
export async function verifyChain(
  chain: string,
  lines: Iterable<string> | AsyncIterable<string>,
  anchors: Anchors = new Map(),
): Promise<ChainReport> {
  const facts = new Set<string>();
  const lastAnchor = Math.max(-1, ...anchors.keys());
  let previous: AuditEntry | undefined;
  let line = 0;
  const report = (fault?: Omit<ChainFault, 'chain'>): ChainReport => ({
    chain,
    entries: line,
    facts: facts.size,
    uncovered: previous ? Math.max(0, previous.seq - lastAnchor) : 0,
    ...(fault && { fault: { chain, ...fault } }),
  });
  for await (const text of lines) {
    line += 1;
    const judged = judgeEntry(text, chain, previous);
    if ('problem' in judged) return report({ line, ...judged });
    previous = judged.entry;
    facts.add(previous.entryId);
    const anchor = anchors.get(previous.seq);
    if (anchor && anchor.hash !== previous.hash)
      return report({
        line,
        seq: previous.seq,
        problem: 'contradicts-checkpoint',
        detail: `checkpoint ${anchor.checkpoint} states another hash: this entry or one before it was rewritten`,
      });
  }
  const lastSeq = previous?.seq ?? -1;
  if (lastAnchor > lastSeq)
    return report({
      line: line + 1,
      seq: lastSeq + 1,
      problem: 'truncated',
      detail: `the chain ends at seq ${lastSeq}, checkpoint ${anchors.get(lastAnchor)?.checkpoint} saw seq ${lastAnchor}`,
    });
  return report();
}

/** Checks checkpoints in their order and gathers what they say of each chain. */
export function verifyCheckpoints(
  texts: Iterable<{ readonly name: string; readonly text: string }>,
  publicKey: KeyObject,
): { readonly anchors: ReadonlyMap<string, Anchors>; readonly count: number; readonly fault?: CheckpointFault } {
  const anchors = new Map<string, Map<number, { hash: string; checkpoint: string; bucket: number }>>();
  let previous: Checkpoint | undefined;
  let count = 0;
  for (const { name, text } of texts) {
    const parsed = readCheckpoint(text);
    const detail = typeof parsed === 'string' ? parsed : checkpointProblem(parsed, publicKey, previous?.statement);
    if (detail !== undefined || typeof parsed === 'string')
      return { anchors, count, fault: { checkpoint: name, detail: detail ?? 'unreadable' } };
    for (const head of parsed.heads) {
      const chain = anchors.get(head.chain) ?? new Map();
      anchors.set(head.chain, chain);
      const before = chain.get(head.seq);
      if (before && before.hash !== head.hash)
        return {
          anchors,
          count,
          fault: { checkpoint: name, detail: `it contradicts ${before.checkpoint} on ${head.chain}` },
        };
      if (!before) chain.set(head.seq, { hash: head.hash, checkpoint: name, bucket: parsed.statement.toBucket });
    }
    previous = parsed;
    count += 1;
  }
  return { anchors, count };
}

function readCheckpoint(text: string): Checkpoint | string {
  try {
    return checkpointSchema.parse(JSON.parse(text));
  } catch {
    return 'it is not a checkpoint document';
  }
}
