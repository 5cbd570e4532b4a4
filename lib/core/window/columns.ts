/**
 * Numbers of one kind packed tightly and without loss: readings come with few decimals and change little from row to
 * row, so a column is kept as differences of whole numbers, byte plane by byte plane, which deflate then shortens well.
 */
import { CorruptDataError } from '../errors.ts';

/** First byte of a column: its decimals, or these. */
const missingBit = 0x40;
const asDoubles = 0x80;
const maxDecimals = 12;
/** Differences beyond this are not whole in a double's sum. */
const largest = 2 ** 51;
const maxPlanes = 7;

const powers = Array.from({ length: maxDecimals + 1 }, (_, decimals) => 10 ** decimals);

/** The value as a whole number of 10^−decimals, NaN where it is none. */
function wholeOf(value: number, power: number): number {
  const whole = Math.round(value * power);
  return Math.abs(whole) < largest && whole / power === value ? whole : Number.NaN;
}

/** Fewest decimals that hold every value of the column; undefined where none do. */
function decimalsOf(column: Float64Array): number | undefined {
  let decimals = 0;
  for (const value of column) {
    if (Number.isNaN(value)) continue;
    while (Number.isNaN(wholeOf(value, powers[decimals]!))) {
      decimals += 1;
      if (decimals > maxDecimals) return undefined;
    }
  }
  // A value with few decimals may be no whole number of more of them: 0.1 + rounding.
  for (const value of column) {
    if (!Number.isNaN(value) && Number.isNaN(wholeOf(value, powers[decimals]!))) return undefined;
  }
  return decimals;
}

/** @param column NaN is a missing cell; −0 is kept as 0, as in JSON */
export function packColumn(column: Float64Array): Uint8Array {
  const rows = column.length;
  const decimals = decimalsOf(column);
  if (decimals === undefined) {
    const bytes = Buffer.alloc(1 + 8 * rows);
    bytes[0] = asDoubles;
    for (let row = 0; row < rows; row += 1) bytes.writeDoubleLE(column[row]! + 0, 1 + 8 * row);
    return bytes;
  }
  const power = powers[decimals]!;
  const zigzags = new Float64Array(rows);
  const mask = new Uint8Array(Math.ceil(rows / 8));
  let hasMissing = false;
  let before = 0;
  let most = 0;
  for (let row = 0; row < rows; row += 1) {
    const value = column[row]!;
    if (Number.isNaN(value)) {
      mask[row >> 3]! |= 1 << (row & 7);
      hasMissing = true;
      continue;
    }
    const whole = wholeOf(value, power);
    const difference = whole - before;
    before = whole;
    zigzags[row] = difference < 0 ? -2 * difference - 1 : 2 * difference;
    // The first stands apart, or its size would cost a plane of every row.
    if (row > 0) most = Math.max(most, zigzags[row]!);
  }
  let planes = 0;
  while (256 ** planes <= most) planes += 1;
  const bytes = Buffer.alloc(2 + maxPlanes + (hasMissing ? mask.length : 0) + planes * (rows - 1));
  bytes[0] = decimals | (hasMissing ? missingBit : 0);
  bytes[1] = planes;
  writeBytes(bytes, 2, zigzags[0] ?? 0, maxPlanes, 1);
  let at = 2 + maxPlanes;
  if (hasMissing) {
    bytes.set(mask, at);
    at += mask.length;
  }
  for (let row = 1; row < rows; row += 1) writeBytes(bytes, at + row - 1, zigzags[row]!, planes, rows - 1);
  return bytes;
}

function writeBytes(bytes: Uint8Array, at: number, value: number, count: number, stride: number): void {
  let left = value;
  for (let plane = 0; plane < count; plane += 1) {
    const low = left % 256;
    bytes[at + plane * stride] = low;
    left = (left - low) / 256;
  }
}

function readBytes(bytes: Uint8Array, at: number, count: number, stride: number): number {
  let value = 0;
  for (let plane = count - 1; plane >= 0; plane -= 1) value = value * 256 + bytes[at + plane * stride]!;
  return value;
}

/** Reads columns one after another. */
export class ColumnReader {
  private readonly bytes: Buffer;
  private at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** @throws CorruptDataError where no column of so many rows (at least one) lies */
  next(rows: number): Float64Array {
    const head = this.take(1)[0]!;
    const column = new Float64Array(rows);
    if (head === asDoubles) {
      const doubles = this.take(8 * rows);
      for (let row = 0; row < rows; row += 1) column[row] = doubles.readDoubleLE(8 * row);
      return column;
    }
    const decimals = head & ~missingBit;
    const planes = this.take(1)[0]!;
    if (decimals > maxDecimals || planes > maxPlanes) throw corrupt();
    const first = readBytes(this.take(maxPlanes), 0, maxPlanes, 1);
    const mask = head & missingBit ? this.take(Math.ceil(rows / 8)) : undefined;
    const body = this.take(planes * (rows - 1));
    const power = powers[decimals]!;
    let whole = 0;
    for (let row = 0; row < rows; row += 1) {
      if (mask && mask[row >> 3]! & (1 << (row & 7))) {
        column[row] = Number.NaN;
        continue;
      }
      const zigzag = row === 0 ? first : readBytes(body, row - 1, planes, rows - 1);
      whole += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      column[row] = whole / power;
    }
    return column;
  }

  private take(length: number): Buffer {
    const end = this.at + length;
    if (end > this.bytes.length) throw corrupt();
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}

const corrupt = () =>
  new CorruptDataError('Stored columns do not read back as they were written.', { code: 'columns-corrupt' });
