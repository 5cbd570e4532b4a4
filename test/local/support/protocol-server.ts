import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { CallLog } from '../../../local/calls/call-log.ts';
import { Shadows } from '../../../local/iot/shadows.ts';
import { LambdaHost } from '../../../local/lambda/host.ts';
import { ProtocolServer } from '../../../local/server/server.ts';
import { KeyStore } from '../../../local/stores/keys.ts';
import { LogStore } from '../../../local/stores/logs.ts';
import { ObjectStore } from '../../../local/stores/objects.ts';
import { SecretStore } from '../../../local/stores/secrets.ts';
import { Topics } from '../../../local/stores/topics.ts';
import { functionModel, removeTemporaryFolders, silent, temporaryFolder } from './fixtures.ts';

const place = { region: 'eu-central-1', account: '000000000000' };
export const key = {
  logicalId: 'Key',
  name: '11111111-2222-3333-4444-555555555555',
  arn: 'arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555',
  keySpec: 'ECC_NIST_P256',
  keyUsage: 'SIGN_VERIFY',
  aliases: ['alias/audit'],
} as const;
export const secret = {
  logicalId: 'Secret',
  name: 'plant/webhook',
  arn: 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:plant/webhook-abcdef',
  fixed: undefined,
  generate: { length: 40, alphabet: 'abc123' },
};
export const topicArn = 'arn:aws:sns:eu-central-1:000000000000:told';

interface Served {
  readonly dir: string;
  readonly server: ProtocolServer;
  readonly host: LambdaHost;
  readonly logs: LogStore;
  readonly calls: CallLog;
}

/**
 * A server with something of every service, for the tests of one file: buckets `data` and `audit` (locked for 30 days),
 * a key, a secret, a topic, the function `echo`, the log groups `/plant/events` and `/quiet`.
 */
export function protocolServer() {
  let made: Served;
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  /** What was invoked without waiting for an answer. */
  const asynchronous: unknown[] = [];
  beforeAll(async () => {
    made = await serve(() => clock.nowMs, asynchronous);
  });
  afterAll(async () => {
    await made.host.stop();
    await made.server.stop();
    await made.logs.flush();
    removeTemporaryFolders();
  });
  /** What a client of the SDK is made with. */
  const common = () => ({
    endpoint: made.server.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'FnTest', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
  return { served: () => made, clock, asynchronous, common };
}

async function serve(nowMs: () => number, asynchronous: unknown[]): Promise<Served> {
  const dir = temporaryFolder();
  const calls = new CallLog(join(dir, 'calls.jsonl'));
  const logs = new LogStore({
    dir: temporaryFolder(),
    ...place,
    groupNames: ['/plant/events', '/quiet'],
    fileBytes: 2000,
  });
  const server = await ProtocolServer.listen({ calls, log: silent, port: 0 });
  const host = new LambdaHost({
    functions: [
      functionModel(
        'echo',
        'exports.handler = async (event) => { if (event.fail) throw new Error("no"); return event }',
      ),
    ],
    surroundings: { ...place, endpointUrl: server.url, dynamodbUrl: server.url },
    temporaryDir: () => dir,
    cacheDir: dir,
    logs,
  });
  const bucket = (name: string, days?: number) => ({
    logicalId: name,
    name,
    arn: `arn:aws:s3:::${name}`,
    versioned: true,
    objectLockEnabled: days !== undefined,
    lock: days === undefined ? undefined : { mode: 'COMPLIANCE' as const, days },
  });
  server.serve({
    services: [new KeyStore(join(dir, 'keys'), [key]), new SecretStore(join(dir, 'secrets'), [secret]), logs],
    objects: new ObjectStore(join(dir, 's3'), [bucket('data'), bucket('audit', 30)], nowMs),
    shadows: new Shadows(join(dir, 'shadows')),
    topics: new Topics(dir, [{ logicalId: 'Told', name: 'told', arn: topicArn }], nowMs),
    shadowArn: (thing) => `arn:aws:iot:eu-central-1:000000000000:thing/${thing}`,
    lambda: {
      find: (name) => host.find(name),
      invoke: (name, payload, options) => host.invoke(name, payload, options),
      invokeAsync: async (_, payload) => {
        asynchronous.push(payload);
      },
    },
  });
  return { dir, server, host, logs, calls };
}
