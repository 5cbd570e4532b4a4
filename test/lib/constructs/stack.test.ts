import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { modelHashes } from '../../../layers/build.ts';
import { GroundcrewStack } from '../../../lib/constructs/groundcrew-stack.ts';
import { configuration } from '../../../lib/contracts/configuration.ts';
import { functionNames } from '../../../lib/contracts/names.ts';
import { metricUnits } from '../../../lib/middleware/metrics.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Effect: string;
  readonly Resource: unknown;
}
const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

let folder: string;
let template: Template;
/** Statements of the policies attached to each function's role, by the function's name. */
const statements = new Map<string, Statement[]>();

function synthesize(
  given: unknown,
  channelSecrets: readonly string[] = [],
  pushSecret?: string,
): { template: Template; app: App } {
  const app = new App({
    outdir: mkdtempSync(join(folder, 'out-')),
    context: { '@aws-cdk/aws-iam:minimizePolicies': true },
  });
  const stack = new GroundcrewStack(app, 'groundcrew', {
    configuration: configuration.parse(given),
    configurationHash: 'a'.repeat(64),
    codeHash: 'b'.repeat(64),
    channelSecrets,
    pushSecret,
    modelHashes: { 'pack/model.onnx': 'c'.repeat(64) },
    bundles: join(folder, 'bundles'),
    layer: join(folder, 'layer'),
  });
  return { template: Template.fromStack(stack), app };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'groundcrew-stack-'));
  mkdirSync(join(folder, 'layer'));
  writeFileSync(join(folder, 'layer/runtime.js'), '');
  for (const name of functionNames) {
    mkdirSync(join(folder, 'bundles', name), { recursive: true });
    writeFileSync(join(folder, 'bundles', name, 'index.js'), 'exports.handler = async () => ({});');
  }
  template = synthesize({}).template;
  const functions = template.findResources('AWS::Lambda::Function');
  const policies = Object.values(template.findResources('AWS::IAM::Policy'));
  for (const fn of Object.values(functions)) {
    const role = fn.Properties.Role['Fn::GetAtt'][0] as string;
    const own = policies.filter((policy) => policy.Properties.Roles.some((each: { Ref: string }) => each.Ref === role));
    statements.set(
      (fn.Properties.FunctionName as string).replace('groundcrew-', ''),
      own.flatMap((policy) => policy.Properties.PolicyDocument.Statement as Statement[]),
    );
  }
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const allowed = (name: string): string[] => (statements.get(name) ?? []).flatMap((each) => list(each.Action));

describe('the stack', () => {
  test('has every function, each with a log group of its own that forgets', () => {
    expect([...statements.keys()].sort()).toEqual([...functionNames].sort());
    const groups = Object.values(template.findResources('AWS::Logs::LogGroup'));
    for (const name of functionNames) {
      const group = groups.find((each) => each.Properties.LogGroupName === `/aws/lambda/groundcrew-${name}`);
      expect(group?.Properties.RetentionInDays).toBe(30);
    }
  });

  test('has no custom resource and no managed policy: nothing runs that is not ours', () => {
    template.resourceCountIs('AWS::CloudFormation::CustomResource', 0);
    for (const role of Object.values(template.findResources('AWS::IAM::Role')))
      expect(role.Properties.ManagedPolicyArns).toBeUndefined();
  });

  test('passes the AwsSolutions rules with nothing but acknowledged findings', () => {
    const { app } = synthesize({});
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    // Again, because the template was made before there were rules.
    expect(() => app.synth({ force: true })).not.toThrow();
  }, 120_000);

  test('keeps checkpoints where nobody can delete them, and outlives its own removal', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } },
        },
      }),
    });
  });

  test('moves the archive to colder storage, forgets raw readings after their time, and never an entry', () => {
    const { template: kept } = synthesize({ archiveColdAfterDays: 120, rawRetentionDays: 31 });
    const rulesOf = (name: RegExp) => {
      const [bucket] = Object.entries(kept.findResources('AWS::S3::Bucket')).filter(([id]) => name.test(id));
      return (bucket![1]['Properties'].LifecycleConfiguration?.Rules ?? []) as Record<string, unknown>[];
    };
    expect(rulesOf(/AuditBucket/)).toEqual([
      {
        Id: 'archive',
        Prefix: 'archive/',
        Status: 'Enabled',
        Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 120 }],
      },
    ]);
    const data = rulesOf(/Data/);
    for (const prefix of ['raw/', 'quarantine/'])
      expect(data).toContainEqual(expect.objectContaining({ Prefix: prefix, ExpirationInDays: 31 }));
    // What a decision names by hash is not forgotten.
    const forgotten = data.flatMap(({ Prefix, ExpirationInDays }) => (ExpirationInDays ? [Prefix] : [])).sort();
    expect(forgotten).toEqual(['open/', 'quarantine/', 'raw/']);
    const withTtl = Object.values(kept.findResources('AWS::DynamoDB::Table'))
      .filter(({ Properties }) => Properties.TimeToLiveSpecification?.Enabled === true)
      .map(({ Properties }) => String(Properties['TableName']))
      .sort();
    expect(withTtl).toEqual([
      'groundcrew-cases',
      'groundcrew-decisions',
      'groundcrew-operations',
      'groundcrew-sessions',
    ]);
  });

  test('checkpoints may go to a bucket in another account, and then there is none here', () => {
    const { template: elsewhere } = synthesize({ auditBucket: 'the-auditors-bucket' });
    elsewhere.resourceCountIs('AWS::S3::Bucket', 1);
    const text = JSON.stringify(elsewhere.toJSON());
    expect(text).toContain(':s3:::the-auditors-bucket/checkpoints/*');
    elsewhere.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'groundcrew-checkpoint',
      Environment: { Variables: Match.objectLike({ BUCKET_AUDIT: 'the-auditors-bucket' }) },
    });
  });

  test('no role may update or delete an audit entry or a person, and only one may send task tokens', () => {
    const sending: string[] = [];
    for (const [name, granted] of statements)
      for (const { Action, Resource } of granted) {
        const resource = JSON.stringify(Resource);
        const actions = list(Action);
        if (/StoresAudit|StoresSubjects/.test(resource) && actions.some((action) => action.startsWith('dynamodb:')))
          for (const action of actions)
            expect(['Query', 'PutItem', 'GetItem', 'Scan']).toContain(action.replace('dynamodb:', ''));
        if (actions.some((action) => /SendTask/.test(action))) sending.push(name);
      }
    expect(sending).toEqual(['review-answer']);
  });

  test('what is deployed fits into the environment of the function that records it', () => {
    const text = JSON.stringify({ configuration: configuration.parse({}), models: modelHashes() });
    expect(text.length).toBeLessThan(3_000);
    expect(Object.keys(modelHashes())).toEqual(
      expect.arrayContaining(['screen/screen.onnx', 'water-network/model.onnx']),
    );
  });

  test('recovers tables to any second, but for the projection, the keys of persons and who is signed in, and protects them from deletion, unless it is disposable', () => {
    for (const table of Object.values(template.findResources('AWS::DynamoDB::Table'))) {
      const isForgetful = ['groundcrew-decisions', 'groundcrew-subjects', 'groundcrew-sessions'].includes(
        table.Properties.TableName,
      );
      expect(table.Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: !isForgetful });
      expect(table.Properties.DeletionProtectionEnabled).toBe(true);
      expect(table.DeletionPolicy).toBe('Retain');
    }
    for (const table of Object.values(
      synthesize({ disposable: true }).template.findResources('AWS::DynamoDB::Table'),
    )) {
      expect(table.Properties.DeletionProtectionEnabled).toBe(false);
      expect(table.DeletionPolicy).toBe('Delete');
    }
  });

  test('takes telemetry as it came: Basic Ingest, base64, the asset from the topic, keyed by asset', () => {
    template.hasResourceProperties('AWS::IoT::TopicRule', {
      RuleName: 'groundcrew_telemetry',
      TopicRulePayload: Match.objectLike({
        Sql: "SELECT encode(*, 'base64') AS payload, topic(2) AS asset, timestamp() AS receivedAtMs, clientid() AS clientId FROM 'telemetry/+'",
        Actions: [{ Kinesis: Match.objectLike({ PartitionKey: '${topic(2)}' }) }],
        ErrorAction: { S3: Match.objectLike({ Key: Match.stringLikeRegexp('^ingest-errors/') }) },
      }),
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      DestinationConfig: { OnFailure: Match.anyValue() },
    });
  });

  test('keeps task tokens out of the flows’ logs', () => {
    for (const machine of Object.values(template.findResources('AWS::StepFunctions::StateMachine'))) {
      expect(machine.Properties.LoggingConfiguration.IncludeExecutionData).toBe(false);
    }
  });

  test('sends what no target took to a dead-letter queue', () => {
    for (const rule of Object.values(template.findResources('AWS::Events::Rule'))) {
      for (const target of rule.Properties.Targets) expect(target.DeadLetterConfig).toBeDefined();
    }
    for (const schedule of Object.values(template.findResources('AWS::Scheduler::Schedule'))) {
      expect(schedule.Properties.Target.DeadLetterConfig).toBeDefined();
    }
  });
});

describe('the dashboard', () => {
  test('asks for figures that functions write, by the dimensions that they write', () => {
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboard).replaceAll('\\', '');
    const written = Object.keys(metricUnits);
    const direct = [...body.matchAll(/"Groundcrew","(\w+)","(\w+)","([\w-]+)","(\w+)","([\w-]+)"/g)];
    expect(direct.length).toBeGreaterThan(6);
    for (const [, name, first, one, second, other] of direct) {
      expect(written).toContain(name);
      const dimensions = { [first!]: one, [second!]: other };
      expect(dimensions).toEqual({ service: 'groundcrew', function: expect.any(String) });
      expect(functionNames).toContain(dimensions.function);
    }
    const searched = [
      ...body.matchAll(
        /SEARCH\('\{Groundcrew,service,function,pack(?:,verdict)?\} MetricName="(\w+)" service="groundcrew" function="([\w-]+)"/g,
      ),
    ];
    expect(searched.map(([, name, fn]) => `${fn} ${name}`)).toEqual([
      'record decisions',
      'record decisions',
      'record decisions',
      'infer confidence',
      'infer confidence',
      'infer ood',
    ]);
    for (const [, name] of searched) expect(written).toContain(name);
  });
});

test('an alarm tells of a day on which many windows are unknown to the model, and not of a day with few windows', () => {
  const alarms = template.findResources('AWS::CloudWatch::Alarm', {
    Properties: { AlarmName: 'groundcrew-decisions-windows-unknown-Warning' },
  });
  expect(Object.keys(alarms)).toHaveLength(1);
  const { Properties: alarm } = Object.values(alarms)[0]!;
  expect(alarm).toMatchObject({ Threshold: 20, EvaluationPeriods: 1, ComparisonOperator: 'GreaterThanThreshold' });
  const metrics = alarm.Metrics as { Expression?: string; MetricStat?: { Period: number; Metric: object } }[];
  expect(metrics.map(({ Expression }) => Expression).filter(Boolean)).toEqual(['IF(windows >= 20, 100 * unknown, 0)']);
  for (const { MetricStat } of metrics.filter(({ MetricStat }) => MetricStat))
    expect(MetricStat).toMatchObject({
      Period: 86_400,
      Metric: {
        MetricName: 'windowsUnknown',
        Dimensions: expect.arrayContaining([{ Name: 'function', Value: 'infer' }]),
      },
    });
});

describe('the console', () => {
  test('is one throttled route to the function, with a log of requests, and lets nobody else call it', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$default', AuthorizationType: 'NONE' });
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 1);
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
      AccessLogSettings: { Format: Match.stringLikeRegexp('^(?!.*(cookie|query|authorization)).*requestId') },
    });
    const callers = Object.values(template.findResources('AWS::Lambda::Permission')).filter(({ Properties }) =>
      JSON.stringify(Properties.FunctionName).includes('Functionsapi'),
    );
    expect(callers.map(({ Properties }) => Properties.Principal)).toEqual(['apigateway.amazonaws.com']);
  });

  test('tells the function how long a session may idle, and where else the console is opened', () => {
    const variables = (given: object): Record<string, string> => {
      const functions = Object.values(synthesize(given).template.findResources('AWS::Lambda::Function'));
      return functions.find((each) => each.Properties.FunctionName === 'groundcrew-api')!.Properties.Environment
        .Variables;
    };
    expect(variables({})).toMatchObject({ SESSION_IDLE_MINUTES: '60' });
    expect(variables({})).not.toHaveProperty('CONSOLE_ORIGIN');
    expect(variables({ sessionIdleMinutes: 5, consoleOrigin: 'https://console.example' })).toMatchObject({
      SESSION_IDLE_MINUTES: '5',
      CONSOLE_ORIGIN: 'https://console.example',
    });
    for (const consoleOrigin of ['http://console.example', 'https://a/b', 'https://A', '*'])
      expect(configuration.safeParse({ consoleOrigin }).success).toBe(false);
  });

  test('tells screening alone how long the scores of weeks stay', () => {
    const days = (given: object): [string, string][] =>
      Object.values(synthesize(given).template.findResources('AWS::Lambda::Function')).flatMap(({ Properties }) => {
        const kept = Properties.Environment?.Variables?.SCORE_RETENTION_DAYS;
        return kept === undefined ? [] : [[Properties.FunctionName, kept] as [string, string]];
      });
    expect(days({})).toEqual([['groundcrew-screen', '90']]);
    expect(days({ scoreRetentionDays: 30 })).toEqual([['groundcrew-screen', '30']]);
  });

  test('tells whoever takes answers alone who edits policies, and knows nobody unless they are named', () => {
    const authors = (given: object): [string, string][] =>
      Object.values(synthesize(given).template.findResources('AWS::Lambda::Function')).flatMap(({ Properties }) => {
        const named = Properties.Environment?.Variables?.POLICY_AUTHORS;
        return named === undefined ? [] : [[Properties.FunctionName, named] as [string, string]];
      });
    expect(authors({})).toEqual([['groundcrew-review-answer', '[]']]);
    expect(authors({ policyAuthors: ['mara'] })).toEqual([['groundcrew-review-answer', '["mara"]']]);
    expect(configuration.safeParse({ policyAuthors: [' '] }).success).toBe(false);
  });

  test('nobody signs up by themselves, passwords are long, and only the function may try one', () => {
    template.hasResource('AWS::Cognito::UserPool', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        DeletionProtection: 'ACTIVE',
        Policies: { PasswordPolicy: Match.objectLike({ MinimumLength: 12, RequireSymbols: true }) },
      }),
    });
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
    });
    const groups = Object.values(template.findResources('AWS::Cognito::UserPoolGroup'));
    expect(groups.map((each) => each.Properties.GroupName).sort()).toEqual([
      'admin',
      'approver',
      'auditor',
      'operator',
      'viewer',
    ]);
    const { template: trial } = synthesize({ disposable: true });
    trial.hasResource('AWS::Cognito::UserPool', { DeletionPolicy: 'Delete' });
    expect(functionNames.filter((name) => allowed(name).some((action) => action.startsWith('cognito-idp:')))).toEqual([
      'api',
    ]);
  });
});

describe('what functions may do', () => {
  test('no action and no resource is a bare wildcard, but for an action that knows no resources', () => {
    for (const [name, own] of statements) {
      for (const statement of own) {
        expect([name, list(statement.Action).filter((action) => action.includes('*'))]).toEqual([name, []]);
        // IAM knows no resources for it: whoever may read one figure may read them all.
        const isUnscoped = name === 'api' && list(statement.Action).join() === 'cloudwatch:GetMetricData';
        expect([name, list(statement.Resource).filter((resource) => resource === '*')]).toEqual([
          name,
          isUnscoped ? ['*'] : [],
        ]);
      }
    }
  });

  test('nobody updates or deletes an audit entry', () => {
    const audit = Object.keys(
      template.findResources('AWS::DynamoDB::Table', { Properties: { TableName: 'groundcrew-audit' } }),
    )[0]!;
    for (const [name, own] of statements) {
      const onAudit = own
        .filter((each) => JSON.stringify(each.Resource).includes(audit))
        .flatMap((each) => list(each.Action));
      expect([name, onAudit.filter((action) => /Update|Delete|Batch|PartiQL/.test(action))]).toEqual([name, []]);
    }
  });

  test('only the answer to a review may send a task token', () => {
    expect(
      functionNames.filter((name) => allowed(name).some((action) => action.startsWith('states:SendTask'))),
    ).toEqual(['review-answer']);
  });

  test('nothing is ever deleted but the slot of a case that closes, and a session', () => {
    const deleting = functionNames.filter((name) => allowed(name).includes('dynamodb:DeleteItem'));
    expect(deleting).toEqual(['close', 'api']);
    const deletesOn = (name: string): string[] =>
      (statements.get(name) ?? [])
        .filter((each) => list(each.Action).includes('dynamodb:DeleteItem'))
        .map((each) => JSON.stringify(each.Resource));
    expect(deletesOn('close')).toEqual([expect.stringContaining('StoresCases')]);
    expect(deletesOn('api')).toEqual([expect.stringContaining('StoresSessions')]);
  });

  test('most roles may only read the stop switch, and nobody but people writes it', () => {
    const stop = Object.keys(
      template.findResources('AWS::DynamoDB::Table', { Properties: { TableName: 'groundcrew-stop' } }),
    )[0]!;
    for (const [name, own] of statements) {
      const onStop = own
        .filter((each) => JSON.stringify(each.Resource).includes(stop))
        .flatMap((each) => list(each.Action));
      // The review API stops and resumes in the name of who is signed in.
      const more = name === 'api' ? ['dynamodb:PutItem', 'dynamodb:Scan'] : [];
      expect([name, onStop.filter((action) => action !== 'dynamodb:GetItem')]).toEqual([name, more]);
    }
  });

  test('only what calls endpoints may read the webhook’s secret, and only the checkpoint may sign', () => {
    const readers = (secret: string): string[] =>
      functionNames.filter((name) =>
        (statements.get(name) ?? []).some(
          ({ Action, Resource }) =>
            list(Action).includes('secretsmanager:GetSecretValue') && JSON.stringify(Resource).includes(secret),
        ),
      );
    expect(readers('WebhookSecret')).toEqual(['remediate', 'reconcile']);
    expect(readers('SamplingSecret')).toEqual(['sample']);
    expect(readers('')).toEqual(['remediate', 'reconcile', 'sample']);
    expect(functionNames.filter((name) => allowed(name).includes('sns:Publish'))).toEqual(['notify']);
    expect(functionNames.filter((name) => allowed(name).includes('kms:Sign'))).toEqual(['checkpoint']);
  });
});

describe('channels to people', () => {
  test('each that needs one has a secret, which only the function that tells may read', () => {
    const { template: named, app } = synthesize({ channels: { ops: { by: 'slack' } } }, ['notify-ops']);
    named.hasResourceProperties('AWS::SecretsManager::Secret', { Name: 'groundcrew/notify-ops' });
    const readers = Object.entries(named.findResources('AWS::IAM::Policy')).flatMap(([id, policy]) =>
      (policy['Properties'].PolicyDocument.Statement as Statement[]).some(({ Resource }) =>
        JSON.stringify(Resource).includes('Secretnotifyops'),
      )
        ? [id]
        : [],
    );
    expect(readers).toEqual([expect.stringMatching(/^Functionsnotify/)]);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  }, 120_000);
});

describe('items in OpsCenter', () => {
  const makers = (from: Template): Statement[] =>
    Object.values(from.findResources('AWS::IAM::Policy'))
      .flatMap((policy) => policy['Properties'].PolicyDocument.Statement as Statement[])
      .filter(({ Action }) => list(Action).some((action) => action.startsWith('ssm:')));
  const rules = (from: Template) =>
    Object.values(from.findResources('AWS::Events::Rule')).filter(({ Properties }) =>
      /:ssm:.*opsitem/.test(JSON.stringify(Properties.Targets)),
    );

  test('are made by nobody unless the configuration names them', () => {
    expect(rules(template)).toEqual([]);
    expect(makers(template)).toEqual([]);
    expect(configuration.safeParse({ opsCenter: { severity: '5' } }).success).toBe(false);
    expect(configuration.safeParse({ opsCenter: { colour: 'red' } }).success).toBe(false);
  });

  test('are made of cases whose flow failed, by a role that can make items and nothing else', () => {
    const { template: named, app } = synthesize({ opsCenter: { severity: '1' } });
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
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth({ force: true })).not.toThrow();
  }, 120_000);
});

describe('the channel to browsers', () => {
  const phones = { by: 'web-push', hosts: ['fcm.googleapis.com'], contact: 'mailto:operators@example.org' };
  const grants = (from: Template): string[] =>
    Object.entries(from.findResources('AWS::IAM::Policy')).flatMap(([id, policy]) =>
      (policy['Properties'].PolicyDocument.Statement as Statement[]).flatMap((each) => {
        const on = /Secretnotifyphones|SubjectKey|Subjects/i.exec(JSON.stringify(each.Resource))?.[0];
        return on === undefined ? [] : [`${id.replace(/^Functions|Role.*$/g, '')} ${list(each.Action).join()} ${on}`];
      }),
    );

  test('lets who tells open addresses and who shows the key read the secret, only where it is configured', () => {
    const { template: named, app } = synthesize(
      { channels: { ops: { by: 'slack' }, phones } },
      ['notify-ops', 'notify-phones'],
      'notify-phones',
    );
    const before = new Set(grants(template));
    const added = grants(named).filter((grant) => !before.has(grant));
    expect(added.map((grant) => grant.replace(/ \w+$/, '')).sort()).toEqual([
      'api secretsmanager:GetSecretValue',
      'notify dynamodb:GetItem',
      'notify kms:Decrypt',
      'notify secretsmanager:GetSecretValue',
    ]);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  }, 120_000);
});

describe('the larger model', () => {
  const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:models/token-AbCdEf';
  const given = { url: 'https://models.example/kept', costUsd: 0.01 };
  interface Resource {
    readonly Properties: {
      readonly FunctionName: string;
      readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
    };
  }
  const toldOf = (from: Template): [string, string][] =>
    (Object.values(from.findResources('AWS::Lambda::Function')) as Resource[]).flatMap(({ Properties }) => {
      const told = Properties.Environment.Variables['TIER2'];
      return told === undefined ? [] : [[Properties.FunctionName, told] as [string, string]];
    });
  const grantsOf = (from: Template, needle: string): string[] =>
    Object.entries(from.findResources('AWS::IAM::Policy')).flatMap(([id, policy]) =>
      (policy['Properties'].PolicyDocument.Statement as Statement[])
        .filter((each) => JSON.stringify(each.Resource).includes(needle))
        .map((each) => `${id.replace(/^Functions|Role.*$/g, '')} ${list(each.Action).join()}`),
    );

  test('is nobody’s unless it is named: no function is told of one, and no role changes', () => {
    expect(toldOf(template)).toEqual([]);
    const named = synthesize({ tier2: given }).template;
    expect(named.findResources('AWS::IAM::Policy')).toEqual(template.findResources('AWS::IAM::Policy'));
  });

  test('is told to inference alone, which alone may read its token', () => {
    const { template: named, app } = synthesize({ tier2: { ...given, secretArn } });
    const told = toldOf(named);
    expect(told.map(([name]) => name)).toEqual(['groundcrew-infer']);
    expect(JSON.parse(told[0]![1])).toEqual({ ...given, secretArn, timeoutMs: 3000, allowPrivate: false, models: {} });
    expect(grantsOf(named, secretArn)).toEqual(['infer secretsmanager:GetSecretValue']);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  }, 120_000);

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
    const north = synthesize({ prefix: 'north' }).template;
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
