/** What `case show` says of the decisions of a case, against the tables of a runtime. */
import { KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { registerCase } from '../../../bin/commands/case.ts';
import { wrapped } from '../../../bin/commands/support/print.ts';
import { openOrAttach } from '../../../lib/adapters/aws/case-store.ts';
import { dynamoDecisionStore } from '../../../lib/adapters/aws/decision-store.ts';
import { dynamoFlagStore } from '../../../lib/adapters/aws/flag-store.ts';
import { openReview, supersedeReview } from '../../../lib/adapters/aws/review-store.ts';
import { subjectOf } from '../../../lib/adapters/aws/subject-store.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { sha256 } from '../../../lib/core/audit/canonical.ts';
import { decisionIdOf } from '../../../lib/core/decision/record.ts';
import { commandRunner } from '../../support/commands.ts';
import { flagOf, inferenceOf } from '../../support/decision-data.ts';
import { fakeKms } from '../../support/kms.ts';
import { caseFor, newerFor } from '../../support/remediation-world.ts';
import { dataFolderOfRuntime } from '../../support/runtime-file.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

const openedAtMs = Date.UTC(2026, 2, 1, 3);
const dayMs = 86_400_000;
let tables: TestTables;
let data: string;

beforeAll(async () => {
  fakeKms();
  tables = await startTables();
  await tables.create('gc');
  data = dataFolderOfRuntime({ dynamodbPort: Number(new URL(tables.url).port) });
});
afterAll(() => tables.stop());

const run = commandRunner([registerCase], () => data);
const show = (caseId: string, ...words: readonly string[]): Promise<string> => run('case', 'show', caseId, ...words);

interface Told {
  readonly atMs?: number;
  readonly asset?: string;
  readonly inference?: Parameters<typeof inferenceOf>[0];
  readonly guard?: Partial<Decision['guard']>;
}

/** Puts the decision on a flag where decisions are kept. */
async function decided(flagId: string, told: Told = {}): Promise<Decision> {
  const decision: Decision = {
    v: 1,
    decisionId: decisionIdOf(flagId),
    flagId,
    correlationId: 'corr',
    asset: told.asset ?? 'plant-1',
    pack: 'water-network',
    atMs: told.atMs ?? openedAtMs - 40,
    inference: inferenceOf(told.inference),
    guard: { verdict: 'ask', policies: ['ask-all'], policyHash: sha256('p'), reasons: [], ...told.guard },
  };
  await dynamoDecisionStore(tables.client, 'gc-decisions').put(decision);
  return decision;
}

/** A case with an opening flag and later ones, in this order. */
async function opened(id: string, flags: readonly string[], change: Partial<CaseRecord> = {}): Promise<CaseRecord> {
  const record = caseFor(id, {
    correlationKey: id,
    openedAtMs,
    updatedAtMs: openedAtMs,
    openingFlagId: flags[0]!,
    decisionId: decisionIdOf(flags[0]!),
    ...change,
  });
  const at = { client: tables.client, table: 'gc-cases' };
  // A later flag comes with a case of its own, and finds the slot taken.
  for (const [n, flag] of flags.entries())
    await openOrAttach(at, n === 0 ? record : { ...record, caseId: sha256(flag) }, flag);
  return record;
}

const flags = (id: string, count: number): string[] => Array.from({ length: count }, (_, n) => sha256(`${id} ${n}`));

test('who told the kind, what that cost, how sure it is and what would have changed it stand with each decision', async () => {
  const [first, later, foreign] = flags('all', 3) as [string, string, string];
  const record = await opened('all', [first, later]);
  await decided(first, {
    inference: {
      set: ['leak', 'burst'],
      costUsd: 0.0000214,
      explanation: { sentence: record.sentence, contributions: [] },
    },
    guard: { counterfactual: 'If burst could be excluded it would act by itself.', reasons: ['More than one kind.'] },
  });
  await decided(later, {
    atMs: openedAtMs + 60_000,
    inference: { kind: 'burst', confidence: 0.996, set: ['burst'], tier: 2, costUsd: 0.25 },
    guard: { verdict: 'act', policies: ['act-north-close-valve'] },
  });
  await decided(foreign, { inference: { kind: 'sensor-fault', tier: 0 } });
  const shown = await show(record.caseId);
  const [, said = ''] = shown.split('\nDecisions\n');
  expect(said.split('\n\n')[0]).toBe(
    [
      `2026-03-01T02:59:59.960Z  ${decisionIdOf(first).slice(0, 8)}  leak, asks a person`,
      '  told by   The model of the pack, for 0.000021\u00a0USD',
      '  sure      93\u00a0%; leak and burst cannot be excluded',
      '  because   More than one kind.',
      '  otherwise If burst could be excluded it would act by itself.',
      '  policies  ask-all',
      `2026-03-01T03:01:00.000Z  ${decisionIdOf(later).slice(0, 8)}  burst, may act by itself`,
      '  why       A leak in zone A.',
      '  told by   A larger model, asked by the router, for 0.25\u00a0USD',
      '  sure      99.6\u00a0%; every other kind is excluded',
      '  policies  act-north-close-valve',
      '',
    ].join('\n'),
  );
  const { decisions, decisionsGone } = JSON.parse(await show(record.caseId, '--json'));
  expect(decisionsGone).toEqual([]);
  expect(decisions).toMatchObject([
    { flagId: first, inference: { tier: 1, costUsd: 0.0000214, confidence: 0.93, set: ['leak', 'burst'] } },
    { flagId: later, inference: { tier: 2, explanation: { sentence: 'A leak in zone A.' } } },
  ]);
  expect(decisions[0].guard.counterfactual).toMatch(/^If burst/);
});

test('a decision long before its case is found, and one that has left the table is named with where it still stands', async () => {
  const [first, later] = flags('late', 2) as [string, string];
  const record = await opened('late', [first, later], { counterfactual: 'At a confidence below 0.80.' });
  await decided(first, { atMs: openedAtMs - 3 * dayMs });
  const shown = await show(record.caseId);
  expect(shown).toContain(`2026-02-26T03:00:00.000Z  ${decisionIdOf(first).slice(0, 8)}  leak`);
  expect(shown).toContain(`groundcrew audit prove ${decisionIdOf(later).slice(0, 8)}`);
  // Where what opened it has gone, the case itself still knows what would have changed it.
  expect(shown).not.toContain('At a confidence');
  const bare = await opened('bare', flags('bare', 1), { counterfactual: 'At a confidence below 0.80.' });
  expect(await show(bare.caseId)).toContain('otherwise At a confidence below 0.80.');
});

test('decisions about every asset of an incident are shown', async () => {
  const incident = { scope: 'zone', place: 'north/Z1' } as const;
  const other = flagOf({ asset: 'plant-2' });
  await dynamoFlagStore(tables.client, 'gc-cases').putIfAbsent(other, openedAtMs);
  const [first] = flags('incident', 1) as [string];
  const record = await opened('incident', [first, other.flagId], { incident });
  await decided(first);
  await decided(other.flagId, { asset: 'plant-2', atMs: openedAtMs + 5 });
  const { decisions } = JSON.parse(await show(record.caseId, '--json'));
  expect(decisions.map(({ asset }: Decision) => asset)).toEqual(['plant-1', 'plant-2']);
});

test('of many decisions the first and the newest are shown, and how many lie between', async () => {
  const many = flags('many', 12);
  const record = await opened('many', many);
  for (const [n, flag] of many.entries()) await decided(flag, { atMs: openedAtMs + n * 1000 });
  const shown = await show(record.caseId);
  expect(shown.match(/told by/g)).toHaveLength(6);
  expect(shown).toContain('… 6 decisions between these; --json has them all');
  expect(shown).toContain(decisionIdOf(many[0]!).slice(0, 8));
  expect(shown).toContain(decisionIdOf(many[11]!).slice(0, 8));
  expect(JSON.parse(await show(record.caseId, '--json')).decisions).toHaveLength(12);
});

test('who reported it stands by name, and its sentence is said once', async () => {
  const at = { client: tables.client, table: 'gc-subjects', kms: new KMSClient({}), keyId: 'k' };
  const sentence = `${await subjectOf(at, 'Dora', 1)} reports: the street is wet.`;
  const [flag] = flags('reported', 1) as [string];
  const record = await opened('reported', [flag], {
    kind: 'manual',
    sentence,
    proposal: { ...caseFor('x').proposal!, why: sentence },
  });
  await decided(flag, { inference: { kind: 'manual', tier: 0, explanation: { sentence, contributions: [] } } });
  const shown = await show(record.caseId);
  expect(shown.match(/Dora reports: the street is wet/g)).toHaveLength(1);
  expect(shown).not.toContain('person-');
  expect(shown).toContain('told by   Screening alone, or a person');
});

test('a question that a surer decision replaced is told with when and by which, and the newer one stands open', async () => {
  const [first, later] = flags('surer', 2) as [string, string];
  const record = await opened('surer', [first, later], { verdict: 'ask', status: 'in-review' });
  const at = { client: tables.client, table: 'gc-cases' };
  const request = { v: 1 as const, caseId: record.caseId, round: 0, question: 'Shall we?', askedAtMs: 1, dueAtMs: 9 };
  const newer = newerFor({ decisionId: decisionIdOf(later), flagId: later });
  await openReview(at, request);
  await supersedeReview(at, record.caseId, 0, newer, openedAtMs + 60_000);
  await openReview(at, { ...request, round: 1, question: `${newer.sentence} Shall we close valve V1?` });
  const shown = await show(record.caseId);
  expect(shown).toContain(
    `unanswered, at 2026-03-01T03:01:00.000Z: decision ${decisionIdOf(later).slice(0, 8)} is surer`,
  );
  expect(shown).toContain('question  Shall we close valve V1?');
  expect(shown.match(/open until/g)).toHaveLength(1);
  expect(shown).toContain('A burst in zone A.');
});

test('a line breaks at words, keeps its margin, and never parts a number from its unit', () => {
  const line = '  why       the flow at the main inlet is far more than 100 % below';
  expect(wrapped(line, 12, line.indexOf(' %') + 1)).toBe(
    '  why       the flow at the main inlet is far more than\n            100 % below',
  );
  expect(wrapped(line, 12, 0)).toBe(line);
});
