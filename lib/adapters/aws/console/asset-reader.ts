/** Assets as the console reads them. */
import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type {
  AssetDetail,
  AssetSummary,
  Page,
  PageQuery,
  ReadingsQuery,
  ScoreHistory,
  ScoresQuery,
  Signal,
} from '../../../contracts/api.ts';
import type { AssetRegistration, AssetState } from '../../../contracts/asset.ts';
import type { Calibration } from '../../../contracts/calibration.ts';
import { assetId } from '../../../contracts/common.ts';
import { lazily } from '../../../contracts/lazily.ts';
import type { StandingOrder } from '../../../contracts/operations.ts';
import type { PackManifest } from '../../../contracts/pack.ts';
import { assetSummaryOf, calibrationViewOf, qualityOf } from '../../../core/console/asset-view.ts';
import { decodeCursor, encodeCursor } from '../../../core/console/cursor.ts';
import { chart, emptySignal } from '../../../core/console/signal.ts';
import { NotFoundError } from '../../../core/errors.ts';
import { rowCount } from '../../../core/series.ts';
import { newestSegments, readWindow } from '../../../core/window/read-window.ts';
import { batchGet, type Item } from '../batch-get.ts';
import { calibrationRecordAt } from '../calibration-store.ts';
import { dynamoStateStore, stateOf } from '../state-store.ts';
import { namesOf } from './names.ts';
import { marksAt, ordersNow } from './orders-reader.ts';
import { scoreHistory } from './score-reader.ts';
import { type ConsoleWorld, type ShownPack, tableAt } from './world.ts';

/** Kinds of cases that every pack knows. */
const commonKinds = ['anomaly', 'silence', 'manual'];
/** Rows that are looked at for the quality of data, and for a chart. */
const qualityRows = 500;
const maxChartRows = 20_000;
const allTimeMs = 10 * 366 * 86_400_000;

const registrationOf = (world: ConsoleWorld, state: AssetState): Promise<AssetRegistration> =>
  world.documents.registration(state.registrationHash);

/** @throws NotFoundError */
export async function assetState(world: ConsoleWorld, asset: string): Promise<AssetState> {
  const { client, table } = tableAt(world, 'state');
  const state = await dynamoStateStore(client, table).get(asset);
  if (!state) throw new NotFoundError(`There is no asset ${asset}.`, { code: 'asset-unknown' });
  return state;
}

/** The pack of that name; `undefined` where there is none. */
export async function packNamed(world: ConsoleWorld, pack: string | undefined): Promise<ShownPack | undefined> {
  const packs = await world.packs();
  return pack !== undefined && Object.hasOwn(packs, pack) ? packs[pack]! : undefined;
}

/** What the pack of that name says of itself; `undefined` where there is none. */
export const manifestOf = async (world: ConsoleWorld, pack: string | undefined): Promise<PackManifest | undefined> =>
  (await packNamed(world, pack))?.manifest;

async function summary(
  world: ConsoleWorld,
  state: AssetState,
  openCaseIds: readonly string[],
  orders: readonly StandingOrder[],
): Promise<AssetSummary> {
  const registration = await registrationOf(world, state);
  const { asset, site, zone } = registration;
  const withheld = marksAt(orders, { asset, site, zone }, world.now());
  const shown = assetSummaryOf(state, registration, {
    hasRemedies: ((await manifestOf(world, registration.pack))?.remedies.length ?? 0) > 0,
    openCaseIds,
    nowMs: world.now(),
  });
  return { ...shown, ...(withheld.length > 0 && { withheld }) };
}

const assetCursor = lazily(() => z.strictObject({ asset: assetId }));

/** States by table and asset with the bytes that they were read from: the same bytes are the same state. */
const decoded = new Map<string, { readonly bytes: Uint8Array; readonly state: AssetState }>();
const maxDecoded = 2_000;

/** Between two looks at a page few assets have sent, and to inflate and check a state is most of what a page takes. */
function decodedState(table: string, item: Item): AssetState {
  const key = `${table} ${item.asset?.S}`;
  const bytes = item.state?.B ?? new Uint8Array();
  const before = decoded.get(key);
  if (before && Buffer.compare(before.bytes, bytes) === 0) return before.state;
  const state = stateOf(item);
  if (decoded.size >= maxDecoded) decoded.clear();
  decoded.set(key, { bytes, state });
  return state;
}

/** A page of states in the order of the table. */
async function statesPage(
  world: ConsoleWorld,
  limit: number,
  start: string | undefined,
): Promise<{ states: AssetState[]; next?: string }> {
  const { client, table } = tableAt(world, 'state');
  const { Items, LastEvaluatedKey } = await client.send(
    new ScanCommand({
      TableName: table,
      Limit: limit,
      ...(start !== undefined && { ExclusiveStartKey: { asset: { S: start } } }),
    }),
  );
  const next = LastEvaluatedKey?.asset?.S;
  return { states: (Items ?? []).map((item) => decodedState(table, item)), ...(next !== undefined && { next }) };
}

export async function assetsPage(world: ConsoleWorld, query: PageQuery): Promise<Page<AssetSummary>> {
  const start = decodeCursor(assetCursor, query.cursor)?.asset;
  const { states, next } = await statesPage(world, query.limit, start);
  const [open, orders] = await Promise.all([openCaseIds(world, states), ordersNow(world)]);
  const items = await Promise.all(states.map((state) => summary(world, state, open.get(state.asset) ?? [], orders)));
  return { items, ...(next !== undefined && { nextCursor: encodeCursor({ asset: next }) }) };
}

/** Assets by name, at most `limit`, without their open cases. */
export async function someAssets(
  world: ConsoleWorld,
  limit: number,
): Promise<{ readonly assets: AssetSummary[]; readonly more: boolean }> {
  const states: AssetState[] = [];
  let start: string | undefined;
  do {
    const page = await statesPage(world, limit - states.length, start);
    states.push(...page.states);
    start = page.next;
  } while (start !== undefined && states.length < limit);
  const orders = await ordersNow(world);
  const assets = await Promise.all(states.map((state) => summary(world, state, [], orders)));
  return { assets: assets.sort((a, b) => (a.asset < b.asset ? -1 : 1)), more: start !== undefined };
}

/**
 * Open cases of assets, by the slots that these hold while they are open: one a family of kinds. Cases of an incident
 * belong to a place and are not among them.
 */
async function openCaseIds(
  world: ConsoleWorld,
  states: readonly AssetState[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { client, table } = tableAt(world, 'cases');
  const keys = await Promise.all(
    states.map(async (state): Promise<Record<string, AttributeValue>[]> => {
      const { pack } = await registrationOf(world, state);
      const manifest = await manifestOf(world, pack);
      const kinds = [...(manifest?.kinds ?? []), ...commonKinds];
      const families = new Set(kinds.map((kind) => manifest?.families[kind] ?? kind));
      return [...families].map((family) => ({ pk: { S: `slot#${state.asset}#${family}` }, sk: { S: 'slot' } }));
    }),
  );
  const open = new Map<string, string[]>();
  for (const item of await batchGet(client, table, keys.flat())) {
    const asset = item.pk!.S!.split('#')[1]!;
    const caseId = item.caseId?.S;
    if (caseId !== undefined && /^[0-9a-f]{64}$/.test(caseId)) open.set(asset, [...(open.get(asset) ?? []), caseId]);
  }
  return open;
}

async function calibrationOf(world: ConsoleWorld, state: AssetState): Promise<Calibration | undefined> {
  return state.calibrationHash === undefined ? undefined : await world.documents.calibration(state.calibrationHash);
}

export async function assetDetail(world: ConsoleWorld, asset: string): Promise<AssetDetail> {
  const state = await assetState(world, asset);
  const [registration, calibration, stored, open, orders] = await Promise.all([
    registrationOf(world, state),
    calibrationOf(world, state),
    calibrationRecordAt(tableAt(world, 'operations'), asset),
    openCaseIds(world, [state]),
    ordersNow(world),
  ]);
  const nameOf = await namesOf(world, [stored?.record.wish?.by]);
  const [{ series: window }, newest] = await Promise.all([
    readWindow(world.windows, state, { channels: registration.channels, maxMs: allTimeMs, maxRows: qualityRows }),
    newestSegments(world.windows, state),
  ]);
  const delivered = newest.at(-1)?.channels ?? [];
  return {
    ...(await summary(world, state, open.get(asset) ?? [], orders)),
    registration,
    ...(calibration &&
      state.calibrationHash !== undefined && {
        calibration: calibrationViewOf(state.calibrationHash, calibration, stored?.record, nameOf),
      }),
    quality: qualityOf(state, { window, calibration, registration, delivered }),
    ...(state.alarm && {
      alarm: { atMs: state.alarm.atMs, score: state.alarm.score, rows: state.alarm.rows },
    }),
    holds: state.holds,
  };
}

/** Readings of a span, from the newest back; what lies farther back than is read at once is left out, and it says so. */
export async function readings(world: ConsoleWorld, asset: string, query: ReadingsQuery): Promise<Signal> {
  const state = await assetState(world, asset);
  const registration = await registrationOf(world, state);
  const newestMs = state.lastEventMs;
  if (newestMs === undefined) return emptySignal(world.now());
  const toMs = Math.min(query.toMs ?? newestMs, newestMs);
  const window = await readWindow(world.windows, state, {
    channels: registration.channels,
    maxMs: query.fromMs === undefined ? allTimeMs : Math.max(0, newestMs - query.fromMs),
    maxRows: query.fromMs === undefined ? query.points : maxChartRows,
  });
  const { series } = window;
  const rows = [...series.timesMs.keys()].filter((row) => series.timesMs[row]! <= toMs);
  const width = series.channels.length;
  const shown = {
    channels: series.channels,
    timesMs: series.timesMs.slice(0, rows.length),
    values: series.values.slice(0, rows.length * width),
  };
  const calibration = await calibrationOf(world, state);
  if (rows.length === 0) return { ...emptySignal(toMs), fromMs: query.fromMs ?? toMs };
  return {
    fromMs: shown.timesMs[0]!,
    toMs: shown.timesMs.at(-1)!,
    channels: chart(shown, {
      channels: shown.channels.map(({ name }) => name),
      points: query.points,
      calibration,
    }),
    alarms: state.alarm ? [{ atMs: state.alarm.atMs, kind: 'anomaly' }] : [],
    partial: rowCount(series) >= maxChartRows,
  };
}

/** Scores of a span, however many readings it has. */
export async function scores(world: ConsoleWorld, asset: string, query: ScoresQuery): Promise<ScoreHistory> {
  const state = await assetState(world, asset);
  return await scoreHistory(world, state, await calibrationOf(world, state), query);
}
