import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { admit, maxBoots, maxGaps, type Position, type SequencedRow } from '../../../lib/core/ingest/sequence.ts';

const row = (seq: number, bootId = 'a', tMs = 1_000_000 + seq * 1000, receivedAtMs = tMs): SequencedRow => ({
  bootId,
  seq,
  tMs,
  receivedAtMs,
});
const start: Position = { boots: [] };

/** What the bookkeeping says has come of one boot. */
const known = (position: Position, bootId: string, upTo: number): number[] => {
  const boot = position.boots.find((one) => one.bootId === bootId);
  if (!boot) return [];
  return Array.from({ length: upTo + 1 }, (_, seq) => seq).filter(
    (seq) => seq <= boot.lastSeq && !boot.missing.some(([from, to]) => seq >= from && seq <= to),
  );
};

describe('admitting rows', () => {
  test('a gap is remembered, its late row let in once', () => {
    const first = admit(start, [row(0), row(3)]);
    expect(first.position.boots).toEqual([{ bootId: 'a', lastSeq: 3, missing: [[1, 2]] }]);
    const second = admit(first.position, [row(1), row(1), row(0)]);
    expect(second).toMatchObject({ late: [row(1)], fresh: [], duplicates: 2 });
    expect(second.position.boots[0]!.missing).toEqual([[2, 2]]);
  });

  test('rows out of order within a batch are sorted and all fresh', () => {
    const { fresh, late } = admit(start, [row(2), row(0), row(1)]);
    expect(fresh.map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(late).toEqual([]);
  });

  test('the first boot of an asset may be joined midway, a later one may not', () => {
    const joined = admit(start, [row(500)]);
    expect(joined.position.boots[0]!.missing).toEqual([]);
    const restarted = admit(joined.position, [row(2, 'b', 9_000_000)]);
    expect(restarted.position.boots[0]).toEqual({ bootId: 'b', lastSeq: 2, missing: [[0, 1]] });
  });

  test('a boot from before the newest known time is late until it passes it', () => {
    const now = admit(start, [row(10)]).position;
    const old = admit(now, [row(0, 'b', 5)]);
    expect(old).toMatchObject({ fresh: [], late: [row(0, 'b', 5)] });
    expect(old.position.boots[0]!.bootId).toBe('a');
    expect(admit(old.position, [row(1, 'b', 9_000_000)]).position.boots[0]!.bootId).toBe('b');
  });

  test('the newest boot goes on whatever its time; of rows that bear one time the first counts', () => {
    const ahead = admit(start, [row(0), row(1, 'a', 90_000_000)]);
    expect(ahead.position.lastEventMs).toBe(90_000_000);
    const back = admit(ahead.position, [row(2), row(3, 'a', 1_002_000), row(4)]);
    expect(back.fresh).toEqual([row(2), row(4)]);
    expect(back.late.map(({ seq }) => seq)).toEqual([3]);
    expect(back.position.lastEventMs).toBe(1_004_000);
  });

  test('a boot from before the newest known time takes over when nothing else has come for so long', () => {
    const old = (seq: number, receivedAtMs: number) => row(seq, 'b', 5 + seq, receivedAtMs);
    const takeOverMs = 60_000;
    let { position } = admit(start, [row(10)]);
    const admitted = (...rows: SequencedRow[]): number => {
      const { fresh, position: next } = admit(position, rows, takeOverMs);
      position = next;
      return fresh.length;
    };
    expect(admitted(old(0, 2_000_000))).toBe(0);
    expect(position.lateSinceMs).toBe(2_000_000);
    expect(admitted(old(1, 2_059_999))).toBe(0);
    // The newest boot speaks: the other one is what was under way.
    expect(admitted(row(11))).toBe(1);
    expect(position.lateSinceMs).toBeUndefined();
    expect(admitted(old(2, 2_060_000))).toBe(0);
    expect(admitted(old(3, 2_120_000))).toBe(1);
    expect(position.boots[0]!.bootId).toBe('b');
    // The number before it is late for good; what follows goes on.
    expect(admitted(old(4, 2_120_001))).toBe(1);
    expect(position).toMatchObject({ lastEventMs: 9, lateSinceMs: undefined });
  });

  test('repeats and gaps never take over, however long they are all that comes', () => {
    const before: Position = {
      boots: [
        { bootId: 'a', lastSeq: 9, missing: [] },
        { bootId: 'b', lastSeq: 9, missing: [[2, 5]] },
      ],
      lastEventMs: 1_009_000,
    };
    const { fresh, late, duplicates, position } = admit(
      before,
      [row(2, 'b', 100, 1e9), row(3, 'b', 200, 2e9), row(1, 'b', 90, 3e9), row(4, 'b', 300, 4e9)],
      1000,
    );
    expect([fresh.length, late.length, duplicates]).toEqual([0, 3, 1]);
    expect(position).toMatchObject({ lastEventMs: 1_009_000, lateSinceMs: undefined });
  });

  test('whatever its clock says, in whatever batches: a boot that alone sends in order is never late', () => {
    const times = fc.array(fc.integer({ min: 0, max: 4e9 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(times, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (said, sizes) => {
        // No two rows in succession bear one time.
        const rows = said.map((tMs, seq) => row(seq, 'a', tMs * 2 + (seq % 2), seq));
        const fresh: SequencedRow[] = [];
        let position = start;
        for (let from = 0, batch = 0; from < rows.length; batch += 1) {
          const to = from + sizes[batch % sizes.length]!;
          const admission = admit(position, [...rows.slice(from, to)].reverse());
          fresh.push(...admission.fresh);
          position = admission.position;
          // The same again is known.
          expect(admit(position, rows.slice(0, to))).toMatchObject({ fresh: [], late: [] });
          from = to;
        }
        expect(fresh).toEqual(rows);
        expect(position.boots).toEqual([{ bootId: 'a', lastSeq: rows.length - 1, missing: [] }]);
      }),
      { numRuns: 300 },
    );
  });

  test('memory is bounded', () => {
    let position = start;
    for (let boot = 0; boot < 10; boot += 1) position = admit(position, [row(0, `b${boot}`, 1000 + boot)]).position;
    expect(position.boots).toHaveLength(maxBoots);
    const holes = admit(
      start,
      Array.from({ length: 200 }, (_, at) => row(at * 2)),
    );
    expect(holes.position.boots[0]!.missing).toHaveLength(maxGaps);
  });

  test('any order, repetition and loss: what is new is exactly the set of delivered rows, each once', () => {
    const batches = fc.array(
      fc.array(fc.record({ boot: fc.constantFrom('a', 'b'), seq: fc.integer({ min: 0, max: 50 }) }), { maxLength: 20 }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(batches, (deliveries) => {
        let position: Position = { boots: [{ bootId: 'z', lastSeq: 0, missing: [] }], lastEventMs: 1 };
        const news: string[] = [];
        const delivered = new Set<string>();
        for (const delivery of deliveries) {
          const rows = delivery.map(({ boot, seq }) => row(seq, boot, 10_000 + seq * 10 + (boot === 'a' ? 0 : 5)));
          const admission = admit(position, rows);
          for (const one of [...admission.fresh, ...admission.late]) news.push(`${one.bootId}/${one.seq}`);
          expect(admission.fresh.length + admission.late.length + admission.duplicates).toBe(rows.length);
          for (const [at, one] of admission.fresh.entries()) {
            expect(one.tMs).toBeGreaterThan(admission.fresh[at - 1]?.tMs ?? position.lastEventMs ?? 0);
          }
          for (const one of rows) delivered.add(`${one.bootId}/${one.seq}`);
          position = admission.position;
        }
        expect([...news].sort()).toEqual([...delivered].sort());
        for (const boot of ['a', 'b']) {
          expect(
            known(position, boot, 50)
              .map((seq) => `${boot}/${seq}`)
              .sort(),
          ).toEqual([...delivered].filter((one) => one.startsWith(`${boot}/`)).sort());
        }
      }),
      { numRuns: 300 },
    );
  });
});
