import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { modelHashes } from '../../../layers/build.ts';
import { configuration } from '../../../lib/contracts/configuration.ts';
import { functionNames } from '../../../lib/contracts/names.ts';
import { metricUnits } from '../../../lib/middleware/metrics.ts';
import { list, type Statement, Synthesizer } from '../../support/synthesized.ts';

const made = new Synthesizer();
let template: Template;
/** Statements of the policies attached to each function's role, by the function's name. */
const statements = new Map<string, Statement[]>();

beforeAll(() => {
  template = made.template({}, { rules: true });
  const policies = Object.values(template.findResources('AWS::IAM::Policy'));
  for (const fn of Object.values(template.findResources('AWS::Lambda::Function'))) {
    const role = fn.Properties.Role['Fn::GetAtt'][0] as string;
    const own = policies.filter((policy) => policy.Properties.Roles.some((each: { Ref: string }) => each.Ref === role));
    statements.set(
      (fn.Properties.FunctionName as string).replace('groundcrew-', ''),
      own.flatMap((policy) => policy.Properties.PolicyDocument.Statement as Statement[]),
    );
  }
});
afterAll(() => made.remove());

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
    expect(() => made.template({}, { rules: true })).not.toThrow();
  });

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
    const kept = made.template({ archiveColdAfterDays: 120, rawRetentionDays: 31 });
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
    const elsewhere = made.template({ auditBucket: 'the-auditors-bucket' });
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
    for (const table of Object.values(made.template({ disposable: true }).findResources('AWS::DynamoDB::Table'))) {
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
    const trial = made.template({ disposable: true });
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
