/**
 * What the pages of the console wait for: the p95 of each page's route with many open cases and decisions in the tables.
 * The API, its routes and the tables (dynalite) run in one process, which is less than a deployment has.
 */
import { restoreCase } from '../lib/adapters/aws/case-store.ts';
import { dynamoDecisionStore } from '../lib/adapters/aws/decision-store.ts';
import { openReview } from '../lib/adapters/aws/review-store.ts';
import type { CaseRecord } from '../lib/contracts/case.ts';
import { sha256 } from '../lib/core/audit/canonical.ts';
import { type ConsoleTest, consoleTest } from '../test/support/console-world.ts';
import { inferenceOf } from '../test/support/decision-data.ts';
import { caseFor } from '../test/support/remediation-world.ts';
import { startTables } from '../test/support/tables.ts';
import { type BenchOptions, type Figure, rounded } from './figures.ts';

const atOnce = 32;
const targetMs = 300;

export async function benchConsole({ quick, tell }: BenchOptions): Promise<Figure[]> {
  const sizes = quick
    ? { open: 1_000, closed: 200, decisions: 1_000, assets: 50, requests: 20 }
    : { open: 10_000, closed: 1_000, decisions: 10_000, assets: 200, requests: 40 };
  const tables = await startTables();
  try {
    const given = await consoleTest(tables, 'bench');
    await fill(given, sizes, tell);
    const record = await given.asked('looked at', { asset: 'plant-1' });
    const followed = await (await ask(given, '/changes')).json();
    const pages: Readonly<Record<string, string>> = {
      now: '/now',
      reviews: '/reviews',
      cases: '/cases',
      closed: '/cases?state=closed',
      case: `/cases/${record.caseId}`,
      signal: `/cases/${record.caseId}/signal`,
      assets: '/assets',
      asset: '/assets/plant-1',
      readings: '/assets/plant-1/readings',
      decisions: '/decisions',
      packs: '/packs',
      figures: '/figures',
      changes: `/changes?after=${(followed as { cursor: string }).cursor}`,
    };
    const p95: Record<string, number> = {};
    for (const [name, path] of Object.entries(pages)) {
      p95[name] = rounded(await measure(given, path, sizes.requests));
      tell(`console: ${name} ${p95[name]} ms`);
    }
    const worst = Math.max(...Object.values(p95));
    return [
      {
        name: 'console_p95_ms',
        value: worst,
        unit: 'ms',
        against: `the slowest page's route with ${sizes.open} open cases, ${sizes.closed} closed ones, ${sizes.decisions} decisions and ${sizes.assets} assets, API and tables in one process; aim: each under ${targetMs} ms`,
        ratio: rounded(targetMs / worst, 3),
        parts: p95,
      },
    ];
  } finally {
    await tables.stop();
  }
}

const ask = async (given: ConsoleTest, path: string): Promise<Response> =>
  given.api.ask('GET', path, { cookie: await given.cookie('viewer') });

/** The first request of a page counts, too. */
async function measure(given: ConsoleTest, path: string, requests: number): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < requests; n += 1) {
    const startMs = performance.now();
    const answer = await ask(given, path);
    await answer.text();
    times.push(performance.now() - startMs);
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
  }
  times.sort((a, b) => a - b);
  return times[Math.ceil(0.95 * times.length) - 1]!;
}

interface Sizes {
  readonly open: number;
  readonly closed: number;
  readonly decisions: number;
  readonly assets: number;
}

async function fill(given: ConsoleTest, sizes: Sizes, tell: BenchOptions['tell']): Promise<void> {
  const { client, tables } = given.world;
  const nowMs = given.api.nowMs();
  const at = { client, table: tables.cases };
  const assetOf = (n: number): string => `plant-${n % sizes.assets}`;
  await inGroups(sizes.assets, async (n) => void (await given.asset(assetOf(n))));
  const decisions = dynamoDecisionStore(client, tables.decisions);
  await inGroups(sizes.decisions, (n) =>
    decisions.put({
      v: 1,
      decisionId: sha256(`decision ${n}`),
      flagId: sha256(`flag ${n}`),
      correlationId: `c-${n}`,
      asset: assetOf(n),
      pack: 'water-network',
      atMs: nowMs - n * 5_000,
      inference: inferenceOf(),
      guard: { verdict: 'observe', policies: ['ask-all'], policyHash: sha256('p'), reasons: ['Only observed.'] },
    }),
  );
  tell('console: decisions are there');
  await inGroups(sizes.open, async (n) => {
    const isAsked = n % 2 === 0;
    const change: Partial<CaseRecord> = isAsked
      ? { status: 'in-review', rounds: 1, verdict: 'ask' }
      : { status: n % 4 === 1 ? 'acting' : 'verifying' };
    const openedAtMs = nowMs - n * 10_000;
    const record = caseFor(`open ${n}`, { asset: assetOf(n), openedAtMs, updatedAtMs: openedAtMs, ...change });
    await restoreCase(at, record, [], undefined);
    if (!isAsked) return;
    const asked = { question: 'Shall we?', proposalHash: record.proposalHash!, askedAtMs: openedAtMs };
    await openReview(at, { v: 1, caseId: record.caseId, round: 0, ...asked, dueAtMs: nowMs + n * 1_000 }, `token ${n}`);
  });
  tell('console: open cases are there');
  await inGroups(sizes.closed, async (n) => {
    const closedAtMs = nowMs - n * 60_000;
    const opened = { asset: assetOf(n), openedAtMs: closedAtMs - 60_000, updatedAtMs: closedAtMs, closedAtMs };
    const record = caseFor(`closed ${n}`, { ...opened, status: 'closed', resolution: 'verified' });
    await restoreCase(at, record, [], undefined);
    const about = { chain: `case#${record.caseId}`, correlationId: record.correlationId };
    await given.reviews.audit({ ...about, type: 'case-opened', key: [record.caseId], body: { ...record } });
    await given.reviews.audit({
      ...about,
      type: 'case-closed',
      key: [record.caseId],
      body: { resolution: 'verified' },
    });
  });
}

async function inGroups(count: number, run: (n: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += atOnce)
    await Promise.all(Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => run(from + i)));
}
