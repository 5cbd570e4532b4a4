/** The live path when a device's clock is set: no row is lost, and what comes then is screened. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StreamRecord } from '../../../lib/core/ingest/decode.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { KnownStates } from '../../../lib/core/ingest/known-states.ts';
import { type ScreenReport, screenStreamBatch } from '../../../lib/core/ingest/screen-batch.ts';
import { fitCalibration } from '../../../lib/core/screening/fit.ts';
import { calibrationHash, openCalibration } from '../../../lib/core/screening/open.ts';
import { screenBatch } from '../../../lib/core/screening/screen.ts';
import { unpackState } from '../../../lib/core/screening/state.ts';
import { decodeRawBatch } from '../../../lib/core/window/rows.ts';
import { WindowStore } from '../../../lib/core/window/window-store.ts';
import { dayMs, hourMs, type Process, periodMs, processOf, rowsADay, withFault } from '../../support/clock-steps.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { normalSeries, onnxEngine, slice } from '../../support/screening.ts';
import { base64 } from '../../support/stream-records.ts';

const engine = await onnxEngine();
const messageRows = 4;
const batchMessages = 6;

/** What the device says of a row: the boot, the number and the time of its clock. */
interface Stamp {
  readonly bootId: string;
  readonly seq: number;
  readonly tMs: number;
}
type Stamps = readonly Stamp[];

/** The device sends its rows; a message comes when its last row was measured, whatever the clock says. */
function recordsOf({ live }: Process, stamps: Stamps): StreamRecord[] {
  const width = live.channels.length;
  return Array.from({ length: Math.ceil(stamps.length / messageRows) }, (_, message) => {
    const first = message * messageRows;
    const own = stamps.slice(first, first + messageRows);
    const payload = JSON.stringify({
      v: 1,
      asset: 'x',
      bootId: own[0]!.bootId,
      seq: own[0]!.seq,
      sentAtMs: own.at(-1)!.tMs,
      channels: live.channels.map(({ name }) => name),
      rows: own.map(({ tMs }, at) => [tMs, ...live.values.subarray((first + at) * width, (first + at + 1) * width)]),
    });
    const receivedAtMs = live.timesMs[first + own.length - 1]! + 100;
    const record = { asset: 'x', payload: base64(payload), receivedAtMs, clientId: 'gateway' };
    return { sequenceNumber: String(message), data: base64(JSON.stringify(record)) };
  });
}

type Counts = Record<'readings' | 'late' | 'setBack' | 'duplicates' | 'quarantined' | 'flags', number>;

async function sent(plant: Process, records: readonly StreamRecord[]) {
  const world = new MemoryWorld();
  const { calibration } = plant;
  await new Documents(world.objects).putCalibration(calibration);
  await world.register('x', { calibrationHash: calibrationHash(calibration) });
  const ports = {
    states: world.states,
    known: new KnownStates(),
    documents: new Documents(world.store),
    windows: new WindowStore(world.store),
    objects: world.store,
    scores: world.scores,
    flags: world.flags,
    bus: world.bus,
    screen: (requests: Parameters<typeof screenBatch>[1]) => screenBatch(engine, requests),
    now: () => plant.live.timesMs.at(-1)!,
    onProblem: ({ error }: { error: unknown }) => {
      throw error;
    },
  };
  const counts: Counts = { readings: 0, late: 0, setBack: 0, duplicates: 0, quarantined: 0, flags: 0 };
  for (let from = 0; from < records.length; from += batchMessages) {
    const batch = {
      records: records.slice(from, from + batchMessages),
      batchId: `b${from}`,
      atMs: plant.live.timesMs[0]!,
    };
    const report: ScreenReport = await screenStreamBatch(ports, batch);
    expect(report.failures).toEqual([]);
    for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += report[name];
    const { screen } = world.readState('x')!;
    if (screen) unpackState(openCalibration(calibration), screen);
  }
  return { world, counts, screenedRows: world.readState('x')!.screen?.rows ?? 0, flagged: flaggedRows(world) };
}

const flaggedRows = (world: MemoryWorld): string[] =>
  [...world.flagItems.values()].map(({ flag }) => `${flag.bootId}/${flag.seq}`);

/** Rows of the raw batches and of the quarantine, as `boot/number`, and the reasons of the latter. */
async function keptRows(world: MemoryWorld) {
  const rows = new Set<string>();
  const reasons = new Set<string>();
  for (const [key, bytes] of world.objects.objects) {
    if (key.startsWith('raw/'))
      for (const { bootId, seq, rows: own } of decodeRawBatch(bytes).get('x') ?? [])
        for (const at of own.keys()) rows.add(`${bootId}/${seq + at}`);
    if (!key.startsWith('quarantine/')) continue;
    for (const { data, reason } of JSON.parse(Buffer.from(bytes).toString()).records) {
      reasons.add(reason);
      const { payload } = JSON.parse(Buffer.from(data, 'base64').toString());
      const message = JSON.parse(Buffer.from(payload, 'base64').toString());
      for (const at of message.rows.keys()) rows.add(`${message.bootId}/${message.seq + at}`);
    }
  }
  return { rows, reasons: [...reasons] };
}

const days = 24;
const stepAt = 3 * rowsADay;
const faultAt = 20 * rowsADay;
const plant = processOf(2, days);
const faulty = withFault(plant, faultAt);
const isBetween = (row: number, from: number, to: number): boolean => row >= from && row < to;
/** One boot, whose clock is off by what is said of each row. */
const stampsOf = (offMs: (row: number) => number): Stamps =>
  [...plant.live.timesMs].map((timeMs, row) => ({ bootId: 'boot-1', seq: row, tMs: timeMs + offMs(row) }));
const forGood = (stepMs: number) => stampsOf((row) => (row >= stepAt ? stepMs : 0));
const aDay = (stepMs: number) => stampsOf((row) => (isBetween(row, stepAt, stepAt + rowsADay) ? stepMs : 0));
/** The clock is set back while the device starts anew. */
const restarted = (stepMs: number): Stamps =>
  forGood(stepMs).map((stamp, row) => (row < stepAt ? stamp : { ...stamp, bootId: 'boot-2', seq: row - stepAt }));

const usual = sent(plant, recordsOf(plant, forGood(0)));
const hour = rowsADay / 24;
/** One message is stamped 20 hours ahead; the clock is right before and after it. */
const glitch = stampsOf((row) => (isBetween(row, stepAt, stepAt + messageRows) ? 20 * hourMs : 0));
const cases: readonly (readonly [string, Stamps, { late?: number; quarantined?: number; moreFlags: number }])[] = [
  ['is set 5 s forward', forGood(5000), { moreFlags: 0 }],
  ['is set 5 s back', forGood(-5000), { moreFlags: 0 }],
  ['is set an hour back and right again after a day', aDay(-hourMs), { moreFlags: 15 }],
  ['is set a day back', forGood(-dayMs), { moreFlags: 2 }],
  ['is set a day back by a device that starts anew', restarted(-dayMs), { late: hour, moreFlags: 2 }],
  ['is a day ahead for a day', aDay(dayMs), { moreFlags: 2 }],
  ['is 20 hours ahead for one message', glitch, { moreFlags: 2 }],
  ['is 25 hours ahead for a day', aDay(dayMs + hourMs), { quarantined: rowsADay / messageRows, moreFlags: 2 }],
  ['is at 1970 for a day', aDay(-plant.live.timesMs[0]!), { quarantined: rowsADay / messageRows, moreFlags: 2 }],
];

describe.each(cases)('where a clock %s', (_, stamps, { late = 0, quarantined = 0, moreFlags }) => {
  test('every row is screened, or counted as late or in quarantine, and kept', async () => {
    const { world, counts, screenedRows } = await sent(plant, recordsOf(plant, stamps));
    const refused = quarantined * messageRows;
    expect(counts).toMatchObject({ readings: stamps.length - refused, late, quarantined, duplicates: 0 });
    expect(screenedRows).toBe(stamps.length - late - refused);
    expect(counts.flags).toBeLessThanOrEqual((await usual).counts.flags + moreFlags);
    const kept = await keptRows(world);
    expect(kept.rows.size).toBe(stamps.length);
    expect(kept.reasons).toEqual(quarantined > 0 ? ['bad-time'] : []);
  });

  test('a fault is flagged within an hour, later on', async () => {
    const { flagged } = await sent(faulty, recordsOf(faulty, stamps));
    const firstRows = stamps.slice(faultAt, faultAt + hour).map(({ bootId, seq }) => `${bootId}/${seq}`);
    expect(flagged.filter((row) => firstRows.includes(row))).not.toEqual([]);
  });
});

const flaggedWithinAnHour = async (stamps: Stamps, from: number): Promise<string[]> => {
  const bad = withFault(plant, from);
  const { flagged } = await sent(bad, recordsOf(bad, stamps));
  const firstRows = stamps.slice(from, from + hour).map(({ bootId, seq }) => `${bootId}/${seq}`);
  return flagged.filter((row) => firstRows.includes(row));
};

describe('no fault is hidden', () => {
  test.each([
    ['begins eight hours after a message of a clock that was 20 hours ahead', glitch, stepAt + messageRows + 8 * hour],
    ['begins as the clock is set back by an hour', forGood(-hourMs), stepAt],
    ['begins two hours after a device started anew a day back', restarted(-dayMs), stepAt + 2 * hour],
  ])('that %s', async (_, stamps, from) => {
    expect(await flaggedWithinAnHour(stamps, from)).not.toEqual([]);
  });
});

describe('a clock that is set', () => {
  test.each([
    ['forward', 5000, 0],
    ['back', -5000, 1],
  ])(
    'by 5 s %s, where rows come each second: all are screened, and a step back is counted',
    async (_, stepMs, setBack) => {
      const series = normalSeries(4, { rows: 800, channels: 2 });
      const fast = { calibration: fitCalibration(slice(series, 0, 400)), live: slice(series, 400, 800) };
      const stamps = [...fast.live.timesMs].map((timeMs, row) => ({
        bootId: 'boot-1',
        seq: row,
        tMs: row < 101 ? timeMs : timeMs + stepMs,
      }));
      const { counts, screenedRows } = await sent(fast, recordsOf(fast, stamps));
      expect(counts).toMatchObject({ readings: 400, late: 0, setBack, duplicates: 0, quarantined: 0 });
      expect(screenedRows).toBe(400);
    },
  );

  test('and rows that come again with other times are repeats: the first ones count', async () => {
    const records = recordsOf(plant, forGood(-hourMs));
    const from = stepAt / messageRows;
    // A gateway sends the last day once more, by the clock that it has now.
    const again = recordsOf(
      plant,
      stampsOf(() => -hourMs),
    ).slice(from - rowsADay / messageRows, from);
    const renumbered = [...records.slice(0, from), ...again, ...records.slice(from)].map((record, at) => ({
      ...record,
      sequenceNumber: String(at),
    }));
    const { world, counts, screenedRows } = await sent(plant, renumbered);
    expect(counts).toMatchObject({ readings: plant.live.timesMs.length, late: 0, setBack: 1, duplicates: rowsADay });
    expect(screenedRows).toBe(plant.live.timesMs.length);
    expect(world.readState('x')!.boots).toEqual([
      { bootId: 'boot-1', lastSeq: plant.live.timesMs.length - 1, missing: [] },
    ]);
  });

  test('at any moment by anything: rows add up, and the state stays readable', async () => {
    const short = processOf(3, 2, 1);
    const rows = short.live.timesMs.length;
    const stepMs = fc.oneof(
      fc.constantFrom(0, 5000, -5000, hourMs, -hourMs, dayMs, -dayMs, 26 * hourMs, -40 * 365 * dayMs, periodMs),
      fc.integer({ min: -2 * dayMs, max: 2 * dayMs }),
    );
    const step = fc.record({ row: fc.integer({ min: 0, max: rows - 1 }), stepMs, restarts: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        let boot = 0;
        let seq = 0;
        let offMs = 0;
        const stamps = [...short.live.timesMs].map((timeMs, row) => {
          for (const one of steps) {
            if (one.row !== row) continue;
            offMs = one.stepMs;
            // A message is of one boot, so a device starts anew between two of them.
            if (one.restarts && row % messageRows === 0) {
              boot += 1;
              seq = 0;
            }
          }
          seq += 1;
          return { bootId: `boot-${boot}`, seq: seq - 1, tMs: timeMs + offMs };
        });
        const { world, counts, screenedRows } = await sent(short, recordsOf(short, stamps));
        expect(counts.readings + counts.quarantined * messageRows).toBe(rows);
        expect(screenedRows).toBe(counts.readings - counts.late);
        expect((await keptRows(world)).rows.size).toBe(rows);
      }),
      { numRuns: 40 },
    );
  });
});
