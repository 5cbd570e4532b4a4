/**
 * Scores at a coarser level: a full chunk in some eight parts, each with its highest score, its mean and whether the alarm
 * stood, so that weeks are drawn from few small items and zooming out never hides a peak.
 */
import { CorruptDataError } from '../errors.ts';
import type { Segment } from '../window/rows.ts';
import { codeOf, isAlarmIn, levelIn, levelOf, noLevel, scoreOf } from './level.ts';

/** Scored rows that follow each other, or one of them. */
export interface ScorePart {
  /** Times of its first and last row, device clock. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  /** −log10 p. */
  readonly highest: number;
  readonly mean: number;
  readonly isAlarm: boolean;
}

const rowsOfPart = 32;
/** Parts of a chunk at most, but for those that gaps cut: a backlog can make a chunk of very many rows. */
const mostParts = 32;
/** Gaps that end a part, at most: the longest ones. */
const mostCuts = 16;
/** A pause of so many usual periods is a gap, as screening sees it. */
export const gapPeriods = 12;

/** The scored rows of segments as parts of one row each, oldest first. */
export function scoredRows(segments: readonly Segment[]): ScorePart[] {
  const rows: ScorePart[] = [];
  for (const segment of segments) {
    for (const [at, code] of (segment.scores ?? []).entries()) {
      if (code === noLevel) continue;
      const tMs = segment.rows[at]![0]!;
      const score = scoreOf(levelIn(code));
      rows.push({ fromMs: tMs, toMs: tMs, rows: 1, highest: score, mean: score, isAlarm: isAlarmIn(code) });
    }
  }
  return rows.sort((a, b) => a.fromMs - b.fromMs);
}

/** Some parts as one. Never empty. */
export function joined(parts: readonly ScorePart[]): ScorePart {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  return {
    fromMs: parts[0]!.fromMs,
    toMs: parts.at(-1)!.toMs,
    rows,
    highest: parts.reduce((most, part) => Math.max(most, part.highest), 0),
    mean: parts.reduce((sum, part) => sum + part.mean * part.rows, 0) / rows,
    isAlarm: parts.some(({ isAlarm }) => isAlarm),
  };
}

const pausesOf = (parts: readonly ScorePart[]): number[] =>
  parts.slice(1).map(({ fromMs }, at) => fromMs - parts[at]!.toMs);

/** Median pause between parts that follow each other, 0 where there is none. */
export const usualPauseMs = (parts: readonly ScorePart[]): number =>
  pausesOf(parts).sort((a, b) => a - b)[(parts.length - 1) >> 1] ?? 0;

/** Rows of a chunk by some 32, and cut at gaps. @param rows oldest first */
export function partsOfChunk(rows: readonly ScorePart[]): ScorePart[] {
  const pauses = pausesOf(rows);
  const usualMs = usualPauseMs(rows);
  const longest = pauses.filter((ms) => ms > gapPeriods * usualMs).sort((a, b) => b - a);
  const cutFromMs = longest.slice(0, mostCuts).at(-1) ?? Number.POSITIVE_INFINITY;
  const each = Math.max(rowsOfPart, Math.ceil(rows.length / mostParts));
  const parts: ScorePart[] = [];
  let begin = 0;
  for (let at = 1; at <= rows.length; at += 1) {
    if (at < rows.length && at - begin < each && pauses[at - 1]! < cutFromMs) continue;
    parts.push(joined(rows.slice(begin, at)));
    begin = at;
  }
  return parts;
}

const version = 1;

/** Some ten bytes a part: version, then each part's time since the last one, duration, rows, highest, mean with alarm. */
export function encodeParts(parts: readonly ScorePart[]): Uint8Array {
  const bytes = [version];
  let beforeMs = 0;
  for (const { fromMs, toMs, rows, highest, mean, isAlarm } of parts) {
    for (const whole of [fromMs - beforeMs, toMs - fromMs, rows, levelOf(highest), codeOf(levelOf(mean), isAlarm)])
      write(bytes, whole);
    beforeMs = toMs;
  }
  return Uint8Array.from(bytes);
}

/** @throws CorruptDataError when the bytes are no parts */
export function decodeParts(bytes: Uint8Array): ScorePart[] {
  const reader = { bytes, at: 1 };
  if (bytes[0] !== version) throw corrupt();
  const parts: ScorePart[] = [];
  let beforeMs = 0;
  while (reader.at < bytes.length) {
    const fromMs = beforeMs + read(reader);
    const toMs = fromMs + read(reader);
    const rows = read(reader);
    const highest = scoreOf(read(reader));
    const code = read(reader);
    parts.push({ fromMs, toMs, rows, highest, mean: scoreOf(levelIn(code)), isAlarm: isAlarmIn(code) });
    beforeMs = toMs;
  }
  return parts;
}

/** Whole numbers from 0 in seven bits a byte, the low ones first. */
function write(bytes: number[], whole: number): void {
  let left = whole;
  while (left > 127) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
}

function read(reader: { readonly bytes: Uint8Array; at: number }): number {
  let whole = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = reader.bytes[reader.at];
    reader.at += 1;
    if (byte === undefined || factor > Number.MAX_SAFE_INTEGER) throw corrupt();
    whole += (byte % 128) * factor;
    if (byte < 128) return whole;
  }
}

const corrupt = () =>
  new CorruptDataError('Stored scores do not read back as they were written.', { code: 'scores-corrupt' });
