/** The text of a file piece by piece: packed or not, in UTF-8, UTF-16 or the one-byte code of older Windows programs. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { CsvError } from '../../lib/core/csv/csv-error.ts';

const pieceBytes = 256 * 1024;

/**
 * @param onBytes told how many bytes of the file were read
 * @throws CsvError where the file holds no text or is damaged
 */
export async function* textOf(path: string, onBytes: (bytes: number) => void): AsyncGenerator<string> {
  const start = await firstBytes(path);
  if (start.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004')
    throw new CsvError(path, 0, 'this is a spreadsheet or a ZIP file; export the table as CSV');
  const raw = createReadStream(path, { highWaterMark: pieceBytes });
  raw.on('data', (piece) => onBytes(piece.length));
  const packed = start[0] === 0x1f && start[1] === 0x8b;
  const stream = packed ? raw.pipe(createGunzip({ chunkSize: pieceBytes })) : raw;
  if (packed) raw.on('error', (error) => stream.destroy(error));
  let decoder: ReturnType<typeof decoderOf> | undefined;
  // Lines that end in a carriage return alone.
  let oldLineEnds = false;
  try {
    for await (const piece of stream) {
      const first = decoder === undefined;
      decoder ??= decoderOf(piece as Buffer);
      const text = decoder.decode(piece as Buffer, { stream: true });
      if (first) oldLineEnds = text.includes('\r') && !text.includes('\n');
      yield oldLineEnds ? text.replaceAll('\r', '\n') : text;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('Z_')) throw error;
    throw new CsvError(path, 0, `the packed file is damaged or not whole (${message})`);
  } finally {
    raw.destroy();
  }
  yield decoder?.decode() ?? '';
}

/** Bytes of a file's end in which its last lines are sought. */
const endBytes = 64 * 1024;

/** The last whole lines of a file. Of a packed one, or one in UTF-16, all is read for them and little is held. */
export async function endOf(path: string): Promise<string> {
  const start = await firstBytes(path);
  const packed = start[0] === 0x1f && start[1] === 0x8b;
  const wide = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  let end = '';
  if (packed || wide) for await (const text of textOf(path, () => undefined)) end = (end + text).slice(-endBytes);
  else {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const length = Math.min(size, endBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      end = buffer.subarray(0, bytesRead).toString('latin1');
    } finally {
      await file.close();
    }
  }
  const lines = end.includes('\n') ? end : end.replaceAll('\r', '\n');
  return lines.slice(lines.indexOf('\n') + 1);
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function decoderOf(piece: Buffer) {
  if (piece[0] === 0xff && piece[1] === 0xfe) return new TextDecoder('utf-16le');
  if (piece[0] === 0xfe && piece[1] === 0xff) return new TextDecoder('utf-16be');
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(piece, { stream: true });
    return new TextDecoder();
  } catch {
    return new TextDecoder('windows-1252');
  }
}

/** All of it; for files that are small. */
export async function wholeText(path: string): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of textOf(path, () => undefined)) pieces.push(piece);
  return pieces.join('');
}
