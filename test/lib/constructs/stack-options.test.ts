/** What the stack has more, or otherwise, where its configuration says so. */
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { configuration } from '../../../lib/contracts/configuration.ts';
import { list, policiesOf, type Statement, Synthesizer } from '../../support/synthesized.ts';

const made = new Synthesizer();
afterAll(() => made.remove());

/** The variable of that name, by each function that is told it. */
const toldOf = (from: Template, variable: string): [string, string][] =>
  Object.values(from.findResources('AWS::Lambda::Function')).flatMap(({ Properties }) => {
    const told = Properties.Environment?.Variables?.[variable];
    return told === undefined ? [] : [[Properties.FunctionName, told] as [string, string]];
  });

describe('what functions are told', () => {
  const other = () =>
    made.template({
      sessionIdleMinutes: 5,
      consoleOrigin: 'https://console.example',
      scoreRetentionDays: 30,
      policyAuthors: ['mara'],
    });

  test('the console’s alone how long a session may idle, and where else the console is opened', () => {
    expect(toldOf(made.template(), 'SESSION_IDLE_MINUTES')).toEqual([['groundcrew-api', '60']]);
    expect(toldOf(made.template(), 'CONSOLE_ORIGIN')).toEqual([]);
    expect(toldOf(other(), 'SESSION_IDLE_MINUTES')).toEqual([['groundcrew-api', '5']]);
    expect(toldOf(other(), 'CONSOLE_ORIGIN')).toEqual([['groundcrew-api', 'https://console.example']]);
    for (const consoleOrigin of ['http://console.example', 'https://a/b', 'https://A', '*'])
      expect(configuration.safeParse({ consoleOrigin }).success).toBe(false);
  });

  test('screening alone how long the scores of weeks stay', () => {
    expect(toldOf(made.template(), 'SCORE_RETENTION_DAYS')).toEqual([['groundcrew-screen', '90']]);
    expect(toldOf(other(), 'SCORE_RETENTION_DAYS')).toEqual([['groundcrew-screen', '30']]);
  });

  test('whoever takes answers alone who edits policies, and nobody unless they are named', () => {
    expect(toldOf(made.template(), 'POLICY_AUTHORS')).toEqual([['groundcrew-review-answer', '[]']]);
    expect(toldOf(other(), 'POLICY_AUTHORS')).toEqual([['groundcrew-review-answer', '["mara"]']]);
    expect(configuration.safeParse({ policyAuthors: [' '] }).success).toBe(false);
  });
});

describe('channels to people', () => {
  const phones = { by: 'web-push', hosts: ['fcm.googleapis.com'], contact: 'mailto:operators@example.org' };
  const named = () =>
    made.template(
      { channels: { ops: { by: 'slack' }, phones } },
      { channelSecrets: ['notify-ops', 'notify-phones'], pushSecret: 'notify-phones', rules: true },
    );
  const grants = (from: Template): string[] =>
    policiesOf(from).flatMap(([id, statements]) =>
      statements.flatMap((each) => {
        const on = /Secretnotifyphones|SubjectKey|Subjects/i.exec(JSON.stringify(each.Resource))?.[0];
        return on === undefined ? [] : [`${id.replace(/^Functions|Role.*$/g, '')} ${list(each.Action).join()} ${on}`];
      }),
    );

  test('each that needs one has a secret, which only the function that tells may read', () => {
    named().hasResourceProperties('AWS::SecretsManager::Secret', { Name: 'groundcrew/notify-ops' });
    const readers = policiesOf(named()).filter(([, statements]) =>
      statements.some(({ Resource }) => JSON.stringify(Resource).includes('Secretnotifyops')),
    );
    expect(readers.map(([id]) => id)).toEqual([expect.stringMatching(/^Functionsnotify/)]);
  });

  test('that to browsers lets who tells open addresses and who shows the key read the secret, only where it is configured', () => {
    const before = new Set(grants(made.template()));
    const added = grants(named()).filter((grant) => !before.has(grant));
    expect(added.map((grant) => grant.replace(/ \w+$/, '')).sort()).toEqual([
      'api secretsmanager:GetSecretValue',
      'notify dynamodb:GetItem',
      'notify kms:Decrypt',
      'notify secretsmanager:GetSecretValue',
    ]);
  });
});

describe('items in OpsCenter', () => {
  const makers = (from: Template): Statement[] =>
    policiesOf(from)
      .flatMap(([, statements]) => statements)
      .filter(({ Action }) => list(Action).some((action) => action.startsWith('ssm:')));
  const rules = (from: Template) =>
    Object.values(from.findResources('AWS::Events::Rule')).filter(({ Properties }) =>
      /:ssm:.*opsitem/.test(JSON.stringify(Properties.Targets)),
    );

  test('are made by nobody unless the configuration names them', () => {
    expect(rules(made.template())).toEqual([]);
    expect(makers(made.template())).toEqual([]);
    expect(configuration.safeParse({ opsCenter: { severity: '5' } }).success).toBe(false);
    expect(configuration.safeParse({ opsCenter: { colour: 'red' } }).success).toBe(false);
  });

  test('are made of cases whose flow failed, by a role that can make items and nothing else', () => {
    const named = made.template({ opsCenter: { severity: '1' } }, { rules: true });
    const [rule, ...others] = rules(named);
    expect(others).toEqual([]);
    expect(rule!.Properties.EventPattern).toMatchObject({
      source: ['aws.states'],
      detail: {
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        stateMachineArn: [expect.objectContaining({ 'Fn::Join': expect.anything() })],
      },
    });
    // People are told of the same.
    expect(
      Object.values(named.findResources('AWS::Events::Rule')).filter(
        ({ Properties }) => JSON.stringify(Properties.EventPattern) === JSON.stringify(rule!.Properties.EventPattern),
      ),
    ).toHaveLength(2);
    expect(makers(named)).toEqual([{ Action: 'ssm:CreateOpsItem', Effect: 'Allow', Resource: '*' }]);
  });
});

describe('the larger model', () => {
  const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:models/token-AbCdEf';
  const given = { url: 'https://models.example/kept', costUsd: 0.01 };
  const grantsOf = (from: Template, needle: string): string[] =>
    policiesOf(from).flatMap(([id, statements]) =>
      statements
        .filter((each) => JSON.stringify(each.Resource).includes(needle))
        .map((each) => `${id.replace(/^Functions|Role.*$/g, '')} ${list(each.Action).join()}`),
    );

  test('is nobody’s unless it is named: no function is told of one, and no role changes', () => {
    expect(toldOf(made.template(), 'TIER2')).toEqual([]);
    expect(policiesOf(made.template({ tier2: given }))).toEqual(policiesOf(made.template()));
  });

  test('is told to inference alone, which alone may read its token', () => {
    const named = made.template({ tier2: { ...given, secretArn } }, { rules: true });
    const told = toldOf(named, 'TIER2');
    expect(told.map(([name]) => name)).toEqual(['groundcrew-infer']);
    expect(JSON.parse(told[0]![1])).toEqual({ ...given, secretArn, timeoutMs: 3000, allowPrivate: false, models: {} });
    expect(grantsOf(named, secretArn)).toEqual(['infer secretsmanager:GetSecretValue']);
  });

  test.each([
    ['another protocol', { ...given, url: 'ftp://models.example' }],
    ['no cost', { url: given.url }],
    ['an endless wait', { ...given, timeoutMs: 60_000 }],
    ['a secret that is none', { ...given, secretArn: 'arn:aws:s3:::bucket' }],
    ['every secret', { ...given, secretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:*' }],
    ['a pack that cannot be', { ...given, models: { '../x': { name: 'm' } } }],
    ['a model with a path', { ...given, models: { 'water-network': { name: 'a/b' } } }],
    ['an unknown option', { ...given, retries: 5 }],
  ])('is refused with %s', (_, wrong) => expect(configuration.safeParse({ tier2: wrong }).success).toBe(false));
});

describe('configuration', () => {
  test('a prefix names everything', () => {
    const north = made.template({ prefix: 'north' });
    for (const table of Object.values(north.findResources('AWS::DynamoDB::Table')))
      expect(table.Properties.TableName).toMatch(/^north-/);
    north.hasResourceProperties('AWS::IoT::TopicRule', { RuleName: 'north_telemetry' });
  });

  test.each([
    ['an unknown name', { colour: 'red' }],
    ['a prefix with capitals', { prefix: 'North' }],
    ['a negative quota', { quotaPerAssetHour: -1 }],
    ['a retention that CloudWatch does not know', { logRetentionDays: 31 }],
  ])('refuses %s', (_, given) => expect(configuration.safeParse(given).success).toBe(false));
});
