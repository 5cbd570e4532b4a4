/**
 * Reads and writes the stored parts of windows; what was read or written lately is kept in memory. A part that is not
 * there counts as empty: parts end with the bucket's retention, and an asset may be silent for longer.
 */
import { createHash } from 'node:crypto';
import { ConflictError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { chunkKey, packKey, rawKey } from './keys.ts';
import { LruCache } from './lru.ts';
import {
  decodeChunk,
  decodePackPart,
  decodeRawBatch,
  encodeChunk,
  encodePack,
  encodeRawBatch,
  type Segment,
} from './rows.ts';

const cells = (segments: readonly Segment[]): number =>
  segments.reduce((sum, segment) => sum + segment.rows.length * (segment.channels.length + 1), 0);

/** Bytes of packs that are kept: assets that are due together find their last parts in the same few of them. */
const keptPackBytes = 32 * 1024 * 1024;
/** Chunks that are remembered to have stood in the way; one that is forgotten is met again. */
const maxInTheWay = 1_024;
/** Characters of a pack's name, 72 bits of its hash. */
const packNameLength = 12;

export class WindowStore {
  private readonly objects: ObjectStore;
  private readonly packs = new LruCache<Uint8Array>(keptPackBytes);
  private readonly cache: LruCache<readonly Segment[]>;
  /** Tags of chunks that stood in the way of others. */
  private readonly inTheWay = new Map<string, string>();

  /** @param maxCells cells (16 bytes each) that are kept in memory at most */
  constructor(objects: ObjectStore, maxCells = 8_000_000) {
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

  /** One asset's part of a pack. @throws CorruptDataError when the pack is there and the part is not readable */
  async openChunk(pack: string, asset: string): Promise<readonly Segment[]> {
    let bytes = this.packs.get(pack);
    if (!bytes) {
      bytes = await this.objects.get(packKey(pack));
      if (!bytes) return [];
      this.packs.set(pack, bytes, bytes.byteLength);
    }
    return decodePackPart(bytes, asset);
  }

  /** Open chunks by asset in one object. @returns its name, which is that of its bytes */
  async putPack(byAsset: ReadonlyMap<string, readonly Segment[]>): Promise<string> {
    const bytes = encodePack(new Map([...byAsset].map(([asset, segments]) => [asset, encodeChunk(segments)])));
    const name = createHash('sha256').update(bytes).digest('base64url').slice(0, packNameLength);
    await this.objects.put(packKey(name), bytes);
    this.packs.set(name, bytes, bytes.byteLength);
    return name;
  }

  async putChunk(key: string, segments: readonly Segment[]): Promise<void> {
    await this.objects.put(key, encodeChunk(segments));
    this.remember(key, segments);
  }

  /**
   * Puts a full chunk that was made from a state, but not over another one that its maker has not seen: a process that
   * stood still for long would else take away rows to which a newer state points. Where another one stands, the maker reads
   * the state anew and comes again; what is then still to be written goes over just that other one, which cannot be the
   * newer state's, because that state was not there when it was met, and equal states make equal bytes.
   * @throws ConflictError where another one stands
   */
  async putNextChunk(key: string, segments: readonly Segment[]): Promise<void> {
    const bytes = encodeChunk(segments);
    const over = this.inTheWay.get(key);
    this.inTheWay.delete(key);
    const stands = await this.objects.putOver(key, bytes, over);
    if (stands && Buffer.compare(stands.bytes, bytes) !== 0) {
      if (this.inTheWay.size >= maxInTheWay) this.inTheWay.clear();
      this.inTheWay.set(key, stands.tag);
      throw new ConflictError(`${key} holds other rows: the asset's state may have moved on.`, {
        code: 'chunk-conflict',
      });
    }
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
