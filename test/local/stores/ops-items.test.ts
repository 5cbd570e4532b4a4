import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { OpsCenter } from '../../../lib/constructs/ops-center.ts';
import { inputMaker } from '../../../local/bus/target-input.ts';
import { targetKindOf } from '../../../local/bus/targets.ts';
import { OpsItems } from '../../../local/stores/ops-items.ts';
import type { JsonObject } from '../../../local/types.ts';
import { temporaryFolder } from '../support/temp.ts';

const folder = temporaryFolder();
const lines = (): { item: Record<string, unknown> }[] =>
  readFileSync(join(folder(), 'ops-items.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { item: Record<string, unknown> });

const caseId = 'a'.repeat(64);
const executionArn = `arn:aws:states:eu-central-1:123456789012:execution:groundcrew-case:${caseId}`;
const failed = (change: JsonObject = {}): JsonObject => ({
  version: '0',
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
  resources: [executionArn],
  detail: {
    executionArn,
    name: caseId,
    status: 'FAILED',
    input: '{"caseId":"x","secret":"the-secret"}',
    error: 'Oops',
    cause: 'Bob said "no"',
    ...change,
  },
});

/** The target as CloudFormation gets it, in one account and region, and what it makes of an event. */
function deployed(): { readonly arn: string; readonly make: (event: JsonObject) => string } {
  // The whole stack's tests hold the template against CloudFormation's rules; loading them takes seconds.
  const app = new App({ outdir: join(folder(), 'cdk.out'), builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'stack', { env: { account: '123456789012', region: 'eu-central-1' } });
  new OpsCenter(stack, 'OpsCenter', {
    prefix: 'groundcrew',
    settings: { severity: '2' },
    failures: { source: ['aws.states'] },
    consoleUrl: 'https://console.example',
    deadLetters: new Queue(stack, 'DeadLetters'),
  });
  const [rule] = Object.values(Template.fromStack(stack).findResources('AWS::Events::Rule'));
  const [{ Arn, InputTransformer }] = rule!.Properties.Targets;
  const make = inputMaker({
    transformer: { paths: InputTransformer.InputPathsMap, template: InputTransformer.InputTemplate },
  });
  return {
    arn: Arn['Fn::Join'][1].map((part: unknown) => (typeof part === 'string' ? part : 'aws')).join(''),
    make: (event) => make(event, { ruleArn: 'r', ruleName: 'r', ingestionMs: 0 }),
  };
}

describe('an item in OpsCenter', () => {
  test('says of a failed case where to look, and nothing of what went through it', () => {
    const { arn, make } = deployed();
    expect(arn).toBe('arn:aws:ssm:eu-central-1:123456789012:opsitem');
    expect(targetKindOf(arn)).toBe('ops-items');
    const text = make(failed());
    expect(text).not.toMatch(/secret|Oops|Bob/);
    new OpsItems(folder()).create(text);
    expect(lines()).toMatchObject([
      {
        item: {
          title: 'groundcrew: the flow of a case ended as FAILED',
          description: expect.stringContaining(`https://console.example/cases/${caseId}`),
          source: 'groundcrew',
          severity: '2',
          category: 'Availability',
          resources: [executionArn],
          operationalData: {
            '/aws/dedup': {
              type: 'SearchableString',
              value: JSON.stringify({ dedupString: `groundcrew case ${caseId}` }),
            },
            case: { value: `https://console.example/cases/${caseId}` },
            execution: { value: expect.stringMatching(new RegExp(`/executions/details/${executionArn}$`)) },
            status: { value: 'FAILED' },
          },
        },
      },
    ]);
  });

  test('is made once for a case, also after a restart, and again for another', () => {
    const { make } = deployed();
    new OpsItems(folder()).create(make(failed()));
    const items = new OpsItems(folder());
    items.create(make(failed({ status: 'ABORTED' })));
    expect(lines()).toHaveLength(1);
    items.create(make(failed({ name: 'b'.repeat(64) })));
    expect(lines()).toHaveLength(2);
  });

  test('without a string to tell it by, it is new each time', () => {
    const items = new OpsItems(folder());
    const plain = JSON.stringify({ title: 't', description: 'd', source: 's' });
    items.create(plain);
    items.create(plain);
    expect(lines()).toHaveLength(2);
  });

  test.each([
    ['no JSON', '{"title"'],
    ['no title', JSON.stringify({ description: 'd', source: 's' })],
    ['a blank title', JSON.stringify({ title: ' ', description: 'd', source: 's' })],
    ['a title that is too long', JSON.stringify({ title: 'x'.repeat(1025), description: 'd', source: 's' })],
    ['a member that is not known', JSON.stringify({ title: 't', description: 'd', source: 's', colour: 'red' })],
    [
      'a reserved name',
      JSON.stringify({ title: 't', description: 'd', source: 's', operationalData: { '/aws/x': { value: 'v' } } }),
    ],
    ['the event itself', JSON.stringify(failed())],
  ])('refuses %s for good', (_, payload) => {
    expect(() => new OpsItems(folder()).create(payload)).toThrow(
      expect.objectContaining({ code: 'ValidationException', retryable: false }),
    );
  });
});
