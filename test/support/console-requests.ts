import { afterAll, beforeAll } from '@jest/globals';
import type { Problem } from '../../lib/contracts/api.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import { type ConsoleTest, consoleTest } from './console-world.ts';
import { startTables, type TestTables } from './tables.ts';

export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** @default the one that all tests of the file share */
  readonly at?: ConsoleTest;
}

/** A console on real tables for the tests of one file, with one asset, and ways to ask it; more are made when they are asked for. */
export function consoleOnTables() {
  let tables: TestTables;
  let given: ConsoleTest;
  let made = 0;
  const fresh = async (): Promise<ConsoleTest> => {
    made += 1;
    return consoleTest(tables, `console-${made}`);
  };
  beforeAll(async () => {
    tables = await startTables();
    given = await fresh();
    await given.asset('plant-1');
  });
  afterAll(() => tables.stop());

  async function ask<T = unknown>(
    who: string,
    method: string,
    path: string,
    { body, headers, at = given }: AskOptions = {},
  ) {
    const answer = await at.api.ask(method, path, {
      cookie: await at.cookie(who),
      ...(body !== undefined && { body }),
      ...(headers && { headers }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }
  const answerBy = (who: string, record: CaseRecord, body: object, more: AskOptions = {}) =>
    ask(who, 'POST', `/cases/${record.caseId}/answer`, { body: { reason: 'looked at it', ...body }, ...more });
  /** The one that all tests of the file share. */
  const shared = (): ConsoleTest => given;
  return { ask, answerBy, fresh, shared };
}

export const codeOf = ({ status, body }: { status: number; body: unknown }) => [
  status,
  (body as Problem | undefined)?.code,
];
