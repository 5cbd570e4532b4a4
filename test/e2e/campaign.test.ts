/** A short campaign as a person starts it: the whole stack under faults, every promise kept, the schedule replayable. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { faultKinds, planOf } from '../../bench/campaign/faults.ts';
import { repositoryRoot } from '../../layers/build.ts';

/** Another seed (`CAMPAIGN_SEED=7`) is another schedule. */
const seed = Number(process.env.CAMPAIGN_SEED ?? 20260302);
const cases = 30;

test('whatever fails: nothing is lost, nothing happens twice, no chain breaks, and all comes to its end', async () => {
  const { code, lines, said } = await campaign('--cases', String(cases), '--seed', String(seed), '--minutes', '10');
  const account = JSON.parse(lines.at(-1) ?? 'null');
  expect({ code, broken: account?.broken, said: code === 0 ? '' : said }).toEqual({ code: 0, broken: [], said: '' });
  expect(account).toMatchObject({
    seed,
    casesExpected: cases,
    casesOpened: cases,
    lost: 0,
    duplicates: 0,
    unknownLeft: 0,
    chainsBroken: 0,
    readingsAccountedFor: account.readingsAcknowledged,
  });
  expect(Object.keys(account.faults)).toEqual(faultKinds);
  // What has no occasion is said; most have one.
  expect(account.faultsTotal).toBeGreaterThan(planOf(seed, cases).length * 0.7);
  expect(account.chainsVerified).toBeGreaterThan(cases);
}, 900_000);

test('wrong input is refused with what is allowed', async () => {
  expect((await campaign('--cases', 'many')).code).toBe(2);
  const { code, said } = await campaign('--mutate', 'everything');
  expect(code).toBe(2);
  expect(said).toContain('lease-condition');
});

async function campaign(...words: string[]): Promise<{ code: number | null; lines: string[]; said: string }> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'bin/groundcrew.ts'), 'campaign', ...words, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = '';
    for await (const piece of stream) text += String(piece);
    return text;
  };
  const [out, said, code] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ]);
  return { code, lines: out.trimEnd().split('\n'), said };
}
