import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assetRegistration } from '../../../lib/contracts/asset.ts';
import { type Arrival, checkAgainst, decodeRecord, isRefusal } from '../../../lib/core/ingest/decode.ts';

const now = Date.UTC(2026, 5, 1);
const good = {
  v: 1,
  asset: 'plant-1',
  bootId: 'b',
  seq: 0,
  sentAtMs: now,
  channels: ['p', 'q'],
  rows: [[now, 1, null]],
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const record = (payload: string, asset = 'plant-1') => ({
  sequenceNumber: '1',
  data: base64(JSON.stringify({ asset, payload: base64(payload), receivedAtMs: now, clientId: 'gw' })),
});
const decode = (change: object, asset?: string) => decodeRecord(record(JSON.stringify({ ...good, ...change }), asset));
const reasonOf = (result: ReturnType<typeof decodeRecord>): string => (isRefusal(result) ? result.reason : 'accepted');
const registration = assetRegistration.parse({
  v: 1,
  asset: 'plant-1',
  site: 's',
  pack: 'water-network',
  channels: [{ name: 'p', role: 'pressure' }],
});

describe('decoding a stream record', () => {
  test('a good message is accepted', () => {
    expect(decode({})).toMatchObject({ asset: 'plant-1', receivedAtMs: now, message: good });
  });

  test.each<[string, string, ReturnType<typeof decodeRecord>]>([
    ['no JSON in the record', 'bad-record', decodeRecord({ sequenceNumber: '1', data: base64('nonsense') })],
    ['no payload', 'bad-record', decodeRecord({ sequenceNumber: '1', data: base64('{"asset":"a","receivedAtMs":1}') })],
    ['a topic that is no asset', 'bad-topic', decode({}, '../etc')],
    ['an empty payload', 'not-json', decodeRecord(record(''))],
    ['cut JSON', 'not-json', decodeRecord(record('{"v":1,'))],
    ['NaN', 'not-json', decodeRecord(record(JSON.stringify(good).replace('1,null', 'NaN,null')))],
    ['an infinity', 'not-finite', decodeRecord(record(JSON.stringify(good).replace('1,null', '1e999,null')))],
    ['a huge payload', 'oversized', decodeRecord(record(' '.repeat(200_000)))],
    ['a huge record', 'oversized', decodeRecord({ sequenceNumber: '1', data: 'A'.repeat(1_000_000) })],
    ['deep nesting', 'too-deep', decodeRecord(record('['.repeat(50_000)))],
    ['an array', 'bad-shape', decodeRecord(record('[]'))],
    ['null', 'bad-shape', decodeRecord(record('null'))],
    ['a polluting key', 'forbidden-key', decodeRecord(record('{"__proto__":{"v":1},"v":1}'))],
    ['another version', 'wrong-version', decode({ v: 2 })],
    ['no version', 'wrong-version', decode({ v: undefined })],
    ['an unknown key', 'bad-shape', decode({ extra: 1 })],
    ['text for a number', 'bad-shape', decode({ rows: [[now, 'x', 1]] })],
    ['no rows', 'bad-shape', decode({ rows: [] })],
    ['a negative seq', 'bad-shape', decode({ seq: -1 })],
    ['another asset', 'asset-mismatch', decode({ asset: 'plant-2' })],
    ['a short row', 'row-width', decode({ rows: [[now, 1]] })],
    ['a repeated channel', 'repeated-channel', decode({ channels: ['p', 'p'] })],
    ['a row without time', 'bad-time', decode({ rows: [[null, 1, 2]] })],
    ['a fractional time', 'bad-time', decode({ rows: [[1.5, 1, 2]] })],
  ])('%s is refused as %s', (_, reason, result) => {
    expect(reasonOf(result)).toBe(reason);
    expect({}).not.toHaveProperty('v');
  });

  test('whatever the bytes, the answer is a value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(
          typeof reasonOf(decodeRecord({ sequenceNumber: '1', data: Buffer.from(bytes).toString('base64') })),
        ).toBe('string');
        expect(reasonOf(decodeRecord(record(Buffer.from(bytes).toString('latin1'))))).not.toBe('accepted');
      }),
    );
  });
});

describe('checking against the registration', () => {
  const at = (tMs: number, clockRate = 1) =>
    checkAgainst(decode({ rows: [[tMs, 1, 2]] }) as Arrival, { ...registration, clockRate })?.reason;
  const day = 86_400_000;

  test('times before 2000 and more than a day ahead are absurd, a little skew is not', () => {
    expect([at(now), at(now + day), at(now + day + 1), at(Date.UTC(1999, 11, 31)), at(0)]).toEqual([
      undefined,
      undefined,
      'bad-time',
      'bad-time',
      'bad-time',
    ]);
  });

  test('a fast clock may run ahead as far as thirty days of the wall clock take it', () => {
    expect(at(now + 60 * day, 60)).toBeUndefined();
    expect(at(now + day + 59 * 30 * day + 1, 60)).toBe('bad-time');
  });

  test('a message with no registered channel is refused, one with some is not', () => {
    expect(checkAgainst(decode({ channels: ['x', 'y'] }) as Arrival, registration)?.reason).toBe('unknown-channels');
    expect(
      checkAgainst(decode({ channels: ['x', 'y'] }) as Arrival, { ...registration, channels: [] }),
    ).toBeUndefined();
  });
});
