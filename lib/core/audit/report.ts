/** Checking a whole audit, wherever its texts come from: chains, checkpoints and what they say of each other. */
import type { KeyObject } from 'node:crypto';
import { type Anchors, type ChainFault, type CheckpointFault, verifyChain, verifyCheckpoints } from './verify.ts';

/** Ten-minute buckets, both inclusive. */
export interface BucketRange {
  readonly from: number;
  readonly to: number;
}

/** Where the texts are: tables and buckets, or an export's files. */
export interface AuditSource {
  /** Names of all chains that are there, or of those that were appended to in a range. More than asked for is harmless. */
  chains(range?: BucketRange): Promise<readonly string[]>;
  /** The entries' texts of one chain, in the stored order. */
  lines(chain: string): AsyncIterable<string>;
  /** Checkpoints in the order of time. */
  checkpoints(): Promise<readonly { readonly name: string; readonly text: string }[]>;
}

export interface AuditReport {
  readonly verified: boolean;
  readonly chains: number;
  readonly entries: number;
  readonly facts: number;
  readonly checkpoints: number;
  /** Entries that no checkpoint covers yet: a change to them, or their loss, could not be told. */
  readonly uncovered: number;
  /** The first bad record of each chain that has one. */
  readonly faults: readonly ChainFault[];
  readonly checkpointFault?: CheckpointFault;
}

/**
 * Verifies everything; a fault in one chain does not hide those of others.
 * @param range look only at chains that changed in it, by the index and by the checkpoints; each is checked whole, and
 * so are the checkpoints
 */
export async function verifyAudit(
  source: AuditSource,
  publicKey: KeyObject,
  range?: BucketRange,
): Promise<AuditReport> {
  const { anchors, count, fault } = verifyCheckpoints(await source.checkpoints(), publicKey);
  const there = new Set(await source.chains(range));
  const faults: ChainFault[] = [];
  let [chains, entries, facts, uncovered] = [0, 0, 0, 0];
  for (const chain of [...new Set([...there, ...anchored(anchors, range)])].sort()) {
    // A chain that is nowhere has no lines: what a checkpoint says of it then counts as cut off.
    const lines = there.has(chain) || range ? source.lines(chain) : [];
    const report = await verifyChain(chain, lines, anchors.get(chain));
    if (report.entries > 0) chains += 1;
    entries += report.entries;
    facts += report.facts;
    uncovered += report.uncovered;
    if (report.fault) faults.push(report.fault);
  }
  return {
    verified: faults.length === 0 && fault === undefined,
    chains,
    entries,
    facts,
    checkpoints: count,
    uncovered,
    faults,
    ...(fault && { checkpointFault: fault }),
  };
}

function* anchored(anchors: ReadonlyMap<string, Anchors>, range: BucketRange | undefined): Generator<string> {
  for (const [chain, heads] of anchors)
    if (!range || [...heads.values()].some(({ bucket = 0 }) => bucket >= range.from && bucket <= range.to)) yield chain;
}
