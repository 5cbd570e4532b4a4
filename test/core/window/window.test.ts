import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonical, sha256 } from '../../../lib/core/audit/canonical.ts';
import { CorruptDataError } from '../../../lib/core/errors.ts';
import { ColumnReader, packColumn } from '../../../lib/core/window/columns.ts';
import {
  compact,
  dueTogether,
  emptyHead,
  fullChunkRows,
  maxPackAssets,
  maxTailBatches,
  needsCompaction,
  type WindowHead,
} from '../../../lib/core/window/compact.ts';
import { decodeEvidence, encodeEvidence } from '../../../lib/core/window/evidence.ts';
import { LruCache } from '../../../lib/core/window/lru.ts';
import { assemble, readWindow } from '../../../lib/core/window/read-window.ts';
import {
  decodeChunk,
  decodeRawBatch,
  encodeChunk,
  encodeRawBatch,
  mergeSegments,
  type Segment,
} from '../../../lib/core/window/rows.ts';
import { WindowStore } from '../../../lib/core/window/window-store.ts';
import { MemoryBucket } from '../../support/memory-bucket.ts';

const channels = [
  { name: 'p', role: 'pressure' as const, unit: 'bar' },
  { name: 'q', role: 'flow' as const, unit: '' },
];
const segment = (seq: number, rows = 1, bootId = 'a'): Segment => ({
  bootId,
  seq,
  channels: ['q', 'p'],
  rows: Array.from({ length: rows }, (_, at) => [
    1_000_000 + (seq + at) * 1000,
    (seq + at) * 2,
    seq + at === 3 ? null : seq + at,
  ]),
});
const everything = { channels, maxMs: 1e12, maxRows: 1e6 };

const keepNone = async (): Promise<void> => undefined;
const headOf = (heads: ReadonlyMap<string, WindowHead | Error>, asset: string): WindowHead => {
  const head = heads.get(asset);
  if (head instanceof Error || head === undefined) throw head ?? new Error(`there is no head of ${asset}`);
  return head;
};

/** Delivers segments batch by batch, as screening does, and returns the head. */
async function deliver(
  objects: MemoryBucket,
  batches: readonly (readonly Segment[])[],
  compacting: boolean,
): Promise<WindowHead> {
  let head = emptyHead;
  for (const [at, segments] of batches.entries()) {
    // A fresh store each time: nothing may rest on what is in memory.
    const windows = new WindowStore(objects);
    const ref = `2026010100/${at}`;
    await windows.putRawBatch(ref, new Map([['x', segments]]));
    if (compacting && needsCompaction(head, ref))
      head = headOf(await compact(windows, new Map([['x', head]]), keepNone), 'x');
    const rows = segments.reduce((sum, one) => sum + one.rows.length, 0);
    head = { ...head, tail: [...head.tail, ref], tailRows: head.tailRows + rows };
  }
  return head;
}

describe('a window', () => {
  test('compacted or not, it has the same rows', async () => {
    const batch = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 30 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 120 }), async (plan) => {
        const batches = plan.map((one) => one.map(([seq, rows]) => segment(seq, rows)));
        const objects = new MemoryBucket();
        const compacted = await deliver(objects, batches, true);
        expect(compacted.tail.length).toBeLessThanOrEqual(33);
        const read = await readWindow(new WindowStore(objects), { asset: 'x', ...compacted }, everything);
        expect(read).toEqual(assemble(batches.flat(), everything));
      }),
      { numRuns: 40 },
    );
  });

  test('walks back over full chunks only as far as is asked for', async () => {
    const objects = new MemoryBucket();
    const batches = Array.from({ length: 200 }, (_, at) => [segment(at * 40, 40)]);
    const head = await deliver(objects, batches, true);
    expect(head.nextChunk).toBeGreaterThan(10);
    const reads: string[] = [];
    const counting = {
      put: objects.put,
      putOver: objects.putOver,
      get: (key: string) => {
        reads.push(key);
        return objects.get(key);
      },
    };
    const read = await readWindow(
      new WindowStore(counting),
      { asset: 'x', ...head },
      { channels, maxMs: 1e12, maxRows: 100 },
    );
    expect(read.seqs).toEqual(Array.from({ length: 100 }, (_, at) => 7900 + at));
    expect(reads.length).toBeLessThan(8);
  });

  test('ends with the reading that is asked for, though later ones and one of equal time were delivered', async () => {
    const other: Segment = { bootId: 'b', seq: 0, channels: ['p'], rows: [[1_005_000, 7]] };
    const window = assemble([other, segment(0, 10)], {
      ...everything,
      until: { bootId: 'a', seq: 5, atMs: 1_005_000 },
    });
    expect(window.seqs).toEqual([0, 1, 2, 3, 4, 5]);
    expect(window.bootIds.at(-1)).toBe('a');
    expect(Array.from(window.series.values.slice(6, 10))).toEqual([Number.NaN, 6, 4, 8]);
  });

  test('finds the flagged row in a batch that the state does not name yet', async () => {
    const objects = new MemoryBucket();
    const windows = new WindowStore(objects);
    await windows.putRawBatch('2026010100/x', new Map([['x', [segment(0, 4)]]]));
    const until = { bootId: 'a', seq: 2, atMs: 1_002_000 };
    const read = await readWindow(
      windows,
      { asset: 'x', ...emptyHead },
      { ...everything, until, batch: '2026010100/x' },
    );
    expect(read.seqs).toEqual([0, 1, 2]);
  });

  test('a part that has gone with the retention counts as empty', async () => {
    const head = { ...emptyHead, nextChunk: 2, openPart: 1, open: 'gone', openRows: 5, tail: ['2020010100/gone'] };
    const read = await readWindow(new WindowStore(new MemoryBucket()), { asset: 'x', ...head }, everything);
    expect(read.seqs).toEqual([]);
  });

  test('chunks grow to their size and then stand', async () => {
    const objects = new MemoryBucket();
    const head = await deliver(
      objects,
      Array.from({ length: 30 }, (_, at) => [segment(at * 50, 50)]),
      true,
    );
    expect(head.nextChunk).toBeGreaterThan(2);
    const first = decodeChunk(objects.objects.get('window/x/0.gz')!);
    expect(mergeSegments(first).rows).toBeGreaterThanOrEqual(fullChunkRows);
    expect(first).toHaveLength(1);
  });
});

describe('compaction of several assets', () => {
  const tailOf = async (windows: WindowStore, assets: readonly string[]): Promise<Map<string, WindowHead>> => {
    await windows.putRawBatch('2026010100/t', new Map(assets.map((asset, at) => [asset, [segment(at, 2)]])));
    return new Map(assets.map((asset) => [asset, { ...emptyHead, tail: ['2026010100/t'], tailRows: 2 }]));
  };
  const names = Array.from({ length: maxPackAssets + 1 }, (_, at) => `asset-${at}`);

  test('writes few objects, and each asset reads its own part', async () => {
    const objects = new MemoryBucket();
    const heads = await compact(new WindowStore(objects), await tailOf(new WindowStore(objects), names), keepNone);
    expect([...objects.objects.keys()].filter((key) => key.startsWith('open/'))).toHaveLength(2);
    for (const [at, asset] of names.entries()) {
      const read = await readWindow(new WindowStore(objects), { asset, ...headOf(heads, asset) }, everything);
      expect(read.seqs).toEqual([at, at + 1]);
    }
  });

  test('is the same whoever does it: the same states, the same objects', async () => {
    const objects = new MemoryBucket();
    const heads = await tailOf(new WindowStore(objects), names);
    const first = await compact(new WindowStore(objects), heads, keepNone);
    const stored = new Map(objects.objects);
    expect(await compact(new WindowStore(objects), new Map([...heads].reverse()), keepNone)).toEqual(first);
    expect(objects.objects).toEqual(stored);
    // Another state of one of them: another object, and what the first ones point to stands.
    await compact(new WindowStore(objects), new Map([...heads].slice(1)), keepNone);
    for (const [key, bytes] of stored) expect(objects.objects.get(key)).toEqual(bytes);
  });

  test('of an asset whose part is damaged it says so, and does the others', async () => {
    const objects = new MemoryBucket();
    const heads = await tailOf(new WindowStore(objects), ['a', 'b']);
    objects.objects.set('open/bad', Buffer.from('not a pack'));
    heads.set('a', { ...heads.get('a')!, open: 'bad', openRows: 9 });
    const done = await compact(new WindowStore(objects), heads, keepNone);
    expect(done.get('a')).toBeInstanceOf(CorruptDataError);
    expect(headOf(done, 'b')).toMatchObject({ openRows: 2, tail: [] });
  });

  test('when the object cannot be written every asset of it is to try again', async () => {
    const objects = new MemoryBucket();
    const heads = await tailOf(new WindowStore(objects), ['a', 'b']);
    const full = {
      get: (key: string) => objects.get(key),
      put: () => Promise.reject(new Error('slow down')),
      putOver: () => Promise.reject(new Error('slow down')),
    };
    const done = await compact(new WindowStore(full), heads, keepNone);
    expect([...done.values()].map(String)).toEqual(['Error: slow down', 'Error: slow down']);
  });

  test('is due by length, by rows, or by age, so that no part expires while it is needed', () => {
    const head = (change: Partial<WindowHead>): WindowHead => ({ ...emptyHead, tail: ['2026010100/a'], ...change });
    const tail = Array.from({ length: maxTailBatches }, () => '2026010100/a');
    expect(needsCompaction(head({}), '2026010123/b')).toBe(false);
    expect(needsCompaction(head({ tail }), '2026010100/b')).toBe(true);
    expect(needsCompaction(head({ tailRows: 64 }), '2026010100/b')).toBe(true);
    expect(needsCompaction(head({}), '2026010800/b')).toBe(true);
    expect(needsCompaction(emptyHead, '2026010800/b')).toBe(false);
  });
});

test('assets are compacted with those that are due, as far as the last pack has room', () => {
  const head = (batches: number): WindowHead => ({
    ...emptyHead,
    tail: Array.from({ length: batches }, () => '2026010100/a'),
  });
  const heads = new Map([
    ['due', head(maxTailBatches)],
    ['flagged', head(1)],
    ['flagged, but new', head(0)],
    ['half', head(maxTailBatches / 2)],
    ['more', head(maxTailBatches - 1)],
    ['short', head(2)],
  ]);
  const wanted = new Set(['flagged', 'flagged, but new']);
  expect(dueTogether(heads, wanted, '2026010100/b')).toEqual(['due', 'flagged', 'more', 'half']);
  heads.delete('due');
  expect(dueTogether(heads, new Set(), '2026010100/b')).toEqual([]);
  const many = new Map(Array.from({ length: 70 }, (_, at) => [`asset-${at}`, head(at < 63 ? 12 : 6)]));
  expect(dueTogether(many, new Set(), '2026010100/b')).toHaveLength(maxPackAssets);
});

describe('columns', () => {
  const roundTrip = (column: Float64Array): Float64Array => {
    const reader = new ColumnReader(Buffer.concat([packColumn(column), packColumn(Float64Array.of(7))]));
    const read = reader.next(column.length);
    expect([...reader.next(1), reader.isAtEnd]).toEqual([7, true]);
    return read;
  };
  const anyValue = fc.oneof(
    fc.double(),
    fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 1000),
    fc.constantFrom(Number.NaN, 0, -0, 1e-7, 1e300, Number.POSITIVE_INFINITY, 2 ** 53, 0.1 + 0.2),
  );

  test('read back to the bit, whatever the values are; only −0 becomes 0, as in JSON', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 1, maxLength: 40 }), (values) => {
        expect(Array.from(roundTrip(Float64Array.from(values)))).toEqual(values.map((value) => value + 0));
      }),
      { numRuns: 500 },
    );
  });

  test('of few decimals take a byte or two a value, with and without missing cells', () => {
    const values = Float64Array.from({ length: 200 }, (_, at) => 20 + ((at * 7919) % 100) / 1000);
    expect(packColumn(values).length).toBeLessThan(220);
    values[50] = Number.NaN;
    expect(packColumn(values).length).toBeLessThan(250);
    expect(Array.from(roundTrip(values))).toEqual(Array.from(values));
  });

  test('damaged or cut, they are an error', () => {
    const bytes = Buffer.from(packColumn(Float64Array.of(1, 2, 3)));
    expect(() => new ColumnReader(bytes.subarray(0, bytes.length - 1)).next(3)).toThrow('do not read back');
    expect(() => new ColumnReader(Buffer.alloc(0)).next(1)).toThrow('do not read back');
    bytes[1] = 200;
    expect(() => new ColumnReader(bytes).next(3)).toThrow('do not read back');
  });
});

describe('stored rows', () => {
  test('read back as written, and the same rows give the same bytes', () => {
    const byAsset = new Map([
      ['x', [segment(0, 3), segment(9)]],
      ['y', [segment(0)]],
    ]);
    expect(decodeRawBatch(encodeRawBatch(byAsset))).toEqual(byAsset);
    const turned = new Map([...byAsset].reverse());
    expect(Buffer.compare(encodeRawBatch(byAsset), encodeRawBatch(turned))).toBe(0);
    expect(decodeChunk(encodeChunk([segment(0, 3)]))).toEqual([segment(0, 3)]);
    // With scores of some rows, of none in one segment, and of another layout.
    const scored = [
      { ...segment(0, 3), scores: [0, 1, 511] },
      segment(9, 2),
      {
        ...segment(20, 2),
        channels: ['a', 'z'],
        rows: [
          [1, 2, 3],
          [2, 3, 4],
        ],
        scores: [77, 0],
      },
    ];
    expect(decodeChunk(encodeChunk(scored))).toEqual(scored);
    const impossible = [{ ...segment(0, 2), scores: [3, 512] }];
    expect(() => decodeChunk(encodeChunk(impossible))).toThrow('does not read back');
  });

  test('damaged bytes are an error of their own, never rows', () => {
    const bytes = Buffer.from(encodeChunk([segment(0, 3)]));
    bytes[bytes.length - 6]! ^= 0xff;
    expect(() => decodeChunk(bytes)).toThrow('does not read back');
    expect(() => decodeRawBatch(Buffer.from('x'))).toThrow('does not read back');
  });
});

describe('evidence', () => {
  const window = assemble([segment(0, 6)], everything);

  test('its hash is that of the canonical JSON, and it reads back', () => {
    const { ref, bytes } = encodeEvidence('x', window);
    expect(decodeEvidence(ref.hash, bytes)).toEqual(window);
    const again = JSON.parse(
      JSON.stringify({
        v: 1,
        asset: 'x',
        boot: window.bootIds.map(() => 0),
        boots: ['a'],
        channels,
        seq: window.seqs,
        timesMs: Array.from(window.series.timesMs),
        values: window.seqs.map((_, at) =>
          Array.from(window.series.values.slice(at * 2, at * 2 + 2), (v) => (Number.isNaN(v) ? null : v)),
        ),
      }),
    );
    expect(ref.hash).toBe(sha256(canonical(again)));
    expect(ref).toMatchObject({ rows: 6, fromMs: 1_000_000, toMs: 1_005_000, seq: 5, bootId: 'a' });
  });

  test('of a calibration’s channels keeps what a channel is, as the hash does, and reads back', () => {
    const calibrated = window.series.channels.map((channel) => ({ ...channel, center: 1, scale: 2, dead: false }));
    const { ref, bytes } = encodeEvidence('x', { ...window, series: { ...window.series, channels: calibrated } });
    expect(ref.hash).toBe(encodeEvidence('x', window).ref.hash);
    expect(decodeEvidence(ref.hash, bytes)).toEqual(window);
    // As it was stored before: all of the calibration's channel in the head.
    const plain = inflateRawSync(bytes);
    const start = 4 + plain.readUInt32LE(0);
    const head = Buffer.from(JSON.stringify({ ...JSON.parse(plain.toString('utf8', 4, start)), channels: calibrated }));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(head.length);
    const old = deflateRawSync(Buffer.concat([length, head, plain.subarray(start)]));
    expect(decodeEvidence(ref.hash, old)).toEqual(window);
  });

  test('bytes under another name are refused', () => {
    const { bytes } = encodeEvidence('x', window);
    expect(() => decodeEvidence('0'.repeat(64), bytes)).toThrow('does not read back');
    expect(() => encodeEvidence('x', assemble([], everything))).toThrow('no rows');
  });
});

test('the cache keeps what was used last, within its weight', () => {
  const cache = new LruCache<number>(10);
  cache.set('a', 1, 5);
  cache.set('b', 2, 5);
  cache.get('a');
  cache.set('c', 3, 5);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
});
