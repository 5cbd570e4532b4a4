import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StackModel } from '../../../local/assembly/model.ts';
import { readStack } from '../../../local/assembly/read-stack.ts';
import { supportTable } from '../../../local/assembly/support-table.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/fixtures.ts';

const endpointUrl = 'http://127.0.0.1:4000';
let bundle: string;
beforeAll(() => {
  bundle = join(temporaryFolder(), 'bundle');
  mkdirSync(join(bundle, 'nodejs/node_modules'), { recursive: true });
  writeFileSync(join(bundle, 'index.js'), 'exports.handler = async () => 1');
});
afterAll(removeTemporaryFolders);

type Resources = Record<string, Record<string, unknown>>;
type TestTemplate = Record<string, unknown> & { Resources: Resources };

/** What the library synthesizes; in a process of its own, because it loads slowly under the test runner. */
function synthesizePlant(): string {
  const outdir = join(temporaryFolder(), 'cdk.out');
  const script = join(import.meta.dirname, '../support/synthesize-plant.ts');
  execFileSync(process.execPath, [script, outdir, bundle], { stdio: 'ignore' });
  return outdir;
}

/** An assembly written by hand, for templates that the library would not write. */
function assembly(template: TestTemplate, stacks = ['plant']): string {
  const dir = temporaryFolder();
  const artifacts = Object.fromEntries(
    stacks.map((name) => [
      name,
      { type: 'aws:cloudformation:stack', properties: { templateFile: 'plant.template.json' } },
    ]),
  );
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify({ version: '55.0.0', artifacts }));
  writeFileSync(join(dir, 'plant.template.json'), JSON.stringify(template));
  return dir;
}
const waiting = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'waiting' } };
const read = (
  resources: Resources,
  more: Record<string, unknown> = {},
  parameters: Record<string, string> = {},
): StackModel => readStack({ assemblyDir: assembly({ Resources: resources, ...more }), endpointUrl, parameters });

describe('reading a stack', () => {
  test('resolves what refers to each other', () => {
    const model = readStack({
      assemblyDir: synthesizePlant(),
      endpointUrl,
      parameters: { Url: 'http://127.0.0.1:9/x' },
    });

    const [fn] = model.functions;
    expect(fn).toMatchObject({
      name: 'screen',
      arn: 'arn:aws:lambda:eu-central-1:000000000000:function:screen',
      timeoutS: 7,
      memoryMb: 128,
      environment: {
        TABLE: model.tables[0]!.name,
        URL: 'http://127.0.0.1:9/x',
        QUEUE: `${endpointUrl}/000000000000/dead`,
      },
    });
    expect(readFileSync(join(fn!.codeDir, 'index.js'), 'utf8')).toContain('handler');
    expect(fn!.layerDirs).toHaveLength(1);
    expect(model.tables[0]).toMatchObject({
      partitionKey: { attribute: 'asset', type: 'S' },
      indexes: [{ name: 'by-day', sortKey: { attribute: 'at', type: 'N' }, projection: 'ALL' }],
    });
    expect(model.eventSourceMappings).toEqual([
      expect.objectContaining({
        sourceArn: 'arn:aws:kinesis:eu-central-1:000000000000:stream/telemetry',
        functionName: 'screen',
        batchSize: 250,
        maximumRetryAttempts: 3,
        maximumRecordAgeS: -1,
        reportBatchItemFailures: true,
        onFailureArn: 'arn:aws:sqs:eu-central-1:000000000000:dead',
        startingPosition: 'TRIM_HORIZON',
      }),
    ]);
    expect(model.rules[0]).toMatchObject({
      busName: 'bus',
      pattern: { source: ['x'] },
      targets: [
        {
          arn: 'arn:aws:sqs:eu-central-1:000000000000:dead',
          input: { inputPath: '$.detail' },
          retry: { maximumRetryAttempts: 4, maximumEventAgeS: 86_400 },
        },
      ],
    });
    expect(model.buckets[0]).toMatchObject({ versioned: true, lock: { mode: 'COMPLIANCE', days: 30 } });
    expect(model.queues[0]).toMatchObject({ retentionS: 1_209_600, visibilityTimeoutS: 30 });
    expect(model.outputs).toEqual({ Where: `eu-central-1/${model.tables[0]!.name}` });
    const role = model.roles.find((each) => each.arn === fn!.roleArn)!;
    expect(role.trustedServices).toEqual(['lambda.amazonaws.com']);
    expect(role.statements.flatMap((statement) => statement.actions)).toContain('dynamodb:GetItem');
    expect(role.statements.flatMap((statement) => statement.resources)).toContain(`${model.tables[0]!.arn}/index/*`);
  });

  test('gives the same names at every reading', () => {
    const dir = assembly({ Resources: { Unnamed: { Type: 'AWS::SQS::Queue' } } });
    expect(readStack({ assemblyDir: dir, endpointUrl })).toEqual(readStack({ assemblyDir: dir, endpointUrl }));
  });

  test('refuses a resource type that does not run, by its logical id', () => {
    expect(() => read({ Fleet: { Type: 'AWS::EC2::Fleet' } })).toThrow(
      /^Fleet: resources of type AWS::EC2::Fleet do not run on one machine/,
    );
  });

  test.each<[string, string, Record<string, unknown>, RegExp]>([
    [
      'an unknown property',
      'AWS::SQS::Queue',
      { FifoThroughputLimit: 'perQueue' },
      /^Odd \(AWS::SQS::Queue\): property FifoThroughputLimit is not understood/,
    ],
    [
      'an unknown property deep inside',
      'AWS::Events::Rule',
      { EventPattern: { a: ['b'] }, Targets: [{ Id: 'a', Arn: 'b', EcsParameters: {} }] },
      /property Targets\[0\]\.EcsParameters is not understood/,
    ],
    ['a FIFO queue', 'AWS::SQS::Queue', { QueueName: 'a.fifo' }, /property QueueName names a FIFO queue/],
    [
      'a rule with pattern and schedule',
      'AWS::Events::Rule',
      { EventPattern: { a: ['b'] }, ScheduleExpression: 'rate(1 minute)' },
      /exactly one/,
    ],
    [
      'a key for message codes',
      'AWS::KMS::Key',
      { KeyUsage: 'GENERATE_VERIFY_MAC' },
      /property KeyUsage is 'GENERATE_VERIFY_MAC'; on one machine it may be SIGN_VERIFY, ENCRYPT_DECRYPT/,
    ],
    [
      'a table whose index names an unknown attribute',
      'AWS::DynamoDB::Table',
      { AttributeDefinitions: [], KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }] },
      /property KeySchema names 'a'/,
    ],
    [
      'a function in Python',
      'AWS::Lambda::Function',
      { Runtime: 'python3.13', Code: {}, Handler: 'a.b', Role: 'r' },
      /property Runtime is python3.13/,
    ],
    [
      'a function without its asset',
      'AWS::Lambda::Function',
      { Runtime: 'nodejs24.x', Code: { S3Key: 'gone.zip' }, Handler: 'a.b', Role: 'r' },
      /Code\.S3Key names gone\.zip, which is not in the assembly/,
    ],
    [
      'inline code',
      'AWS::Lambda::Function',
      { Runtime: 'nodejs24.x', Code: { ZipFile: 'x' }, Handler: 'a.b', Role: 'r' },
      /property Code\.ZipFile is not understood/,
    ],
    [
      'text for a number',
      'AWS::SQS::Queue',
      { VisibilityTimeout: 'soon' },
      /property VisibilityTimeout must be a number, got "soon"/,
    ],
    [
      'two kinds of input',
      'AWS::Events::Rule',
      { EventPattern: { a: ['b'] }, Targets: [{ Id: 'a', Arn: 'b', Input: '{}', InputPath: '$.a' }] },
      /cannot be given together/,
    ],
  ])('refuses %s', (_, type, properties, message) => {
    expect(() => read({ Odd: { Type: type, Properties: properties } })).toThrow(message);
  });

  test('leaves out what a condition excludes', () => {
    const other = { Type: 'AWS::SQS::Queue', Condition: 'Never', Properties: { QueueName: 'other' } };
    const model = read({ Waiting: waiting, Other: other }, { Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } } });
    expect(model.queues.map((queue) => queue.name)).toEqual(['waiting']);
  });

  test('refuses template features that it does not know', () => {
    expect(() => read({ Waiting: waiting }, { Transform: 'AWS::Serverless-2016-10-31' })).toThrow(/Transform/);
    expect(() => read({ Waiting: { ...waiting, UpdatePolicy: {} } })).toThrow(/UpdatePolicy/);
  });

  test('refuses names that depend on themselves', () => {
    const named = (other: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName: { Ref: other } } });
    expect(() => read({ A: named('B'), B: named('A') })).toThrow(/depends on itself/);
  });

  test('holds parameters to what the template allows', () => {
    const Parameters = {
      Allow: { Type: 'String', Default: 'false', AllowedValues: ['true', 'false'] },
      Needed: { Type: 'String' },
    };
    const withParameters = (given: Record<string, string>) => read({ Waiting: waiting }, { Parameters }, given);
    expect(() => withParameters({})).toThrow(/parameter 'Needed' needs a value/);
    expect(() => withParameters({ Needed: 'a', Allow: 'perhaps' })).toThrow(
      /'Allow' is 'perhaps'; allowed are true, false/,
    );
    expect(() => withParameters({ Needed: 'a', Alow: 'true' })).toThrow(/no parameter 'Alow'/);
    expect(withParameters({ Needed: 'a', Allow: 'true' }).stackName).toBe('plant');
  });

  test('says what is missing or too much in a folder', () => {
    expect(() => readStack({ assemblyDir: temporaryFolder(), endpointUrl })).toThrow(
      /manifest\.json cannot be read; synthesize the stack first/,
    );
    const two = assembly({ Resources: { Waiting: waiting } }, ['plant', 'second']);
    expect(() => readStack({ assemblyDir: two, endpointUrl })).toThrow(/holds 2 stacks/);
  });

  test('the support table names every kind of resource once', () => {
    const rows = supportTable()
      .split('\n')
      .filter((line) => line.startsWith('| `AWS::') || line.startsWith('| `Custom::'));
    const types = rows.map((row) => row.split('`')[1]);
    expect(new Set(types).size).toBe(types.length);
    expect(types).toEqual(
      expect.arrayContaining(['AWS::Lambda::Function', 'AWS::CloudWatch::Alarm', 'AWS::IoT::TopicRule']),
    );
  });
});

describe('the console of a stack', () => {
  const of = (type: string, Properties: Record<string, unknown>) => ({ Type: `AWS::${type}`, Properties });
  const good = {
    Api: of('ApiGatewayV2::Api', { Name: 'console', ProtocolType: 'HTTP' }),
    Integration: of('ApiGatewayV2::Integration', {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: 'arn:aws:lambda:eu-central-1:000000000000:function:api',
      PayloadFormatVersion: '2.0',
    }),
    Route: of('ApiGatewayV2::Route', {
      ApiId: { Ref: 'Api' },
      RouteKey: '$default',
      Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
    }),
    Stage: of('ApiGatewayV2::Stage', { ApiId: { Ref: 'Api' }, StageName: '$default' }),
    Pool: of('Cognito::UserPool', {
      UserPoolName: 'people',
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    }),
    Client: of('Cognito::UserPoolClient', {
      UserPoolId: { Ref: 'Pool' },
      ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
    }),
    Group: of('Cognito::UserPoolGroup', { UserPoolId: { Ref: 'Pool' }, GroupName: 'viewer' }),
  };

  test('has an address, the limits of the service where it states none, and its people', () => {
    const Outputs = { Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } };
    const dir = assembly({ Resources: good, Outputs });
    const model = readStack({ assemblyDir: dir, endpointUrl, apiUrl: 'http://127.0.0.1:4001' });
    expect(model.outputs).toEqual({ Url: 'http://127.0.0.1:4001' });
    expect(model.httpApi).toMatchObject({ timeoutMs: 30_000, throttle: { ratePerS: 10_000, burst: 5_000 } });
    expect(model.userPools).toMatchObject([
      { poolName: 'people', caseSensitive: true, groups: ['viewer'], clients: [{ sessionMinutes: 3 }] },
    ]);
    expect(model.userPools[0]!.name).toMatch(/^eu-central-1_[a-z0-9]{9}$/);
    expect(read({}).httpApi).toBeUndefined();
  });

  test.each<[string, keyof typeof good | 'More', Record<string, unknown>, RegExp]>([
    ['an API of another protocol', 'Api', { ProtocolType: 'WEBSOCKET' }, /ProtocolType/],
    ['a second API', 'More', { ...good.Api.Properties }, /second HTTP API/],
    ['CORS, which would do nothing', 'Api', { CorsConfiguration: {} }, /CorsConfiguration is not understood/],
    ['a route of its own', 'Route', { RouteKey: 'GET /x' }, /RouteKey/],
    ['an authorizer', 'Route', { AuthorizationType: 'JWT' }, /AuthorizationType/],
    ['another format of events', 'Integration', { PayloadFormatVersion: '1.0' }, /PayloadFormatVersion/],
    ['a stage with a path', 'Stage', { StageName: 'prod' }, /StageName/],
    ['a pool that anybody may join', 'Pool', { AdminCreateUserConfig: {} }, /sign up by themselves/],
    ['a client with a secret', 'Client', { GenerateSecret: true }, /GenerateSecret/],
    [
      'a client that tells who exists',
      'Client',
      { PreventUserExistenceErrors: 'LEGACY' },
      /PreventUserExistenceErrors/,
    ],
    [
      'a second factor, which nobody would ask for',
      'Pool',
      { MfaConfiguration: 'ON' },
      /MfaConfiguration is not understood/,
    ],
  ])('refuses %s', (_, id, change, message) => {
    const before: { Type: string; Properties: Record<string, unknown> } = id === 'More' ? good.Api : good[id];
    const changed = { ...before, Properties: { ...before.Properties, ...change } };
    expect(() => read({ ...good, [id]: changed })).toThrow(message);
  });
});
