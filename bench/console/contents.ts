/** What the tables hold when the console is measured: open and closed cases with their records, and decisions. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { appendAudit } from '../../lib/adapters/aws/audit-store.ts';
import { restoreCase } from '../../lib/adapters/aws/case-store.ts';
import { dynamoDecisionStore } from '../../lib/adapters/aws/decision-store.ts';
import { flagKey } from '../../lib/adapters/aws/flag-store.ts';
import { openReview } from '../../lib/adapters/aws/review-store.ts';
import { putSampleItem } from '../../lib/adapters/aws/sample-store.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import type { Decision } from '../../lib/contracts/decision.ts';
import type { Sample } from '../../lib/contracts/sample.ts';
import { sha256 } from '../../lib/core/audit/canonical.ts';
import { flagOf, inferenceOf } from '../../test/support/decision-data.ts';
import { caseFor } from '../../test/support/remediation-world.ts';
import type { Filling } from './bulk-tables.ts';

export interface Sizes {
  readonly open: number;
  readonly closed: number;
  readonly decisions: number;
  readonly assets: number;
}

/** A decision every so often: a million of them are 58 days. */
const decisionEveryMs = 5_000;
const tellEvery = 100_000;
/** One in so many decisions is a sample, as `sampleRates` has it, and a person has answered one in so many samples. */
const sampledEvery = 50;
const answeredEvery = 10;
/** Its flags are there, for the scores of its page; those of all assets would only make the table larger. */
export const assetWithFlags = 'plant-7';

export async function fillTables(
  filling: Filling,
  tables: Readonly<Record<string, string>>,
  sizes: Sizes,
  nowMs: number,
  tell: (line: string) => void,
): Promise<void> {
  const { client } = filling;
  const assetOf = (n: number): string => `plant-${n % sizes.assets}`;
  const decisions = dynamoDecisionStore(client, tables['decisions']!);
  const operations = { client, table: tables['operations']! };
  for (let n = 0; n < sizes.decisions; n += 1) {
    const decision = decisionOf(n, assetOf(n), nowMs - n * decisionEveryMs);
    await decisions.put(decision);
    if (n % sampledEvery === 0) await putSampleItem(operations, sampleOf(decision, n), 0);
    if (decision.asset === assetWithFlags)
      await client.send(
        new PutItemCommand({
          TableName: tables['cases']!,
          Item: { ...flagKey(decision.flagId), json: flagJson(decision, n) },
        }),
      );
    if ((n + 1) % tellEvery === 0) tell(`console: ${n + 1} of ${sizes.decisions} decisions written`);
  }
  const at = { client, table: tables['cases']! };
  const audit = { client, table: tables['audit']! };
  const record = async (of: CaseRecord, type: 'case-opened' | 'case-closed', atMs: number): Promise<void> => {
    const about = { chain: `case#${of.caseId}`, correlationId: of.correlationId };
    const body = type === 'case-opened' ? { ...of } : { resolution: 'verified' };
    await appendAudit(audit, { ...about, type, key: [of.caseId], body }, atMs);
  };
  for (let n = 0; n < sizes.open; n += 1) {
    const isAsked = n % 2 === 0;
    const change: Partial<CaseRecord> = isAsked
      ? { status: 'in-review', rounds: 1, verdict: 'ask' }
      : { status: n % 4 === 1 ? 'acting' : 'verifying' };
    const openedAtMs = nowMs - n * 10_000;
    const open = caseFor(`open ${n}`, { asset: assetOf(n), openedAtMs, updatedAtMs: openedAtMs, ...change });
    await restoreCase(at, open, [], undefined);
    await record(open, 'case-opened', openedAtMs);
    if (!isAsked) continue;
    const asked = { question: 'Shall we?', proposalHash: open.proposalHash!, askedAtMs: openedAtMs };
    await openReview(at, { v: 1, caseId: open.caseId, round: 0, ...asked, dueAtMs: nowMs + n * 1_000 }, `token ${n}`);
  }
  for (let n = 0; n < sizes.closed; n += 1) {
    const closedAtMs = nowMs - n * 60_000;
    const opened = { asset: assetOf(n), openedAtMs: closedAtMs - 60_000, updatedAtMs: closedAtMs, closedAtMs };
    const closed = caseFor(`closed ${n}`, { ...opened, status: 'closed', resolution: 'verified' });
    await restoreCase(at, closed, [], undefined);
    await record(closed, 'case-opened', closedAtMs - 60_000);
    await record(closed, 'case-closed', closedAtMs);
    if (n % 1_000 === 0) filling.forgetChains();
  }
  tell(`console: ${sizes.open} open and ${sizes.closed} closed cases written`);
}

/** As long as real ones are: eight contributions, all classes with their probabilities. */
export function decisionOf(n: number, asset: string, atMs: number): Decision {
  const share = (n % 997) / 997;
  const classes = ['leak', 'burst', 'sensor-drift', 'sensor-stuck', 'pump-fault', 'valve-fault', 'normal'];
  return {
    v: 1,
    decisionId: sha256(`decision ${n}`),
    flagId: sha256(`flag ${n}`),
    correlationId: `c-${n}`,
    asset,
    pack: 'water-network',
    atMs,
    inference: inferenceOf({
      probabilities: Object.fromEntries(classes.map((name, i) => [name, (1 + share * i) / 50])),
      set: n % 3 === 0 ? ['leak', 'burst'] : ['leak'],
      oodPValue: share,
      explanation: {
        sentence: `Pressure p${n % 40} is ${(share * 4).toFixed(2)} m below its profile since 04:10 UTC; this looks like a leak.`,
        contributions: Array.from({ length: 8 }, (_, i) => ({
          feature: `residual-p${(n + i) % 40}`,
          value: share * i,
          contribution: share / (i + 1),
        })),
      },
    }),
    guard: { verdict: 'observe', policies: ['ask-all'], policyHash: sha256('p'), reasons: ['Only observed.'] },
  };
}

/** As it stands once it is decided: under no mark of the index. */
const flagJson = ({ flagId, asset, atMs }: Decision, n: number): { S: string } => ({
  S: JSON.stringify({ ...flagOf({ asset, seq: n, atMs: atMs - 1_000 }), flagId }),
});

function sampleOf({ decisionId, asset, pack, atMs, inference }: Decision, n: number): Sample {
  const by = `person-${'a'.repeat(32)}`;
  return {
    v: 1,
    decisionId,
    asset,
    pack,
    window: inference.window ?? {
      bootId: 'boot-1',
      seq: n,
      hash: sha256(`window ${n}`),
      fromMs: atMs - 3_600_000,
      toMs: atMs,
      rows: 60,
    },
    stratum: n % 200 === 0 ? 'act' : 'observe',
    rate: 0.02,
    said: 'leak',
    selectedAtMs: atMs,
    ...((n / sampledEvery) % answeredEvery === 0 && {
      answer: { kind: n % 1_500 === 0 ? 'normal' : 'leak', by, reason: 'as the chart shows', atMs: atMs + 60_000 },
    }),
  };
}
