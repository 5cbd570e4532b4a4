/** Cursors come from outside: one that was made up, or given by another list, is refused and fails nothing. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openCaseMarks } from '../../../lib/adapters/aws/cases-table.ts';
import { type Page, type Problem, type Route, routes } from '../../../lib/contracts/api.ts';
import { encodeCursor } from '../../../lib/core/console/cursor.ts';
import { type ConsoleTest, consoleTest } from '../../support/console-world.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

/** Every list that has pages, with filters that change how it is read. */
const lists = [
  '/reviews?limit=1&cursor=',
  '/cases?limit=1&cursor=',
  '/cases?state=closed&limit=1&cursor=',
  '/cases?state=all&asset=plant-1&limit=1&cursor=',
  '/assets?limit=1&cursor=',
  '/decisions?asset=plant-1&limit=1&cursor=',
  '/decisions?limit=1&cursor=',
  '/audit/chains?limit=1&cursor=',
  '/audit/checkpoints?limit=1&cursor=',
  '/users?limit=1&cursor=',
  '/changes?after=',
] as const;

let tables: TestTables;
let given: ConsoleTest;
beforeAll(async () => {
  tables = await startTables();
  given = await consoleTest(tables, 'cursors');
  await given.asset('plant-1');
  for (let n = 0; n < 3; n += 1) await given.asked(`open ${n}`);
  for (let n = 0; n < 3; n += 1) await given.closed(await given.opened(`closed ${n}`), 'rejected');
}, 30_000);
afterAll(() => tables.stop());

const ask = async (path: string): Promise<{ status: number; body: unknown }> => {
  const answer = await given.api.ask('GET', path, { cookie: await given.cookie('admin') });
  return { status: answer.status, body: await answer.json() };
};

/** Taken or refused as a cursor, and nothing of ours has failed. */
async function expectHarmless(path: string): Promise<void> {
  const { status, body } = await ask(path);
  if (status !== 200)
    expect([path, status, (body as Problem).code]).toEqual([
      path,
      422,
      expect.stringMatching(/^(cursor|query)-invalid$/),
    ]);
  expect([path, given.api.failures]).toEqual([path, []]);
}

test('these are all the lists with pages', () => {
  const isPaged = ({ query }: Route): boolean =>
    ['cursor', 'after'].some((name) => query?.safeParse({ [name]: 'x' }).success);
  const paged = Object.values(routes as Readonly<Record<string, Route>>).filter(isPaged);
  expect(paged.map(({ path }) => path).sort()).toEqual([...new Set(lists.map((list) => list.split('?')[0]!))].sort());
});

test('one of another list', async () => {
  const cursors: string[] = [];
  for (const list of lists) {
    const { body } = await ask(list.replace(/[?&](cursor|after)=$/, ''));
    const { nextCursor, cursor } = body as Partial<Page<unknown>> & { cursor?: string };
    if (nextCursor ?? cursor) cursors.push((nextCursor ?? cursor)!);
  }
  expect(cursors.length).toBeGreaterThan(4);
  for (const list of lists) for (const cursor of cursors) await expectHarmless(list + cursor);
}, 30_000);

const word = fc.oneof(
  fc.constantFrom('', 'case', 'flag', 'x'.repeat(300), '#', 'case#', '\u0000', '💧', '__proto__'),
  fc.string({ maxLength: 20 }),
);
const number = fc.oneof(fc.constantFrom(0, -1, 1.5, 1e15, 1e21, 1e300, -1e300, 5e-324, 1e-200), fc.integer());
const place = fc.oneof(fc.constant(null), fc.tuple(word, word, number));
const mark = fc.constantFrom(...openCaseMarks, 'review', 'closed', 'closed#automated', 'flag', 'other');
const places = fc.dictionary(mark, place, { maxKeys: 6 });
const forged = fc.oneof(
  places,
  fc.record({ closed: fc.boolean(), at: places }),
  fc.record({ asset: word }),
  fc.record({ before: fc.oneof(word, number) }),
  fc.record({ sk: word }),
  fc.record({ chain: word, seq: number, bucket: word }, { requiredKeys: ['chain'] }),
  fc.record({ f: number, s: fc.dictionary(word, number, { maxKeys: 3 }) }),
  fc.jsonValue(),
);

test('one that was made up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...lists), forged, async (list, value) => {
      await expectHarmless(list + encodeCursor(value));
    }),
    { numRuns: 400 },
  );
}, 60_000);

test.each(['AAAA', '%00', 'null', '0', '%F0%9F%92%A7', 'a'.repeat(9_000)])(
  'text %# that is no cursor',
  async (text) => {
    for (const list of lists) await expectHarmless(list + text);
  },
);
