import { appendFile, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppendLog } from '../../../local/stream/append-log.ts';
import { KeyedJournal } from '../../../local/stream/keyed-journal.ts';
import { temporaryFolder } from '../support/temp.ts';

const folder = temporaryFolder();
const all = { records: 1_000_000, bytes: 64 * 1024 * 1024 };

async function everything(log: AppendLog): Promise<string[]> {
  const lines: string[] = [];
  for (let at = log.start; at < log.end; ) {
    const records = await log.read(at, { records: 3, bytes: 64 });
    lines.push(...records.map((record) => record.line));
    at = records.at(-1)!.next;
  }
  return lines;
}

describe('AppendLog', () => {
  test('gives back what was appended, in order, across segments and a restart', async () => {
    const lines = Array.from({ length: 200 }, (_, index) => `line ${index} ${'ä'.repeat(index % 40)}`);
    const log = await AppendLog.open({ dir: folder(), segmentBytes: 700 });
    const offsets: number[] = [];
    for (const line of lines) offsets.push(await log.append(line));
    expect(await everything(log)).toEqual(lines);
    await log.close();
    expect((await readdir(folder())).length).toBeGreaterThan(5);

    const again = await AppendLog.open({ dir: folder(), segmentBytes: 700 });
    expect(await everything(again)).toEqual(lines);
    expect((await again.read(offsets[150]!, { records: 1, bytes: 10 }))[0]!.line).toBe(lines[150]);
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    await again.close();
  });

  test('appends at once keep their order and get the offsets they can be read at', async () => {
    const log = await AppendLog.open({ dir: folder() });
    const offsets = await Promise.all(Array.from({ length: 500 }, (_, index) => log.append(`n${index}`)));
    for (const [index, offset] of offsets.entries()) {
      if (index % 50 === 0) expect((await log.read(offset, { records: 1, bytes: 1 }))[0]!.line).toBe(`n${index}`);
    }
    await log.close();
  });

  test('cuts off a torn tail wherever it was torn, and loses no whole line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 30 }), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        async (texts, cut) => {
          const dir = join(folder(), crypto.randomUUID());
          const lines = texts.map((text) => JSON.stringify(text));
          const log = await AppendLog.open({ dir });
          for (const line of lines) await log.append(line);
          const size = log.end;
          await log.close();
          const at = cut % (size + 1);
          await truncate(join(dir, '0000000000000000.jsonl'), at);
          const again = await AppendLog.open({ dir });
          let whole = 0;
          for (let sum = 0; whole < lines.length; whole++) {
            sum += Buffer.byteLength(lines[whole]!) + 1;
            if (sum > at) break;
          }
          expect((await again.read(0, all)).map((record) => record.line)).toEqual(lines.slice(0, whole));
          await again.append('"after"');
          expect((await again.read(0, all)).at(-1)!.line).toBe('"after"');
          await again.close();
          await rm(dir, { recursive: true });
        },
      ),
      { numRuns: 30, seed: 7 },
    );
  });

  test('refuses to open when a segment in the middle is missing', async () => {
    const log = await AppendLog.open({ dir: folder(), segmentBytes: 10 });
    for (let index = 0; index < 4; index++) await log.append('0123456789');
    await log.close();
    const names = (await readdir(folder())).sort();
    await rm(join(folder(), names[1]!));
    await expect(AppendLog.open({ dir: folder() })).rejects.toThrow('a file was changed or is missing');
  });

  test('prunes only whole segments that are passed and old or too much', async () => {
    const log = await AppendLog.open({ dir: folder(), segmentBytes: 20 });
    const offsets: number[] = [];
    for (let index = 0; index < 10; index++) offsets.push(await log.append('0123456789'));
    const future = Date.now() + 1000;
    expect(await log.prune(0, future, 0)).toBe(0);
    expect(await log.prune(log.end, 0, Number.POSITIVE_INFINITY)).toBe(0);
    await log.prune(offsets[5]!, future, 0);
    expect(log.start).toBe(offsets[4]);
    expect((await log.read(0, all))[0]!.offset).toBe(offsets[4]);
    await log.close();
  });
});

describe('KeyedJournal', () => {
  test('remembers the last value of each key over restarts and rewrites', async () => {
    const journal = await KeyedJournal.open<number>(folder());
    for (let round = 0; round < 60; round++) {
      await Promise.all(Array.from({ length: 100 }, (_, key) => journal.commit([{ key: `k${key}`, value: round }])));
    }
    await journal.commit([{ key: 'k5' }]);
    await journal.close();
    const again = await KeyedJournal.open<number>(folder());
    expect(again.entries.size).toBe(99);
    expect(again.entries.get('k6')).toBe(59);
    expect(again.entries.has('k5')).toBe(false);
    expect((await readdir(folder())).length).toBe(1);
    await again.close();
  });

  test('drops a torn commit whole, also when it had several changes', async () => {
    const journal = await KeyedJournal.open<string>(folder());
    await journal.commit([{ key: 'a', value: 'kept' }]);
    await journal.close();
    const [file] = await readdir(folder());
    await appendFile(join(folder(), file!), '[["a","lost"],["b","lo');
    const again = await KeyedJournal.open<string>(folder());
    expect([...again.entries]).toEqual([['a', 'kept']]);
    await again.close();
  });

  test('refuses a file that was changed in the middle', async () => {
    const journal = await KeyedJournal.open<string>(folder());
    await journal.close();
    const [file] = await readdir(folder());
    await appendFile(join(folder(), file!), 'rubbish\n[["a",1]]\n');
    await expect(KeyedJournal.open(folder())).rejects.toThrow('line 1, is not JSON');
  });
});
