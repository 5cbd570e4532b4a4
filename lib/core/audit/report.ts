/** Checking a whole audit, wherever its texts come from: chains, checkpoints and what they say of each other. */
import type { KeyObject } from 'node:crypto';
import { type ChainFault, type CheckpointFault, verifyChain, verifyCheckpoints } from './verify.ts';

/** Where the texts are: tables and buckets, or an export's files. */
export interface AuditSource {
  /** Names of all chains that are there. */
  chains(): Promise<readonly string[]>;
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

/** Verifies everything; a fault in one chain does not hide those of others. */
export async function verifyAudit(source: AuditSource, publicKey: KeyObject): Promise<AuditReport> {
  const { anchors, count, fault } = verifyCheckpoints(await source.checkpoints(), publicKey);
  const there = new Set(await source.chains());
  const faults: ChainFault[] = [];
  let [entries, facts, uncovered] = [0, 0, 0];
  for (const chain of [...new Set([...there, ...anchors.keys()])].sort()) {
    const lines = there.has(chain) ? source.lines(chain) : [];
    const report = await verifyChain(chain, lines, anchors.get(chain));
    entries += report.entries;
    facts += report.facts;
    uncovered += report.uncovered;
    if (report.fault) faults.push(report.fault);
  }
  return {
    verified: faults.length === 0 && fault === undefined,
    chains: there.size,
    entries,
    facts,
    checkpoints: count,
    uncovered,
    faults,
    ...(fault && { checkpointFault: fault }),
  };
}
