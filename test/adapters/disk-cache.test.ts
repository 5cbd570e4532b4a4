import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type DiskCached, diskCached } from '../../lib/adapters/disk-cache.ts';
import { MemoryBucket } from '../support/memory-bucket.ts';

let root: string;
let fetched: string[];
let bucket: MemoryBucket;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'groundcrew-disk-cache-'));
  fetched = [];
  bucket = new MemoryBucket();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const areas = [{ folder: 'documents', prefixes: ['registration/', 'calibration/'], maxBytes: 10_000 }];
/** A process with the disk: nothing of it is in memory. */
const started = (under = root) =>
  diskCached(
    {
      get: (key) => {
        fetched.push(key);
        return bucket.get(key);
      },
      put: (key, bytes) => bucket.put(key, bytes),
      putOver: (key, bytes, over) => bucket.putOver(key, bytes, over),
    },
    areas,
    under,
  );
const folder = () => join(root, 'cache-documents');
const files = () => readdirSync(folder()).map((name) => join(folder(), name));
const text = async (bytes: Promise<Uint8Array | undefined>) => Buffer.from((await bytes) ?? []).toString('utf8');
/** What is answered, when what was fetched for it lies on the disk. */
const read = async (objects: DiskCached, key: string) => {
  const answer = await text(objects.get(key));
  await objects.settled();
  return answer;
};

describe('a cache on disk', () => {
  test('fetches once, also for the processes that come later', async () => {
    await bucket.put('calibration/a', 'A');
    expect(await read(started(), 'calibration/a')).toBe('A');
    expect(await read(started(), 'calibration/a')).toBe('A');
    expect(fetched).toEqual(['calibration/a']);
  });

  test('what is fetched is answered before it is written', async () => {
    await bucket.put('calibration/a', 'A');
    mkdirSync(folder(), { recursive: true });
    const objects = started();
    expect(await text(objects.get('calibration/a'))).toBe('A');
    expect(files()).toEqual([]);
    await objects.settled();
    expect(files()).toHaveLength(1);
  });

  test('keeps what is put, and nothing outside its prefixes', async () => {
    await started().put('registration/a', 'A');
    await started().put('window/x/0.gz', 'W');
    expect(await read(started(), 'registration/a')).toBe('A');
    expect(await read(started(), 'window/x/0.gz')).toBe('W');
    expect(fetched).toEqual(['window/x/0.gz']);
  });

  test('what is not there is not remembered as absent', async () => {
    expect(await started().get('calibration/late')).toBeUndefined();
    await bucket.put('calibration/late', 'L');
    expect(await read(started(), 'calibration/late')).toBe('L');
  });

  test.each([
    ['a flipped byte', (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 35 ? byte ^ 1 : byte)))],
    ['a cut file', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
    ['an empty file', () => Buffer.alloc(0)],
    ['another object', () => Buffer.from('x'.repeat(80))],
  ])('%s is fetched anew and mended', async (_, damage) => {
    await started().put('calibration/a', 'the content');
    const [path] = files();
    writeFileSync(path!, damage(readFileSync(path!)));
    expect(await read(started(), 'calibration/a')).toBe('the content');
    expect(await read(started(), 'calibration/a')).toBe('the content');
    expect(fetched).toEqual(['calibration/a']);
  });

  test('a file that vanishes is fetched anew, and so is everything when the folder goes', async () => {
    const objects = started();
    await objects.put('calibration/a', 'A');
    rmSync(files()[0]!);
    expect(await read(objects, 'calibration/a')).toBe('A');
    rmSync(folder(), { recursive: true });
    expect(await read(objects, 'calibration/a')).toBe('A');
    expect(await read(objects, 'calibration/a')).toBe('A');
    expect(fetched).toHaveLength(3);
    // The write that met the missing folder failed; the next one makes it.
    expect(files()).toHaveLength(1);
  });

  test('a disk that takes nothing only costs fetches', async () => {
    const blocked = join(root, 'file');
    writeFileSync(blocked, '');
    const objects = started(blocked);
    await objects.put('calibration/a', 'A');
    expect(await read(objects, 'calibration/a')).toBe('A');
    expect(fetched).toEqual(['calibration/a']);
  });

  test('stays within its room and gives up the oldest, halves of dead processes too', async () => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), 'abandoned.half'), Buffer.alloc(9000));
    const objects = started();
    for (let at = 0; at < 30; at += 1) await objects.put(`calibration/${at}`, 'x'.repeat(1000));
    expect(files().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThanOrEqual(10_000);
    expect(files().some((path) => path.endsWith('.half'))).toBe(false);
    await objects.get('calibration/29');
    expect(fetched).toEqual([]);
    await objects.get('calibration/0');
    expect(fetched).toEqual(['calibration/0']);
    await objects.settled();
  });

  test('stays within its room also when everything is written at once', async () => {
    const objects = started();
    await Promise.all(Array.from({ length: 50 }, (_, at) => objects.put(`calibration/${at}`, 'x'.repeat(1000))));
    await objects.put('calibration/last', 'x');
    expect(files().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThanOrEqual(10_000);
  });

  test('two processes at one folder, writing and evicting at once, always answer what was stored', async () => {
    const keys = Array.from({ length: 40 }, (_, at) => `calibration/${at}`);
    for (const key of keys) await bucket.put(key, key.repeat(40));
    const [one, two] = [started(), started()];
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all([...keys, ...keys].map((key, at) => text((at % 2 ? one : two).get(key))));
      expect(answers).toEqual([...keys, ...keys].map((key) => key.repeat(40)));
    }
    await Promise.all([one.settled(), two.settled()]);
  });
});
