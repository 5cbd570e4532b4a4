/** A broker with its stream as a process of its own, for tests that kill it. Arguments: folder, port (0: any). */
import { parseArgs } from 'node:util';
import { IotBroker } from '../../../local/iot/broker.ts';
import { RuleEngine } from '../../../local/iot/rule-engine.ts';
import { Shadows } from '../../../local/iot/shadows.ts';
import { Streams } from '../../../local/stream/streams.ts';
import { quietLog, telemetryRule, telemetryStream } from './models.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const [dir = '', port = '0'] = positionals;
const nobody = {
  invoke: () => Promise.reject(new Error('no functions')),
  invokeAsync: () => Promise.reject(new Error('no functions')),
};
const queues = { send: () => Promise.reject(new Error('no queues')) };
const objects = { put: () => Promise.reject(new Error('no buckets')) };

const streams = await Streams.open({
  dir,
  stack: { streams: [telemetryStream(2)], eventSourceMappings: [], functions: [], region: 'eu-central-1' },
  invoker: nobody,
  queues,
  log: quietLog,
});
const rules = new RuleEngine({
  stack: { topicRules: [telemetryRule], queues: [] },
  streams,
  objects,
  queues,
  invoker: nobody,
  log: quietLog,
});
const shadows = new Shadows(dir);
const broker = new IotBroker({ rules, shadows, log: quietLog, plain: { host: '127.0.0.1', port: Number(port) } });
await broker.start();
process.stdout.write(`${JSON.stringify({ port: broker.plainPort })}\n`);
