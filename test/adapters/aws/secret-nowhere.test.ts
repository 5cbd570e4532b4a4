/** After a run in which everything was refused, echoed and rotated, no secret stands anywhere that the run has written. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { remediationPorts } from '../../../lib/adapters/aws/remediation-ports.ts';
import { reconcile } from '../../../lib/core/remediation/reconcile.ts';
import { remediate } from '../../../lib/core/remediation/remediate.ts';
import { startFaultyServer } from '../../support/endpoints/faulty-server.ts';
import { type RemediationStack, startRemediationStack } from '../../support/remediation-stack.ts';
import { caseFor, proposalFor } from '../../support/remediation-world.ts';

let stack: RemediationStack;
beforeAll(async () => {
  stack = await startRemediationStack('secretless');
}, 60_000);
afterAll(() => stack.stop());

test('nowhere in ledger, audit, cases, state, events or logs', async () => {
  const secrets = ['robot@example.com:ATATT3xFfGF0-first-token', 'robot@example.com:ATATT3xFfGF0-other-token'];
  // Answers with everything that it was sent, as broken proxies and debug pages do.
  const echo = await startFaultyServer({
    acts: () => false,
    handle: ({ method, headers }) => {
      const said = `headers were ${JSON.stringify(headers)}; so ${secrets.join(' and ')}`;
      const status = method === 'GET' ? 401 : 400;
      return { status, body: { message: said, errorMessages: [said], issues: [] } };
    },
  });
  const lines: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  const writeError = process.stderr.write.bind(process.stderr);
  const keep = (text: unknown): boolean => lines.push(String(text)) > 0;
  process.stdout.write = keep as typeof write;
  process.stderr.write = keep as typeof writeError;
  try {
    let fetched = 0;
    const world = {
      ...stack.world,
      settings: { ticket: { service: 'jira', url: echo.url, project: 'OPS' } },
      surroundings: {
        ...stack.world.surroundings,
        secret: () => async (options?: { refetch: boolean }) => {
          if (options?.refetch) fetched += 1;
          return secrets[fetched % 2]!;
        },
      },
    };
    const ports = remediationPorts(world);
    for (const [index, action] of ['raise-ticket', 'close-valve'].entries()) {
      const record = caseFor(`secret ${index}`);
      const proposal = { ...proposalFor('plant-1', action, `V${index}`), remediator: 'ticket' };
      await stack.open({ ...record, proposal });
      let answer = await remediate(ports, { caseId: record.caseId, inverse: false });
      for (let round = 0; answer.status === 'UNKNOWN' && round < 4; round += 1) {
        stack.clock.nowMs += answer.waitS * 1_000;
        answer = await reconcile(ports, { effectKey: answer.effectKey, maySend: true });
      }
      expect(answer.status).toBe('FAILED');
    }
    expect(fetched).toBeGreaterThan(0);
  } finally {
    process.stdout.write = write;
    process.stderr.write = writeError;
    await echo.stop();
  }
  const written: string[] = [...lines, JSON.stringify(stack.events)];
  for (const table of [stack.world.ledger, stack.world.audit, stack.world.cases, stack.world.stop])
    written.push(JSON.stringify((await stack.world.client.send(new ScanCommand({ TableName: table }))).Items));
  expect(written.join('').length).toBeGreaterThan(2_000);
  expect(written.join('')).toContain('effect-outcome');
  for (const secret of secrets) {
    const [, token = ''] = secret.split(':');
    for (const form of [secret, token, Buffer.from(secret).toString('base64'), Buffer.from(token).toString('base64')])
      expect(written.filter((text) => text.includes(form))).toEqual([]);
  }
});
