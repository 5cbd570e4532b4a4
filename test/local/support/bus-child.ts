/**
 * A bus as a process of its own, for tests that kill it. Arguments: folder, file of deliveries, events to put.
 * Prints `{accepted: id}` for each event that PutEvents accepted; deliveries go line by line to the file, slowly.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Bus } from '../../../local/bus/bus.ts';
import { busStack, compile } from './bus-models.ts';
import { quietLog } from './models.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const [dir = '', file = '', count = '0'] = positionals;
const bus = await Bus.open({
  dir,
  stack: busStack(),
  compilePattern: compile,
  targets: {
    deliver: async (_arn, payload) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      appendFileSync(file, `${payload}\n`);
    },
  },
  queues: { send: async () => undefined },
  log: quietLog,
});
await bus.start();
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for (let n = 0; n < Number(count); n++) {
  const [result] = await bus.putEvents(
    [{ source: 'groundcrew', detailType: 'T', detail: JSON.stringify({ n }), busName: 'groundcrew-bus' }],
    'test',
  );
  if (result !== undefined && 'eventId' in result)
    process.stdout.write(`${JSON.stringify({ accepted: result.eventId })}\n`);
}
if (Number(count) === 0) setInterval(() => undefined, 1000);
