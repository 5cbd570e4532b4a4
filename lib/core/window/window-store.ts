/**
 * Reads and writes the stored parts of windows; what was read or written lately is kept in memory. A part that is not
 * there counts as empty: parts end with the bucket's retention, and an asset may be silent for longer.
 */
import type { ObjectStore } from '../ports.ts';
import { chunkKey, openChunkKey, rawKey } from './keys.ts';
import { LruCache } from './lru.ts';
import { decodeChunk, decodeRawBatch, encodeChunk, encodeRawBatch, type Segment } from './rows.ts';

const cells = (segments: readonly Segment[]): number =>
  segments.reduce((sum, segment) => sum + segment.rows.length * (segment.channels.length + 1), 0);

export class WindowStore {
  private readonly objects: ObjectStore;
  private readonly cache: LruCache<readonly Segment[]>;

  /** @param maxCells cells (16 bytes each) that are kept in memory at most */
  constructor(objects: ObjectStore, maxCells = 4_000_000) {
    this.objects = objects;
    this.cache = new LruCache(maxCells);
  }

  async putRawBatch(ref: string, byAsset: ReadonlyMap<string, readonly Segment[]>): Promise<void> {
    await this.objects.put(rawKey(ref), encodeRawBatch(byAsset));
    for (const [asset, segments] of byAsset) this.remember(`${ref} ${asset}`, segments);
  }

  /** The rows of one asset in a raw batch. @throws CorruptDataError when it is there but not readable */
  async rawSegments(ref: string, asset: string): Promise<readonly Segment[]> {
    const known = this.cache.get(`${ref} ${asset}`);
    if (known) return known;
    const bytes = await this.objects.get(rawKey(ref));
    if (!bytes) return [];
    const byAsset = decodeRawBatch(bytes);
    for (const [name, segments] of byAsset) this.remember(`${ref} ${name}`, segments);
    return byAsset.get(asset) ?? [];
  }

  async chunk(asset: string, chunk: number): Promise<readonly Segment[]> {
    return this.chunkAt(chunkKey(asset, chunk));
  }

  async openChunk(asset: string, part: number): Promise<readonly Segment[]> {
    return this.chunkAt(openChunkKey(asset, part));
  }

  async putChunk(key: string, segments: readonly Segment[]): Promise<void> {
    await this.objects.put(key, encodeChunk(segments));
    this.remember(key, segments);
  }

  private async chunkAt(key: string): Promise<readonly Segment[]> {
    const known = this.cache.get(key);
    if (known) return known;
    const bytes = await this.objects.get(key);
    if (!bytes) return [];
    const segments = decodeChunk(bytes);
    this.remember(key, segments);
    return segments;
  }

  private remember(key: string, segments: readonly Segment[]): void {
    this.cache.set(key, segments, cells(segments));
  }
}
