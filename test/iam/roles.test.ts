/** What can be told of the roles without running anything; `test/e2e/story.test.ts` holds them against a whole run. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { RoleModel, StackModel } from '../../local/assembly/model.ts';
import { covers, forbiddenCalls, functionGrants, type Grant, grantsOf, unusedGrants } from '../support/iam.ts';
import { testStackModel } from '../support/stack/invariants.ts';
import { unusedGrantsWithReason } from './unused-grants.ts';

let stack: StackModel;
beforeAll(async () => {
  stack = await testStackModel();
}, 120_000);

const roleOf = (roleArn: string): RoleModel => stack.roles.find(({ arn }) => arn === roleArn)!;
const invokes = (role: RoleModel): string[] =>
  role.statements
    .filter(({ actions }) => actions.includes('lambda:InvokeFunction'))
    .flatMap(({ resources }) => [...resources])
    .sort();

describe('the roles of the stack', () => {
  test('each function has a role of its own, without managed policies, conditions or denials', () => {
    const arns = stack.functions.map(({ roleArn }) => roleArn);
    expect(new Set(arns).size).toBe(stack.functions.length);
    expect(functionGrants(stack).length).toBeGreaterThan(100);
    for (const arn of arns) expect(roleOf(arn).trustedServices).toEqual(['lambda.amazonaws.com']);
  });

  test('no function may delete but the one that frees slots and the one that ends sessions, change a table or a policy, or write outside its prefixes', () => {
    const grants = functionGrants(stack);
    const deleting = grants.filter(({ action }) =>
      /delete|update(?!Item)|create|iam:|\*/i.test(action.replace('logs:CreateLogStream', '')),
    );
    expect(deleting.map(({ caller, action }) => `${caller.replace(/^Functions|Function.*$/g, '')} ${action}`)).toEqual([
      'close dynamodb:DeleteItem',
      'api dynamodb:DeleteItem',
      'api cognito-idp:AdminCreateUser',
    ]);
    const objects = grants.filter(({ action }) => action === 's3:PutObject').map(({ resource }) => resource);
    for (const resource of objects) expect(resource).toMatch(/^arn:aws:s3:::[a-z0-9-]+\/[a-z]+\/\*$/);
  });

  test('a state machine may invoke exactly the functions that its definition names', () => {
    for (const { definition, roleArn } of stack.stateMachines) {
      const named = [...new Set(definition.match(/arn:aws:lambda:[a-z0-9-]+:\d+:function:[a-z-]+/g))].sort();
      expect(named.length).toBeGreaterThan(3);
      expect(invokes(roleOf(roleArn))).toEqual(named);
    }
  });

  test('the scheduler may invoke exactly what it has schedules for, and queue what failed', () => {
    const targets = stack.schedules.map(({ target }) => target.arn).sort();
    const [roleArn] = new Set(stack.schedules.map(({ target }) => target.roleArn));
    expect(invokes(roleOf(roleArn!))).toEqual(targets);
    const deadLetters = new Set(stack.schedules.map(({ target }) => target.deadLetterArn));
    for (const arn of deadLetters)
      expect(roleOf(roleArn!).statements).toContainEqual(
        expect.objectContaining({ actions: expect.arrayContaining(['sqs:SendMessage']), resources: [arn] }),
      );
  });

  test('rules may do exactly what their targets are', () => {
    for (const { actions, errorAction } of stack.topicRules) {
      for (const action of [...actions, errorAction!]) {
        if (action.kind === 'kinesis') {
          const arn = stack.streams.find(({ name }) => name === action.streamName)!.arn;
          expect(roleOf(action.roleArn).statements).toContainEqual(
            expect.objectContaining({ actions: ['kinesis:PutRecord'], resources: [arn] }),
          );
        } else if (action.kind === 's3') {
          const prefix = action.key.slice(0, action.key.indexOf('/'));
          expect(roleOf(action.roleArn).statements).toContainEqual(
            expect.objectContaining({
              actions: ['s3:PutObject'],
              resources: [`arn:aws:s3:::${action.bucketName}/${prefix}/*`],
            }),
          );
        } else throw new Error(`a rule with a ${action.kind} action is not judged`);
      }
    }
    for (const { targets } of stack.rules)
      for (const { arn, roleArn } of targets)
        if (roleArn !== undefined)
          expect(roleOf(roleArn).statements).toMatchObject([
            // An item has no name before it is made.
            arn.endsWith(':opsitem')
              ? { actions: ['ssm:CreateOpsItem'], resources: ['*'] }
              : { actions: ['states:StartExecution'], resources: [arn] },
          ]);
  });

  test('each exception is about a grant that there is', () => {
    const grants = functionGrants(stack);
    for (const { action, on, fn } of unusedGrantsWithReason) {
      const meant = grants.filter((grant) => grant.action === action && grant.resource.includes(on ?? ''));
      const names = meant.map(({ caller }) => stack.functions.find(({ logicalId }) => logicalId === caller)!.name);
      expect({
        action,
        on,
        fn,
        granted: fn === undefined ? names.length > 0 : names.includes(`groundcrew-${fn}`),
      }).toEqual({ action, on, fn, granted: true });
    }
  });
});

describe('the evaluator', () => {
  const grant = (action: string, resource: string): Grant => ({ caller: 'F', action, resource });
  const call = (action: string, resource: string, caller = 'F') => ({
    caller,
    action,
    resource,
    service: '',
    operation: '',
    count: 1,
  });
  const role = (statement: object): RoleModel =>
    ({
      logicalId: 'R',
      managedPolicyArns: [],
      statements: [
        {
          effect: 'Allow',
          actions: ['s3:GetObject'],
          resources: ['arn:aws:s3:::b/x/*'],
          condition: undefined,
          ...statement,
        },
      ],
    }) as unknown as RoleModel;

  test('takes exact ARNs and trailing wildcards, for the caller and the action alone', () => {
    expect(covers(grant('s3:GetObject', 'arn:aws:s3:::b/raw/*'), call('s3:GetObject', 'arn:aws:s3:::b/raw/*'))).toBe(
      true,
    );
    expect(covers(grant('s3:GetObject', 'arn:aws:s3:::b/raw/*'), call('s3:GetObject', 'arn:aws:s3:::b/rawer/*'))).toBe(
      false,
    );
    expect(covers(grant('s3:GetObject', 'arn:aws:s3:::b/raw/*'), call('s3:PutObject', 'arn:aws:s3:::b/raw/*'))).toBe(
      false,
    );
    expect(
      covers(grant('dynamodb:Query', 'arn:aws:d:table/t'), call('dynamodb:Query', 'arn:aws:d:table/t/index/i')),
    ).toBe(false);
    expect(covers(grant('dynamodb:Query', 'arn:aws:d:table/t'), call('dynamodb:Query', 'arn:aws:d:table/t', 'G'))).toBe(
      false,
    );
    expect(covers(grant('dynamodb:Query', 'arn:aws:d:*'), call('dynamodb:Query', '*'))).toBe(false);
  });

  test('tells what is forbidden and what is unused', () => {
    const grants = [grant('a:B', 'arn:aws:x'), grant('a:C', 'arn:aws:x')];
    expect(forbiddenCalls(grants, [call('a:B', 'arn:aws:x'), call('a:B', 'arn:aws:y')])).toMatchObject([
      { resource: 'arn:aws:y' },
    ]);
    expect(unusedGrants(grants, [call('a:B', 'arn:aws:x')])).toEqual([grants[1]]);
  });

  test.each([
    { effect: 'Deny' },
    { condition: { StringEquals: {} } },
    { actions: ['s3:*'] },
    { actions: ['*'] },
    { actions: [] },
    { resources: ['*'] },
    { resources: ['arn:aws:s3:::b/*/x'] },
    { resources: ['arn:aws:s3:::b/?'] },
    { resources: [] },
  ])('refuses what it cannot judge: %j', (statement) => {
    expect(() => grantsOf('F', role(statement))).toThrow(/^R /);
  });
});
