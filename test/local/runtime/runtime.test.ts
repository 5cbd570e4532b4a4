import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, test } from '@jest/globals';
import { connectAsync } from 'mqtt';
import type { RuntimeFile } from '../../../local/runtime-file.ts';
import { removeTemporaryFolders, temporaryFolder, until } from '../support/fixtures.ts';

const script = join(import.meta.dirname, '../support/run-runtime.ts');
let running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.filter((each) => each.exitCode === null && each.signalCode === null)) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  running = [];
  removeTemporaryFolders();
});

/** A stack of one way: topic rule, stream, and a function that writes down each reading that it sees. */
function assembly(seen: string): string {
  const dir = temporaryFolder();
  const bundle = (name: string, source: string) => {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'index.js'), source);
  };
  bundle(
    'screen',
    `const { appendFileSync } = require('node:fs'); exports.handler = async ({ Records }) => { for (const r of Records) { const { payload } = JSON.parse(Buffer.from(r.kinesis.data, 'base64')); appendFileSync(${JSON.stringify(seen)}, Buffer.from(payload, 'base64') + '\\n'); } };`,
  );
  bundle('spin', 'exports.handler = async () => { for (;;); }');
  const fn = (name: string) => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 600,
      Code: { S3Key: `${name}.zip` },
      Role: 'arn:aws:iam::000000000000:role/r',
    },
  });
  const template = {
    Resources: {
      Screen: fn('screen'),
      Spin: fn('spin'),
      Telemetry: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'telemetry', ShardCount: 1 } },
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: { 'Fn::GetAtt': ['Telemetry', 'Arn'] },
          FunctionName: { Ref: 'Screen' },
          StartingPosition: 'TRIM_HORIZON',
          BatchSize: 20,
        },
      },
      Rule: {
        Type: 'AWS::IoT::TopicRule',
        Properties: {
          RuleName: 'plant',
          TopicRulePayload: {
            Sql: "SELECT encode(*, 'base64') AS payload FROM 'telemetry/+'",
            Actions: [
              {
                Kinesis: {
                  StreamName: { Ref: 'Telemetry' },
                  PartitionKey: '${topic(2)}',
                  RoleArn: 'arn:aws:iam::000000000000:role/r',
                },
              },
            ],
          },
        },
      },
    },
  };
  const asset = (name: string) => [
    name,
    { source: { path: name, packaging: 'zip' }, destinations: { here: { objectKey: `${name}.zip` } } },
  ];
  writeFileSync(join(dir, 'plant.template.json'), JSON.stringify(template));
  writeFileSync(
    join(dir, 'assets.json'),
    JSON.stringify({ files: Object.fromEntries([asset('screen'), asset('spin')]) }),
  );
  writeFileSync(
    join(dir, 'manifest.json'),
    JSON.stringify({
      artifacts: {
        plant: { type: 'aws:cloudformation:stack', properties: { templateFile: 'plant.template.json' } },
        assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
      },
    }),
  );
  return dir;
}

interface Started {
  readonly child: ChildProcess;
  readonly file: RuntimeFile;
  readonly error?: string;
}
async function start(assemblyDir: string, dataDir: string): Promise<Started> {
  const child = spawn(process.execPath, [script, assemblyDir, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { file: RuntimeFile; error?: string }) };
}
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the runtime', () => {
  test('loses no acknowledged reading when it is killed, twice, and takes its ports again', async () => {
    const seen = join(temporaryFolder(), 'seen');
    const dir = assembly(seen);
    const data = temporaryFolder();
    const acknowledged: string[] = [];
    let ports: number[] = [];
    for (const round of [1, 2, 3]) {
      const { child, file } = await start(dir, data);
      if (round > 1) expect([file.httpPort, file.mqttPort]).toEqual(ports);
      ports = [file.httpPort, file.mqttPort];
      const device = await connectAsync(`mqtt://127.0.0.1:${file.mqttPort}`, {
        clientId: 'north',
        username: 'north',
        reconnectPeriod: 0,
      });
      device.on('error', () => undefined);
      const sending = Array.from({ length: 300 }, (_, at) => {
        const reading = `${round}-${at}`;
        return device.publishAsync('$aws/rules/plant/telemetry/north', reading, { qos: 1 }).then(
          () => acknowledged.push(reading),
          () => undefined,
        );
      });
      if (round < 3) {
        const before = acknowledged.length;
        await until(() => acknowledged.length > before + 50);
        child.kill('SIGKILL');
        await once(child, 'exit');
        device.end(true);
      } else {
        await Promise.all(sending);
        await device.endAsync();
      }
    }
    const lines = () => new Set(existsSync(seen) ? readFileSync(seen, 'utf8').split('\n') : []);
    await until(() => acknowledged.every((reading) => lines().has(reading)));
    expect(acknowledged.length).toBeGreaterThan(400);
  });

  test('ends what a killed run left spinning, and refuses a second run on its folder', async () => {
    const dir = assembly(join(temporaryFolder(), 'seen'));
    const data = temporaryFolder();
    const first = await start(dir, data);
    const second = await start(dir, data);
    expect(second.error).toMatch(
      new RegExp(`is in use by the runtime with process id ${first.child.pid}\\. Stop it first`),
    );
    const client = new LambdaClient({
      endpoint: `http://127.0.0.1:${first.file.httpPort}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'OPERATOR', secretAccessKey: 'x' },
      maxAttempts: 1,
    });
    const spinning = client.send(new InvokeCommand({ FunctionName: 'spin' })).catch(() => undefined);
    const pids = () => JSON.parse(readFileSync(join(data, 'children.json'), 'utf8')) as number[];
    await until(() => pids().length === 2);
    const orphans = pids();
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    await spinning;
    await start(dir, data);
    await until(() => !orphans.some(isAlive));
    client.destroy();
  });
});
