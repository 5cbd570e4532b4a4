/** A process that dies between any two of its steps: the effect stays single, and everything is completed later. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chainTexts, readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { getCase } from '../../../lib/adapters/aws/case-store.ts';
import { dueEffects, getEffect } from '../../../lib/adapters/aws/ledger-store.ts';
import { remediationPorts } from '../../../lib/adapters/aws/remediation-ports.ts';
import { collapse } from '../../../lib/core/audit/collapse.ts';
import { verifyChain } from '../../../lib/core/audit/verify.ts';
import { leaseMs } from '../../../lib/core/ledger/effect.ts';
import type { RemediationPorts } from '../../../lib/core/remediation/ports.ts';
import { reconcile } from '../../../lib/core/remediation/reconcile.ts';
import { remediate } from '../../../lib/core/remediation/remediate.ts';
import { sweepEffects } from '../../../lib/core/remediation/sweep.ts';
import type { Misbehaviour } from '../../support/command-endpoint.ts';
import { type RemediationStack, startRemediationStack } from '../../support/remediation-stack.ts';
import { caseFor } from '../../support/remediation-world.ts';

let stack: RemediationStack;
beforeAll(async () => {
  stack = await startRemediationStack('crash');
});
afterAll(() => stack.stop());

class Died extends Error {}

/** Ports of a process that dies when its step number `dieAt` is done, so before the next one. */
function mortal(ports: RemediationPorts, dieAt: number) {
  const steps: string[] = [];
  let dead = false;
  const pass = (name: string, target: object): unknown =>
    new Proxy(target, {
      get(owner, key) {
        const value = Reflect.get(owner, key);
        const label = `${name}${String(key)}`;
        if (key === 'ledger' || key === 'open') return pass(`${String(key)}.`, value as object);
        if (typeof value !== 'function' || ['now', 'random', 'newAttemptId'].includes(String(key))) return value;
        if (key === 'remediator') return (...input: unknown[]) => pass('', value.apply(owner, input) as object);
        return async (...input: unknown[]) => {
          if (dead) throw new Died();
          steps.push(label);
          const mine = steps.length;
          const answer = await value.apply(owner, input);
          if (mine === dieAt) dead = true;
          if (dead) throw new Died();
          return answer;
        };
      },
    });
  return { ports: pass('', ports) as RemediationPorts, steps, isDead: () => dead };
}

/** What a flow does after its function died: asks again, waits, reconciles. */
async function goOn(caseId: string) {
  const ports = remediationPorts(stack.world);
  let answer = await remediate(ports, { caseId, inverse: false });
  for (let n = 0; answer.status === 'UNKNOWN' && n < 20; n += 1) {
    stack.clock.nowMs += answer.waitS * 1000;
    answer = await reconcile(ports, { effectKey: answer.effectKey, maySend: true });
  }
  return answer;
}

async function assertComplete(caseId: string, label: string) {
  const { world, endpoint, events } = stack;
  const record = (await getCase(stack.cases, caseId))!;
  const effects = await Promise.all(
    record.effectKeys.map((key) => getEffect({ client: world.client, table: world.ledger }, key)),
  );
  expect({ label, effects: effects.map((one) => [one?.status, one?.completed]) }).toEqual({
    label,
    effects: [['SUCCEEDED', true]],
  });
  expect({ label, physical: record.effectKeys.map((key) => endpoint.physical.get(key)) }).toEqual({
    label,
    physical: [1],
  });
  const audit = { client: world.client, table: world.audit };
  const report = await verifyChain(`case#${caseId}`, chainTexts(audit, `case#${caseId}`));
  expect({ label, fault: report.fault }).toEqual({ label, fault: undefined });
  const facts = collapse(await readChain(audit, `case#${caseId}`));
  const succeeded = facts.flatMap(({ type, body }, at) =>
    type === 'effect-outcome' && JSON.stringify(body).includes('SUCCEEDED') ? [at] : [],
  );
  const announced = facts.findIndex(({ type }) => type === 'effect-announced');
  expect(succeeded).toHaveLength(1);
  expect(announced).toBeGreaterThanOrEqual(0);
  expect(announced).toBeLessThan(succeeded[0]!);
  expect(events.some(({ type, detail }) => type === 'RemediationSucceeded' && detail.subject === caseId)).toBe(true);
  expect(record.status).toBe('verifying');
  expect((await world.states.get(record.asset))!.holds).toMatchObject([{ caseId, action: 'close-valve' }]);
}

test('dying after any step', async () => {
  const ports = remediationPorts(stack.world);
  let steps: readonly string[] = [];
  for (let dieAt = 1; ; dieAt += 1) {
    const record = caseFor(`step ${dieAt}`, { correlationKey: `step ${dieAt}`, openedAtMs: stack.clock.nowMs });
    await stack.open(record);
    const process = mortal(ports, dieAt);
    await remediate(process.ports, { caseId: record.caseId, inverse: false }).catch(() => undefined);
    steps = process.steps;
    if (!process.isDead()) break;
    if (dieAt % 2 === 0) stack.clock.nowMs += leaseMs + 1;
    expect(await goOn(record.caseId)).toMatchObject({ status: 'SUCCEEDED' });
    await assertComplete(record.caseId, `step ${dieAt}: ${steps.at(-1)}`);
  }
  // The order of the invariant, from the outside.
  const order = ['ledger.replace', 'audit', 'open.send', 'stopReasons', 'ledger.replace', 'audit', 'publish'];
  let from = -1;
  for (const step of order) {
    from = steps.indexOf(step, from + 1);
    expect(from).toBeGreaterThanOrEqual(0);
  }
}, 60_000);

test('five flows at once, with an endpoint that loses answers, act once', async () => {
  for (const wrong of [
    'reset-after',
    'reset-before',
    { status: 503, headers: { 'retry-after': '1' } },
  ] as Misbehaviour[]) {
    const label = `race ${JSON.stringify(wrong)}`;
    const record = caseFor(label, { correlationKey: label, openedAtMs: stack.clock.nowMs });
    await stack.open(record);
    stack.endpoint.next.push(wrong);
    const ports = remediationPorts(stack.world);
    await Promise.all(
      [1, 2, 3, 4, 5].map(() => remediate(ports, { caseId: record.caseId, inverse: false }).catch(() => undefined)),
    );
    expect(await goOn(record.caseId)).toMatchObject({ status: 'SUCCEEDED' });
    await assertComplete(record.caseId, label);
  }
}, 30_000);

test('the scheduled sweep finds a stale lease, asks, and completes what nobody waits for', async () => {
  const record = caseFor('sweep', { correlationKey: 'sweep', openedAtMs: stack.clock.nowMs });
  await stack.open(record);
  const ports = remediationPorts(stack.world);
  // Dies with the call on its way: the effect happens, nobody is there for the answer.
  const order: string[] = [];
  const killed = new Proxy(ports, {
    get(owner, key) {
      const value = Reflect.get(owner, key);
      if (key !== 'newestReading') return value;
      return async () => await new Promise(() => order.push('gone'));
    },
  });
  void remediate(killed, { caseId: record.caseId, inverse: false });
  while (order.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  stack.clock.nowMs += leaseMs + 1;
  const ledger = { client: stack.world.client, table: stack.world.ledger };
  for (let n = 0; n < 4; n += 1) {
    await sweepEffects(ports, await dueEffects(ledger, stack.clock.nowMs));
    stack.clock.nowMs += 61_000;
  }
  await assertComplete(record.caseId, 'sweep');
}, 30_000);
