/**
 * Effects race with somebody who stops them, over many seeded interleavings: the real steps against real table semantics
 * and an endpoint that counts. Nothing may be sent whose read of the switch began after the stop was written.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { remediationPorts } from '../../../lib/adapters/aws/remediation-ports.ts';
import { setStop } from '../../../lib/adapters/aws/stop-store.ts';
import { hashOf } from '../../../lib/core/audit/canonical.ts';
import { childRandom, type Random } from '../../../lib/core/random.ts';
import type { RemediationPorts } from '../../../lib/core/remediation/ports.ts';
import { remediate } from '../../../lib/core/remediation/remediate.ts';
import { type RemediationStack, startRemediationStack } from '../../support/remediation-stack.ts';
import { caseFor, proposalFor } from '../../support/remediation-world.ts';

const interleavings = 40;
const assets = ['plant-1', 'plant-2'] as const;
const scopes = ['all', 'site#site-1', `asset#${assets[0]}`];
type Happening = { readonly what: 'read' | 'stopped' | 'sent'; readonly of: string };

let stack: RemediationStack;
let log: Happening[] = [];

beforeAll(async () => {
  stack = await startRemediationStack('stop-race');
  const { requests } = stack.endpoint;
  const keep = requests.push.bind(requests);
  requests.push = (...came) => {
    for (const { headers } of came) log.push({ what: 'sent', of: String(headers['idempotency-key']) });
    return keep(...came);
  };
});
afterAll(() => stack.stop());

const pause = (random: Random, mostMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, random() * mostMs));

/** Waits a little before and after each look at the switch, so that steps meet in every order, and notes when it begins. */
function hesitant(ports: RemediationPorts, random: Random, look: RemediationPorts['stopReasons']): RemediationPorts {
  return {
    ...ports,
    stopReasons: async (asset) => {
      await pause(random, 12);
      log.push({ what: 'read', of: asset });
      const reasons = await look(asset);
      await pause(random, 12);
      return reasons;
    },
  };
}

/** How a process looks at the switch. */
type Look = (ports: RemediationPorts) => RemediationPorts['stopReasons'];

/** Two assets act while somebody stops both or the first. */
async function race(seed: number, lookOf: Look) {
  log = [];
  const random = childRandom(seed, 'stop race');
  stack.clock.nowMs = Date.now();
  const records = assets.map((asset) => {
    const proposal = proposalFor(asset);
    const id = `race ${seed} ${asset} ${lookOf.name}`;
    const opened = { correlationKey: id, openedAtMs: stack.clock.nowMs };
    return caseFor(id, { asset, proposal, proposalHash: hashOf(proposal), ...opened });
  });
  for (const record of records) await stack.open(record);
  const scope = scopes[Math.floor(random() * scopes.length)]!;
  const at = { client: stack.world.client, table: stack.world.stop };
  const set = (stopped: boolean) =>
    setStop(at, { v: 1, scope, stopped, by: 'ann', reason: 'race', atMs: stack.clock.nowMs });
  const acting = records.map(async ({ caseId }) => {
    const ports = remediationPorts(stack.world);
    const look = lookOf(ports);
    await pause(random, 20);
    return await remediate(hesitant(ports, random, look), { caseId, inverse: false });
  });
  await pause(random, 110);
  await set(true);
  log.push({ what: 'stopped', of: scope });
  const answers = await Promise.all(acting);
  await set(false);
  const stoppedAt = log.findIndex(({ what }) => what === 'stopped');
  let [sent, wrong, refused] = [0, 0, 0];
  for (const [n, asset] of assets.entries()) {
    const { effectKey, message } = answers[n]!;
    if (message.includes('stop switch')) refused += 1;
    const sentAt = log.findIndex(({ what, of }) => what === 'sent' && of === effectKey);
    if (sentAt < 0) continue;
    sent += 1;
    const lastRead = log.slice(0, sentAt).findLastIndex(({ what, of }) => what === 'read' && of === asset);
    const isStopped = scope !== scopes[2] || n === 0;
    if (lastRead < 0 || (isStopped && lastRead > stoppedAt)) wrong += 1;
  }
  return { sent, wrong, refused };
}

async function races(look: Look) {
  const total = { sent: 0, wrong: 0, refused: 0 };
  for (let seed = 0; seed < interleavings; seed += 1) {
    const one = await race(seed, look);
    total.sent += one.sent;
    total.wrong += one.wrong;
    total.refused += one.refused;
  }
  return total;
}

test('no call is sent whose look at the switch began after the stop was written', async () => {
  const { sent, refused, wrong } = await races(function consistent(ports) {
    return ports.stopReasons;
  });
  expect(wrong).toBe(0);
  // Both happen, else the races were none.
  expect(sent).toBeGreaterThan(10);
  expect(refused).toBeGreaterThan(10);
}, 120_000);

test('a look that shows an older state, as a cache would, is found by these races', async () => {
  const { wrong } = await races(function cached(ports) {
    const before = new Map(assets.map((asset) => [asset as string, ports.stopReasons(asset)]));
    return (asset) => before.get(asset)!;
  });
  expect(wrong).toBeGreaterThan(0);
}, 120_000);
