/**
 * Keeps a window readable with few objects: raw batches of the tail go into an open chunk, which is written anew under
 * the next part number and becomes a full chunk when it is large enough.
 *
 * Every object is a pure function of the state it was made from (never of the batch at hand), so that two writers of
 * the same state write the same bytes, and a writer whose state write loses leaves nothing wrong behind.
 */
import type { AssetState } from '../../contracts/asset.ts';
import { chunkKey, openChunkKey } from './keys.ts';
import { mergeSegments } from './rows.ts';
import type { WindowStore } from './window-store.ts';

export const maxTailBatches = 32;
export const maxTailRows = 64;
/** A chunk with so many rows is full. */
export const fullChunkRows = 512;

export type WindowHead = Pick<AssetState, 'nextChunk' | 'openPart' | 'openRows' | 'tailRows' | 'tail'>;

export const emptyHead: WindowHead = { nextChunk: 0, openPart: 0, openRows: 0, tailRows: 0, tail: [] };

/** Whether the tail has grown so long that it should be compacted before anything is added. */
export const needsCompaction = (head: WindowHead): boolean =>
  head.tail.length >= maxTailBatches || head.tailRows >= maxTailRows;

/** Moves the tail into chunks and returns the head to write with the state. Objects are durable when it returns. */
export async function compact(windows: WindowStore, asset: string, head: WindowHead): Promise<WindowHead> {
  if (head.tail.length === 0) return head;
  const parts = await Promise.all([
    head.openRows > 0 ? windows.openChunk(asset, head.openPart) : [],
    ...head.tail.map((ref) => windows.rawSegments(ref, asset)),
  ]);
  const { segments, rows } = mergeSegments(parts.flat());
  if (rows >= fullChunkRows) {
    await windows.putChunk(chunkKey(asset, head.nextChunk), segments);
    return { ...emptyHead, nextChunk: head.nextChunk + 1, openPart: head.openPart };
  }
  await windows.putChunk(openChunkKey(asset, head.openPart + 1), segments);
  return { ...emptyHead, nextChunk: head.nextChunk, openPart: head.openPart + 1, openRows: rows };
}
