/** A backtest holds no more rows than it works on, however long its file is. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../../lib/core/random.ts';

const groundcrew = fileURLToPath(new URL('../../../bin/groundcrew.ts', import.meta.url));
const channels = 8;
/** The heap that the command gets; the text of the long file alone would fill it. */
const heapMb = 32;
const rows = { short: 15_000, long: 400_000 };
/** What the cells of the long file take as numbers, which do not count as heap. */
const cellsMb = (rows.long * channels * 8) / 2 ** 20;

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'backtest-memory-'));
  for (const [name, count] of Object.entries(rows)) writeRows(file(`${name}.csv`), count);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeRows(path: string, count: number): void {
  const random = seededRandom(1);
  const out = openSync(path, 'w');
  let text = `timestamp,${Array.from({ length: channels }, (_, c) => `channel-${c}`).join(',')}\n`;
  for (let row = 0; row < count; row += 1) {
    text += new Date(1_700_000_000_000 + row * 1000).toISOString();
    for (let c = 0; c < channels; c += 1) text += `,${(10 * c + random() + random() + random()).toFixed(3)}`;
    text += '\n';
    if (text.length < 1_000_000 && row < count - 1) continue;
    writeSync(out, text);
    text = '';
  }
  closeSync(out);
}

/** Runs the command in a small heap and gives the most memory that its process ever took, numbers and all. */
function peakMbOf(name: string): number {
  const tellMemory = 'data:text/javascript,process.on("exit",()=>console.error(process.resourceUsage().maxRSS))';
  const node = [`--max-old-space-size=${heapMb}`, '--max-semi-space-size=1', '--import', tellMemory];
  const words = ['backtest', '--jobs', '1', '--input', file(`${name}.csv`), '--output', file(`${name}-out.csv`)];
  const { status, stderr } = spawnSync(process.execPath, [...node, groundcrew, ...words], { encoding: 'utf8' });
  // A heap that is full ends the process by a signal: its status is null, and stderr says so.
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^\d+\n$/)]);
  return Number(stderr) / 1024;
}

describe('groundcrew backtest', () => {
  test('takes a file far longer than its memory, and no more memory than for a short one', () => {
    expect(statSync(file('long.csv')).size).toBeGreaterThan(0.9 * heapMb * 2 ** 20);
    const grownMb = peakMbOf('long') - peakMbOf('short');
    expect(readFileSync(file('long-out.csv'), 'utf8').split('\n')).toHaveLength(rows.long + 2);
    expect(grownMb).toBeLessThan(cellsMb / 2);
  }, 120_000);
});
