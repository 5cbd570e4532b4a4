/**
 * What a function finds when it starts for the first time: a registered, calibrated asset of nine channels with two days
 * of readings behind it, one of which screening has flagged. All generated, the same in every run.
 */
import { encodeState } from '../../lib/adapters/aws/state-store.ts';
import { type AssetState, assetRegistration } from '../../lib/contracts/asset.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import { makeFlag } from '../../lib/core/ingest/flags.ts';
import { fitCalibration } from '../../lib/core/screening/fit.ts';
import type { Series } from '../../lib/core/series.ts';
import { emptyHead } from '../../lib/core/window/compact.ts';
import { chunkKey } from '../../lib/core/window/keys.ts';
import { WindowStore } from '../../lib/core/window/window-store.ts';
import { town, townChannels, weekRows } from '../../test/models/water-network/support/town.ts';
import { MemoryBucket } from '../../test/support/memory-bucket.ts';

const asset = 'town-1';
const bootId = 'boot-1';
const windowRows = 192;
const leakRow = 168;
const flaggedRow = windowRows - 2;

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

export interface ColdWorld {
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** The asset's item in the state table, as DynamoDB writes it in JSON. */
  readonly item: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** First event of each function. */
  readonly events: Readonly<Record<'screen' | 'infer', unknown>>;
}

export async function coldWorld(): Promise<ColdWorld> {
  const bucket = new MemoryBucket();
  const documents = new Documents(bucket);
  const calibration = fitCalibration(town(0, weekRows));
  const calibrationHash = await documents.putCalibration(calibration);
  const registrationHash = await documents.putRegistration(
    assetRegistration.parse({ v: 1, asset, site: 'new-site', pack: 'water-network', channels: [...townChannels] }),
  );
  // A leak that begins six hours before the window's end.
  const days = town(weekRows, windowRows, { leakLps: 7, fromRow: leakRow });
  const channels = townChannels.map(({ name }) => name);
  const rows = rowsOf(days);
  await new WindowStore(bucket).putChunk(chunkKey(asset, 0), [{ bootId, seq: 0, channels, rows: rows.slice(0, -1) }]);
  const state: AssetState = {
    v: 1,
    asset,
    version: 0,
    registrationHash,
    calibrationHash,
    boots: [{ bootId, lastSeq: flaggedRow, missing: [] }],
    readings: rows.length - 1,
    firstEventMs: rows[0]![0]!,
    lastEventMs: rows[flaggedRow]![0]!,
    ...emptyHead,
    nextChunk: 1,
    tail: [],
    holds: [],
  };
  const flaggedMs = rows[flaggedRow]![0]!;
  const flag = makeFlag({
    asset,
    reason: 'onset',
    bootId,
    seq: flaggedRow,
    atMs: flaggedMs,
    sentAtMs: flaggedMs,
    receivedAtMs: flaggedMs,
    score: 6,
    pValue: 1e-6,
    topChannels: [{ name: 'zone-2-flow', share: 0.6 }],
    calibrationHash,
  });
  // What comes next is a reading as most are, which screening finds normal.
  const newest = rowsOf(town(weekRows, windowRows)).at(-1)!;
  const newestMs = newest[0]!;
  const message = { v: 1, asset, bootId, seq: flaggedRow + 1, sentAtMs: newestMs, channels, rows: [newest] };
  const data = base64({ asset, payload: base64(message), receivedAtMs: newestMs });
  const kinesis = { sequenceNumber: '1', data, approximateArrivalTimestamp: newestMs / 1000 };
  return {
    objects: bucket.objects,
    item: {
      asset: { S: asset },
      version: { N: '0' },
      state: { B: Buffer.from(encodeState(state)).toString('base64') },
    },
    events: {
      screen: { Records: [{ eventID: 'shardId-000000000000:1', kinesis }] },
      infer: { flag },
    },
  };
}

const rowsOf = ({ channels, timesMs, values }: Series): number[][] =>
  Array.from(timesMs, (tMs, at) => [tMs, ...values.subarray(at * channels.length, (at + 1) * channels.length)]);
