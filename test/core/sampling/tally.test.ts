/** The count of samples is that of reading all of them, at every moment, however writes fall into each other and die. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Sample, SampleTally } from '../../../lib/contracts/sample.ts';
import {
  announced,
  buildingFrom,
  builtFrom,
  countSamples,
  countsOf,
  idsInDoubt,
  isUnderWay,
  mostTouched,
  mostUnderWay,
  newTally,
  type SampleAt,
  SampleCount,
  settled,
  tidied,
} from '../../../lib/core/sampling/tally.ts';
import { inOrder, sampleOf } from '../../support/samples.ts';

const nowMs = 1_000;

/** A table of single items: each step of an actor reads or writes one of them. */
class Table {
  readonly samples = new Map<string, SampleAt>();
  tally: SampleTally | undefined;
  version = 0;

  put(tally: SampleTally, version: number): boolean {
    if (version !== this.version) return false;
    this.tally = tally;
    this.version += 1;
    return true;
  }

  get truth() {
    return inOrder(countSamples([...this.samples.values()].map(({ sample }) => sample)));
  }

  get counted() {
    return inOrder(this.tally && countsOf(this.tally, this.samples));
  }
}

type Actor = Generator<undefined, void>;

function* changing(table: Table, change: (tally: SampleTally) => Generator<undefined, SampleTally>): Actor {
  for (;;) {
    const [before, version] = [table.tally ?? newTally(nowMs), table.version];
    yield;
    const next = yield* change(before);
    if (next === before || table.put(next, version)) return;
    yield;
  }
}

/** Reads, announces, writes, settles; a put that finds another version changes nothing, as in the table. */
function* writing(table: Table, sample: Sample): Actor {
  const version = table.samples.get(sample.decisionId)?.version ?? 0;
  yield;
  yield* changing(table, function* (tally) {
    const there = isUnderWay(tally, sample.decisionId) ? undefined : table.samples.get(sample.decisionId);
    yield;
    return announced(tally, sample, version + 1, there, nowMs);
  });
  yield;
  const isWritten = (table.samples.get(sample.decisionId)?.version ?? 0) === version;
  if (isWritten) table.samples.set(sample.decisionId, { sample, version: version + 1 });
  yield;
  yield* changing(table, function* (tally) {
    const there = isWritten ? { sample, version: version + 1 } : table.samples.get(sample.decisionId);
    yield;
    return settled(tally, sample.decisionId, there);
  });
}

/** Counts all, one read after the other. */
function* building(table: Table): Actor {
  let began = -1;
  yield* changing(table, function* (tally) {
    began = table.version;
    yield;
    return buildingFrom(tally, began);
  });
  const count = new SampleCount();
  for (const { sample } of [...table.samples.values()]) {
    yield;
    const now = table.samples.get(sample.decisionId);
    if (now) count.add(now.sample);
  }
  yield;
  yield* changing(table, function* (tally) {
    if (tally.building?.began !== began) return tally;
    const there = new Map([...table.samples].filter(([id]) => idsInDoubt(tally).includes(id)));
    yield;
    return builtFrom(tally, count, there);
  });
}

const kindOf = { waiting: undefined, right: 'leak', wrong: 'normal' } as const;
/** Which sample is chosen, answered, answered otherwise or taken back to waiting; some writers die on the way. */
const write = fc.record({
  n: fc.nat(3),
  to: fc.constantFrom('waiting', 'right', 'wrong'),
  stepsToLive: fc.oneof({ weight: 3, arbitrary: fc.constant(99) }, { weight: 1, arbitrary: fc.nat(9) }),
});
const schedule = fc.array(fc.nat(), { minLength: 1, maxLength: 200 });

function run(
  actors: { readonly actor: Actor; stepsToLive: number }[],
  turns: readonly number[],
  look: () => void,
): void {
  let left = [...actors];
  for (let step = 0; left.length > 0; step += 1) {
    const one = left[(turns[step % turns.length]! + step) % left.length]!;
    one.stepsToLive -= 1;
    if (one.stepsToLive < 0 || one.actor.next().done) left = left.filter((each) => each !== one);
    look();
    if (step > 20_000) throw new Error('it never ends');
  }
}

describe('a tally from the beginning', () => {
  test('is the count of all samples at every step', () => {
    fc.assert(
      fc.property(fc.array(write, { minLength: 1, maxLength: 12 }), schedule, (writes, turns) => {
        const table = new Table();
        table.put({ ...newTally(nowMs), strata: [] }, 0);
        const actors = writes.map(({ n, to, stepsToLive }) => ({
          actor: writing(table, sampleOf(n, kindOf[to])),
          stepsToLive,
        }));
        run(actors, turns, () => expect(table.counted).toEqual(table.truth));
        table.put(tidied(table.tally!, table.samples), table.version);
        expect(table.counted).toEqual(table.truth);
      }),
      { numRuns: 300 },
    );
  });

  test('has nothing under way once all writers have ended, and ends of the same write count once', () => {
    const table = new Table();
    table.put({ ...newTally(nowMs), strata: [] }, 0);
    for (const kind of [undefined, 'leak', 'leak', 'normal', undefined, 'normal'])
      for (const _ of [1, 2]) for (const actor of [writing(table, sampleOf(1, kind))]) while (!actor.next().done);
    expect(table.tally).toMatchObject({ underWay: [] });
    expect(table.counted).toEqual([{ stratum: 'observe', rate: 0.5, selected: 1, answered: 1, wrong: 1 }]);
  });
});

describe('a tally of samples that were there before it', () => {
  test('is their count from when it is built, whatever was written meanwhile and whoever else builds it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('waiting', 'right', 'wrong'), { maxLength: 4 }),
        fc.array(write, { maxLength: 10 }),
        fc.array(fc.oneof(fc.constant(999), fc.nat(12)), { minLength: 1, maxLength: 3 }),
        schedule,
        (there, writes, builders, turns) => {
          const table = new Table();
          for (const [n, is] of there.entries()) {
            const sample = sampleOf(n, kindOf[is as keyof typeof kindOf]);
            table.samples.set(sample.decisionId, { sample, version: 3 });
          }
          const actors = [
            ...writes.map(({ n, to, stepsToLive }) => ({
              actor: writing(table, sampleOf(n, kindOf[to])),
              stepsToLive,
            })),
            ...builders.map((stepsToLive) => ({ actor: building(table), stepsToLive })),
          ];
          run(actors, turns, () => {
            if (table.tally?.strata) expect(table.counted).toEqual(table.truth);
          });
          for (const actor of [building(table)]) while (!actor.next().done);
          expect(table.counted).toEqual(table.truth);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('says nothing before it is built', () => {
    expect(countsOf(newTally(1), new Map())).toBeUndefined();
    expect(countsOf(buildingFrom(newTally(1), 4), new Map())).toBeUndefined();
  });
});

describe('limits', () => {
  test('too many under way are forgotten: it is counted anew, and not at once', () => {
    let tally: SampleTally = { ...newTally(1), strata: [] };
    for (let n = 0; n < mostUnderWay; n += 1) tally = announced(tally, sampleOf(n), 1, undefined, 2);
    expect(tally).toMatchObject({ sinceMs: 1, strata: [] });
    const next = announced(tally, sampleOf(mostUnderWay), 1, undefined, 2);
    expect(next).toEqual({ ...newTally(2), underWay: [expect.objectContaining({ versions: [1], outcome: 'none' })] });
  });

  test('nobody who counts is waited for longer than so many writes', () => {
    let tally = buildingFrom(newTally(1), 1);
    for (let n = 0; n <= mostTouched; n += 1) {
      expect(tally.building).toBeDefined();
      const there = { sample: sampleOf(n), version: 1 };
      tally = settled(announced(tally, there.sample, 1, undefined, 2), there.sample.decisionId, there);
    }
    expect(tally).toEqual(newTally(1));
  });

  test('a write that nobody announced, or that another one has settled, changes nothing', () => {
    const tally: SampleTally = { ...newTally(1), strata: [] };
    expect(settled(tally, sampleOf(1).decisionId, { sample: sampleOf(1), version: 1 })).toBe(tally);
    const waits = announced(tally, sampleOf(1), 2, undefined, 1);
    expect(settled(waits, sampleOf(1).decisionId, undefined)).toBe(waits);
  });
});
