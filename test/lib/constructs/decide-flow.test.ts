import { describe, expect, test } from '@jest/globals';
import { decideFlowDefinition } from '../../../lib/constructs/decide-flow.ts';
import { loadDefinition } from '../../../local/flow/definition.ts';
import { type MockAnswer, simulate } from '../../../local/flow/simulate.ts';
import type { JsonObject } from '../../../local/flow/types.ts';
import { answers, arn, caseId, fails } from '../../support/flows.ts';

const decideFlow = decideFlowDefinition({
  infer: arn('infer'),
  guard: arn('guard'),
  record: arn('record'),
  route: arn('route'),
});

describe('DecideFlow', () => {
  const flag = { flagId: 'f'.repeat(64), asset: 'district-1' };
  const run = (verdict: string, more: Record<string, readonly MockAnswer[]> = {}) =>
    simulate({
      definition: loadDefinition(decideFlow as JsonObject),
      input: { data: flag },
      mocks: {
        Infer: answers({ inference: { kind: 'leak' }, pack: 'water-network' }),
        Guard: answers({ guard: { verdict } }),
        Record: answers({ decisionId: 'd'.repeat(64), verdict }),
        Route: answers({ caseId, opened: true }),
        ...more,
      },
    });

  test('opens a case for what may act or must ask, and only records the rest', async () => {
    expect((await run('act')).output).toEqual({ caseId, opened: true });
    expect((await run('ask')).output).toEqual({ caseId, opened: true });
    expect((await run('observe', { Route: [] })).output).toEqual({ decisionId: 'd'.repeat(64), verdict: 'observe' });
  });

  test('hands everything known so far to each step', async () => {
    const result = await run('act');
    const payloads = result.events
      .filter((event) => event.type === 'TaskScheduled')
      .map((event) =>
        Object.keys(
          (JSON.parse((event.details as { parameters: string }).parameters) as { Payload: object }).Payload,
        ).sort(),
      );
    expect(payloads).toEqual([
      ['flag'],
      ['flag', 'inference', 'pack'],
      ['flag', 'guard', 'inference', 'pack'],
      ['decisionId', 'flag', 'guard', 'inference', 'pack', 'verdict'],
    ]);
  });

  test('fails when a step fails, so that the flag stays pending', async () => {
    expect((await run('act', { Guard: [fails('TypeError')] })).status).toBe('FAILED');
  });
});
