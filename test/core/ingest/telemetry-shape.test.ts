import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ingestRecord, telemetry } from '../../../lib/contracts/telemetry.ts';
import { parseIngestRecord, parseTelemetry } from '../../../lib/core/ingest/telemetry-shape.ts';

const good = {
  v: 1,
  asset: 'pump-7',
  bootId: 'b1',
  seq: 0,
  sentAtMs: 1_700_000_000_000,
  channels: ['a', 'b'],
  rows: [[1_700_000_000_000, 1.5, null]],
};

/** Values that a device, a fault or an attacker may put anywhere; of the kinds that JSON can bring. */
const anything = fc.oneof(
  fc.constantFrom(null, true, '', 'a', 'a\nb', 'a,b', '1', 1, -0, 1.5, 1e308, Number.POSITIVE_INFINITY, -1),
  fc.constantFrom([], {}, ['a'], [['a']], [1, 2], { length: 2, 0: 1, 1: 2 }),
  fc.jsonValue(),
);
const cell = fc.oneof({ weight: 20, arbitrary: fc.oneof(fc.double(), fc.constant(null)) }, anything);
const rows = fc.array(fc.array(cell, { maxLength: 5 }), { maxLength: 4 });
const channels = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', 'a\nb', '', 'Flow 1'), anything), { maxLength: 4 });
const message = fc.record({ rows: fc.oneof(rows, anything), channels: fc.oneof(channels, anything) }).chain((parts) =>
  fc.oneof(
    fc.constant({ ...good, ...parts }),
    fc.record({ key: fc.constantFrom(...Object.keys(good), 'extra'), value: anything }).map(({ key, value }) => ({
      ...good,
      ...parts,
      [key]: value,
    })),
    anything,
  ),
);

function agree(fast: { success: boolean; data?: unknown; error?: unknown }, slow: typeof fast): void {
  expect(fast.success).toBe(slow.success);
  expect(JSON.stringify(fast.data)).toBe(JSON.stringify(slow.data));
  expect(JSON.stringify(fast.error)).toBe(JSON.stringify(slow.error));
}

test('takes and refuses what the schema of telemetry takes and refuses, and gives the same', () => {
  fc.assert(
    fc.property(message, (body) => agree(parseTelemetry(body), telemetry.safeParse(body))),
    { numRuns: 3000 },
  );
});

test('a good message passes, also the second time, and shares its list of channels with the first', () => {
  const [first, second] = [parseTelemetry(good), parseTelemetry(structuredClone(good))];
  expect(first.data).toEqual(good);
  expect(second.data).toEqual(good);
  expect(second.data!.channels).toBe(first.data!.channels);
});

test.each([
  ['a name with a line break stands for two', { channels: ['a\nb'] }],
  ['a list inside the list', { channels: [['a', 'b']] }],
  ['too many rows', { rows: Array.from({ length: 257 }, () => [1, 2]) }],
  ['too many channels', { channels: Array.from({ length: 257 }, (_, at) => `c${at}`) }],
  ['a row without values', { rows: [[1]] }],
  ['an infinite cell', { rows: [[1, Number.POSITIVE_INFINITY]] }],
])('refuses as the schema does: %s', (_, part) => {
  parseTelemetry(good);
  const body = { ...good, ...part };
  expect(parseTelemetry(body).success).toBe(false);
  agree(parseTelemetry(body), telemetry.safeParse(body));
});

const base64 = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.base64String(),
  fc.constantFrom('QR==', 'QQ=', 'QQ', 'Q Q=', 'QQ==\n', '-_-_', '====', 'QQ==QQ=='),
  anything,
);

test('takes and refuses what the schema of a record takes and refuses, and gives the same', () => {
  const record = fc.record({
    asset: fc.oneof(fc.constant('pump-7'), anything),
    payload: base64,
    receivedAtMs: fc.oneof(fc.constant(1_700_000_000_000), anything),
    clientId: fc.oneof(fc.constant('pump-7'), anything),
  });
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: record }, anything), (body) => {
      const { bytes, ...fast } = parseIngestRecord(body);
      agree(fast, ingestRecord.safeParse(body));
      if (fast.success && bytes) expect(bytes).toEqual(Buffer.from(fast.data.payload, 'base64'));
    }),
    { numRuns: 3000 },
  );
});
