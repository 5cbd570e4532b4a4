/**
 * Keeps windows readable with few objects: raw batches of an asset's tail go into its open chunk, and that becomes a full
 * chunk when it is large enough. Assets that are due together write their open chunks into one object, a pack: an object
 * for each of them would cost more than all else that is kept of a reading.
 *
 * A full chunk is a pure function of the state it was made from (never of the batch at hand), so that two writers of the
 * same state write the same bytes, and goes over no other one that its writer has not met. A pack is named for its bytes,
 * so that none is ever overwritten with other ones. A writer whose state write loses leaves nothing wrong behind.
 */
import type { AssetState } from '../../contracts/asset.ts';
import { encodeParts, partsOfChunk, scoredRows } from '../scores/parts.ts';
import { withPending } from '../scores/pending.ts';
import { chunkKey } from './keys.ts';
import { mergeSegments, type Segment } from './rows.ts';
import type { WindowStore } from './window-store.ts';

/** A longer tail, with the scores of its rows, would not fit into the one kilobyte that a state's write pays for. */
export const maxTailBatches = 10;
export const maxTailRows = 64;
/** A chunk with so many rows is full. */
export const fullChunkRows = 256;
/** Assets in one pack: some 8 KB each, so that reading one of them stays quick. */
export const maxPackAssets = 64;
/** A tail that began so long ago is compacted, however short: packs expire (lib/constructs/stores.ts). */
const maxTailHours = 7 * 24;

export type WindowHead = Pick<
  AssetState,
  'nextChunk' | 'openPart' | 'open' | 'openRows' | 'tailRows' | 'tail' | 'scores'
>;

export const emptyHead: WindowHead = { nextChunk: 0, openPart: 0, openRows: 0, tailRows: 0, tail: [] };

/**
 * Whether the tail has grown so long, or so old, that it should be compacted before anything is added.
 * @param batch reference of the batch that would be added
 */
export const needsCompaction = ({ tail, tailRows }: WindowHead, batch: string): boolean =>
  tail.length >= maxTailBatches ||
  tailRows >= maxTailRows ||
  (tail.length > 0 && hourOf(batch) - hourOf(tail[0]!) >= maxTailHours);

/**
 * Assets to compact now: those that are due or wanted, and so many others with the longest tails as their last pack has
 * room for. So assets that report together come to be due together, and a small deployment, too, writes few objects.
 * @param batch reference of the batch at hand
 */
export function dueTogether(
  heads: ReadonlyMap<string, WindowHead>,
  wanted: ReadonlySet<string>,
  batch: string,
): string[] {
  const due: string[] = [];
  const others: { asset: string; tail: number }[] = [];
  for (const [asset, head] of heads) {
    const tail = head.tail.length;
    if (tail > 0 && (wanted.has(asset) || needsCompaction(head, batch))) due.push(asset);
    else if (tail >= maxTailBatches / 2) others.push({ asset, tail });
  }
  const room = (maxPackAssets - (due.length % maxPackAssets)) % maxPackAssets;
  others.sort((a, b) => b.tail - a.tail);
  return [...due, ...others.slice(0, due.length === 0 ? 0 : room).map(({ asset }) => asset)];
}

/** Hours since the epoch of a reference `YYYYMMDDHH/ID`. */
const hourOf = (ref: string): number =>
  Date.UTC(+ref.slice(0, 4), +ref.slice(4, 6) - 1, +ref.slice(6, 8), +ref.slice(8, 10)) / 3_600_000;

/** Keeps what weeks of scores are drawn from; the same chunk gives the same bytes. */
export interface ScoreBook {
  /**
   * Nothing is written where a newer batch has written: its parts count.
   * @param parts of a full chunk, as `encodeParts` gives them @param atMs of the batch at hand, wall clock
   */
  put(asset: string, chunk: number, parts: Uint8Array, atMs: number): Promise<void>;
}

/**
 * Moves tails, with the scores of their rows, into chunks and answers, by asset, the head to write with its state, or why there is none: what one asset
 * meets harms no other. Objects are durable when it returns.
 */
export async function compact(
  windows: WindowStore,
  heads: ReadonlyMap<string, WindowHead>,
  keepParts: (asset: string, chunk: number, parts: Uint8Array) => Promise<void>,
): Promise<Map<string, WindowHead | Error>> {
  const done = new Map<string, WindowHead | Error>();
  const open = new Map<string, { head: WindowHead; segments: readonly Segment[]; rows: number }>();
  await Promise.all(
    [...heads].map(async ([asset, head]) => {
      try {
        if (head.tail.length === 0) return void done.set(asset, head);
        const { segments, rows } = mergeSegments(withPending(await partsOf(windows, asset, head), head.scores));
        if (rows < fullChunkRows) return void open.set(asset, { head, segments, rows });
        const scored = scoredRows(segments);
        await windows.putNextChunk(chunkKey(asset, head.nextChunk), segments);
        if (scored.length > 0) await keepParts(asset, head.nextChunk, encodeParts(partsOfChunk(scored)));
        done.set(asset, { ...emptyHead, nextChunk: head.nextChunk + 1, openPart: head.openPart });
      } catch (error) {
        done.set(asset, asError(error));
      }
    }),
  );
  const assets = [...open.keys()].sort();
  const groups = Array.from({ length: Math.ceil(assets.length / maxPackAssets) }, (_, at) =>
    assets.slice(at * maxPackAssets, (at + 1) * maxPackAssets),
  );
  await Promise.all(
    groups.map(async (group) => {
      try {
        const pack = await windows.putPack(new Map(group.map((asset) => [asset, open.get(asset)!.segments])));
        for (const asset of group) {
          const { head, rows } = open.get(asset)!;
          const { nextChunk, openPart } = head;
          done.set(asset, { ...emptyHead, nextChunk, openPart: openPart + 1, open: pack, openRows: rows });
        }
      } catch (error) {
        for (const asset of group) done.set(asset, asError(error));
      }
    }),
  );
  return done;
}

/** The parts of a window that are not full chunks, oldest first. */
export async function partsOf(
  windows: WindowStore,
  asset: string,
  { open, openRows, tail }: Pick<WindowHead, 'open' | 'openRows' | 'tail'>,
): Promise<Segment[]> {
  const parts = await Promise.all([
    open !== undefined && openRows > 0 ? windows.openChunk(open, asset) : [],
    ...tail.map((ref) => windows.rawSegments(ref, asset)),
  ]);
  return parts.flat();
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
