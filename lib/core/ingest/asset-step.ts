/** One asset's part of a batch, pure: from its state and rows to the rows to screen, then to its next state and flags. */
import type { AssetRegistration, AssetState } from '../../contracts/asset.ts';
import type { Calibration } from '../../contracts/calibration.ts';
import type { FlaggedSignal } from '../../contracts/flag.ts';
import { codeOf, levelOf } from '../scores/level.ts';
import { type RowCode, withScores } from '../scores/pending.ts';
import { type ScreenRequest, type ScreenResult, topChannelCount } from '../screening/types.ts';
import type { WindowHead } from '../window/compact.ts';
import type { Segment } from '../window/rows.ts';
import { type AlarmSpan, keptAlarms } from './alarm-spans.ts';
import type { Arrival } from './decode.ts';
import { makeFlag } from './flags.ts';
import { type Admission, admit, type SequencedRow } from './sequence.ts';

/** A row of a telemetry message with what a flag must say of it. */
export interface ArrivedRow extends SequencedRow {
  readonly sentAtMs: number;
  readonly channels: readonly string[];
  readonly cells: readonly (number | null)[];
}

export interface AssetDocuments {
  readonly registration: AssetRegistration;
  readonly calibration?: Calibration;
}

/** Scores are evidence in powers of ten; beyond this they say nothing more. */
const maxScore = 1e6;

/** The message as it is kept. */
export const segmentOf = ({ message }: Arrival): Segment => ({
  bootId: message.bootId,
  seq: message.seq,
  channels: message.channels,
  rows: message.rows,
});

export function rowsOf({ message, receivedAtMs }: Arrival): ArrivedRow[] {
  const { bootId, channels, sentAtMs } = message;
  return message.rows.map((cells, at) => ({
    bootId,
    seq: message.seq + at,
    tMs: cells[0]!,
    sentAtMs,
    receivedAtMs,
    channels,
    cells,
  }));
}

/** Whoever alone sends for as long as makes an asset silent is taken for its newest boot. */
export const admitRows = (
  { boots, lastEventMs, lateSinceMs }: AssetState,
  rows: readonly ArrivedRow[],
  { silenceAfterMs }: Pick<AssetRegistration, 'silenceAfterMs'>,
): Admission<ArrivedRow> => admit({ boots, lastEventMs, lateSinceMs }, rows, silenceAfterMs);

/** How far (event time) the clock was set back at each row that is earlier than the one before it. */
export function setBacks({ lastEventMs }: AssetState, { fresh }: Admission<ArrivedRow>): number[] {
  const before = (at: number): number => fresh[at - 1]?.tMs ?? lastEventMs ?? Number.NEGATIVE_INFINITY;
  return fresh.map(({ tMs }, at) => before(at) - tMs).filter((backMs) => backMs > 0);
}

/** What to screen, or `undefined` where there is nothing new or no calibration yet. */
export function screenRequestOf(
  state: AssetState,
  calibration: Calibration | undefined,
  fresh: readonly ArrivedRow[],
): ScreenRequest | undefined {
  if (calibration === undefined || fresh.length === 0) return undefined;
  const width = calibration.channels.length;
  const values = new Float64Array(fresh.length * width).fill(Number.NaN);
  const places = new Map<readonly string[], Int32Array>();
  for (const [at, { channels, cells }] of fresh.entries()) {
    let columns = places.get(channels);
    if (!columns) {
      columns = Int32Array.from(calibration.channels, ({ name }) => channels.indexOf(name));
      places.set(channels, columns);
    }
    for (let c = 0; c < width; c += 1) {
      const column = columns[c]!;
      if (column >= 0) values[at * width + c] = cells[column + 1] ?? Number.NaN;
    }
  }
  // A state goes with one calibration; after a change screening starts anew.
  const carried = state.calibrationHash?.startsWith(state.screen?.calibration ?? '-') ? state.screen : undefined;
  return { calibration, state: carried, rows: { timesMs: Float64Array.from(fresh, ({ tMs }) => tMs), values } };
}

export interface StepInput {
  readonly state: AssetState;
  readonly calibration: Calibration | undefined;
  readonly admission: Admission<ArrivedRow>;
  /** Absent where nothing was screened. */
  readonly screened: ScreenResult | undefined;
  /** The head as it is after compaction, without this batch. */
  readonly head: WindowHead;
  /** Reference of this batch. */
  readonly batch: string;
}

export interface Step {
  readonly next: AssetState;
  readonly flags: readonly FlaggedSignal[];
}

/** Whether there is anything to write for the asset at all. */
export const hasNews = ({ fresh, late }: Admission<ArrivedRow>): boolean => fresh.length + late.length > 0;

export function stepOf({ state, calibration, admission, screened, head, batch }: StepInput): Step {
  const { fresh, late, position } = admission;
  const rows = [...fresh, ...late];
  const { alarm, over, flags } =
    screened && calibration
      ? alarmsOf(state, calibration, fresh, screened, batch)
      : { alarm: state.alarm, over: [], flags: [] };
  const { silentSinceMs: _, alarm: __, open: ___, scores: ____, lateSinceMs: _____, ...kept } = state;
  const scores = withScores(head.scores, screened ? codesOf(fresh, screened.rows) : []);
  let firstEventMs = state.firstEventMs ?? Number.POSITIVE_INFINITY;
  let lastReceivedMs = state.lastReceivedMs ?? 0;
  for (const { tMs, receivedAtMs } of rows) {
    firstEventMs = Math.min(firstEventMs, tMs);
    lastReceivedMs = Math.max(lastReceivedMs, receivedAtMs);
  }
  const next: AssetState = {
    ...kept,
    ...head,
    version: state.version + 1,
    boots: [...position.boots],
    firstEventMs,
    ...(position.lastEventMs === undefined ? {} : { lastEventMs: position.lastEventMs }),
    lastReceivedMs,
    ...(position.lateSinceMs === undefined ? {} : { lateSinceMs: position.lateSinceMs }),
    readings: state.readings + rows.length,
    ...(screened ? { screen: screened.state } : {}),
    ...(alarm ? { alarm } : {}),
    ...(over.length > 0 ? { alarms: keptAlarms([...(state.alarms ?? []), ...over]) } : {}),
    ...(scores === undefined ? {} : { scores }),
    tail: [...head.tail, batch],
    tailRows: head.tailRows + rows.length,
  };
  return { next, flags };
}

/** Scores of rows in which anything was measured, for the history. */
function codesOf(fresh: readonly ArrivedRow[], { pValues, alarms }: ScreenResult['rows']): RowCode[] {
  const codes: RowCode[] = [];
  for (const [at, { bootId, seq, cells }] of fresh.entries()) {
    if (cells.every((cell, column) => column === 0 || cell === null)) continue;
    codes.push({ bootId, seq, code: codeOf(levelOf(-Math.log10(pValues[at]!)), alarms[at] === 1) });
  }
  return codes;
}

/**
 * Rows after an onset at which a standing alarm is decided again: an onset is often a row or two of evidence, and what it
 * means shows in the rows that follow. Few and ever further apart, so that one alarm costs few decisions.
 */
const lookAgainAfterRows = [4, 12, 48];

function alarmsOf(
  state: AssetState,
  calibration: Calibration,
  fresh: readonly ArrivedRow[],
  { rows }: ScreenResult,
  batch: string,
): { alarm: AssetState['alarm']; over: AlarmSpan[]; flags: FlaggedSignal[] } {
  let alarm = state.alarm;
  let lastMs = state.lastEventMs ?? Number.NEGATIVE_INFINITY;
  const over: AlarmSpan[] = [];
  const flags: FlaggedSignal[] = [];
  for (const [at, row] of fresh.entries()) {
    if (alarm && row.tMs < lastMs) {
      // The clock was set back in an alarm: what it was in alarm by the former clock is over, and by the new one it begins.
      if (lastMs >= alarm.atMs) over.push([alarm.atMs, lastMs + 1]);
      alarm = { ...alarm, atMs: Math.min(alarm.atMs, row.tMs) };
    }
    lastMs = row.tMs;
    const score = Math.min(Math.max(rows.scores[at]!, 0), maxScore);
    const standing = rows.alarms[at] === 1 ? alarm : undefined;
    const stands = standing ? standing.rows + 1 : 1;
    const isNew = rows.onsets[at] === 1;
    if (isNew || (standing && lookAgainAfterRows.includes(stands))) {
      flags.push(
        makeFlag({
          asset: state.asset,
          reason: isNew ? (standing ? 'growth' : 'onset') : 'persistence',
          bootId: row.bootId,
          seq: row.seq,
          atMs: row.tMs,
          sentAtMs: row.sentAtMs,
          receivedAtMs: row.receivedAtMs,
          score,
          pValue: Math.min(Math.max(rows.pValues[at]!, 0), 1),
          topChannels: topChannelsOf(calibration, rows, at),
          ...(state.calibrationHash === undefined ? {} : { calibrationHash: state.calibrationHash }),
          ...(standing ? { onset: { bootId: standing.bootId, seq: standing.seq } } : {}),
          batch,
        }),
      );
    }
    if (rows.alarms[at] !== 1) {
      if (alarm) over.push([alarm.atMs, row.tMs]);
      alarm = undefined;
    } else if (standing) alarm = { ...standing, score: Math.max(standing.score, score), rows: stands };
    else alarm = { bootId: row.bootId, seq: row.seq, atMs: row.tMs, score, rows: 1 };
  }
  return { alarm, over, flags };
}

function topChannelsOf(calibration: Calibration, rows: ScreenResult['rows'], at: number): FlaggedSignal['topChannels'] {
  const top: FlaggedSignal['topChannels'] = [];
  for (let i = 0; i < topChannelCount; i += 1) {
    const channel = rows.topChannels[at * topChannelCount + i]!;
    const share = rows.topShares[at * topChannelCount + i]!;
    if (channel >= 0) top.push({ name: calibration.channels[channel]!.name, share: Math.min(Math.max(share, 0), 1) });
  }
  return top;
}
