/** Fetches a chain page by page and checks it here as it comes. */
import { get } from '../api/client.ts';
import type { ChainEntries, CheckpointPage, CheckpointText, PublicKey } from '../api/types.ts';
import { query } from '../lib/address.ts';
import {
  type ChainCheck,
  checkpointFault,
  coverage,
  type Entry,
  fingerprint,
  readPublicKey,
  type SignedCheckpoint,
  verifyEntries,
} from '../lib/verify.ts';

/** An entry as it is shown; the check is over its text. */
export interface ShownEntry extends Entry {
  readonly type: string;
  readonly at: number;
  readonly body: Record<string, unknown>;
}

export interface CheckedChain {
  readonly texts: readonly string[];
  readonly entries: readonly ShownEntry[];
  readonly check: ChainCheck;
}

/** Web Crypto exists over https and on this machine itself only. */
export const canVerify = (): boolean => globalThis.crypto?.subtle !== undefined;

const pageEntries = 200;
/** Beyond this the command line is the better tool. */
const mostEntries = 20_000;

export async function checkChain(chain: string, progress: (done: number) => void = () => {}): Promise<CheckedChain> {
  const texts: string[] = [];
  const entries: ShownEntry[] = [];
  let check: ChainCheck = { entries: 0 };
  let fromSeq: number | undefined = 0;
  while (fromSeq !== undefined && texts.length < mostEntries) {
    const page: ChainEntries = await get(
      `/audit/chains/${encodeURIComponent(chain)}${query({ fromSeq, limit: pageEntries })}`,
    );
    if (check.fault === undefined) {
      const next = canVerify() ? await verifyEntries(chain, page.entries, check.head) : check;
      check = { ...next, entries: check.entries + next.entries };
    }
    for (const text of page.entries) {
      texts.push(text);
      entries.push(JSON.parse(text));
    }
    progress(texts.length);
    fromSeq = page.nextSeq;
  }
  return { texts, entries, check };
}

export interface CheckedCheckpoints {
  readonly fingerprint: string;
  readonly checked: number;
  /** There are older ones that were not looked at. */
  readonly more: boolean;
  readonly fault?: string;
  readonly covered: number;
  readonly byAtMs?: number | undefined;
  readonly contradicted?: number | undefined;
}

/** So many of the newest checkpoints are checked, each after the one before it. */
const newest = 25;

export async function checkCheckpoints(chain: string, entries: readonly Entry[]): Promise<CheckedCheckpoints> {
  const { spki } = await get<PublicKey>('/audit/public-key');
  const key = await readPublicKey(spki);
  const page = await get<CheckpointPage>(`/audit/checkpoints${query({ limit: newest })}`);
  const checkpoints: SignedCheckpoint[] = [];
  for (const { name } of page.items.toReversed()) {
    const { text } = await get<CheckpointText>(`/audit/checkpoints/${name}`);
    checkpoints.push(JSON.parse(text));
  }
  let fault: string | undefined;
  for (const [index, checkpoint] of checkpoints.entries())
    fault ??= await checkpointFault(checkpoint, key, checkpoints[index - 1]);
  const found = coverage(
    chain,
    entries.map(({ hash }) => hash),
    checkpoints,
  );
  return {
    fingerprint: await fingerprint(spki),
    checked: checkpoints.length,
    more: page.nextCursor !== undefined,
    ...(fault && { fault }),
    ...found,
  };
}
