/** `groundcrew send` against a broker: all of a file or nothing, and a lost connection said in one line. */
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { Aedes } from 'aedes';
import { Command } from 'commander';
import { registerSend } from '../../../bin/commands/send.ts';
import { dataFolderOfRuntime } from '../../support/runtime-file.ts';

let broker: Aedes;
let server: Server;
let data: string;
let hangUpAfter = Number.POSITIVE_INFINITY;
const published: string[] = [];
let printed = '';

beforeAll(async () => {
  broker = await Aedes.createBroker({
    authorizePublish: (client, packet, done) => {
      if (published.length >= hangUpAfter) return client?.close();
      published.push(packet.topic);
      done(null);
    },
  });
  server = createServer(broker.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  data = dataFolderOfRuntime({ mqttPort: (server.address() as { port: number }).port });
});
afterAll(async () => {
  await new Promise<void>((resolve) => broker.close(resolve));
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  published.length = 0;
  hangUpAfter = Number.POSITIVE_INFINITY;
  printed = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});

const message = (seq: number): string =>
  JSON.stringify({ v: 1, asset: 'rig-1', bootId: 'b', seq, sentAtMs: 1, channels: ['a'], rows: [[1, 2]] });
const messages = (count: number): string[] => Array.from({ length: count }, (_, seq) => message(seq));

async function send(lines: readonly string[], ...words: readonly string[]): Promise<string> {
  const file = join(data, 'telemetry.jsonl');
  writeFileSync(file, lines.join('\n'));
  const program = new Command().exitOverride();
  registerSend(program);
  await program.parseAsync(['send', '--file', file, '--data', data, ...words], { from: 'user' });
  return printed;
}

test('every line is published under the asset’s own topic, empty ones left out', async () => {
  const answer = JSON.parse(await send([...messages(70), '', ' '], '--json'));
  expect(answer).toEqual({ messages: 70, readings: 70, asset: 'rig-1' });
  expect(published).toHaveLength(70);
  expect(new Set(published).size).toBe(1);
  expect(published[0]).toMatch(/\/telemetry\/rig-1$/);
});

test.each([
  ['no JSON', '{"v":1,', /:71: not JSON/],
  ['another version', message(1).replace('"v":1', '"v":9'), /:71: v: .*--raw/],
  ['too many bytes', JSON.stringify('x'.repeat(200_000)), /:71: 200002 bytes/],
])('a wrong last line, %s, is named, and nothing was sent', async (_what, line, problem) => {
  await expect(send([...messages(70), line])).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(problem),
  });
  expect(published).toEqual([]);
});

test('raw lines go as they are, and want an asset', async () => {
  await expect(send(['nonsense'], '--raw')).rejects.toThrow(/give --asset/);
  await expect(send(['nonsense'], '--raw', '--asset', 'Not/One')).rejects.toMatchObject({ exitCode: 2 });
  await send(['nonsense'], '--raw', '--asset', 'rig-2');
  expect(published).toHaveLength(1);
});

test('a connection that is lost under way is said with what was acknowledged', async () => {
  hangUpAfter = 40;
  await expect(send(messages(100))).rejects.toThrow(/connection was lost when \d+ message\(s\) were acknowledged/);
});

test('a file that is not there is said', async () => {
  const program = new Command().exitOverride();
  registerSend(program);
  const words = ['send', '--file', join(data, 'none.jsonl'), '--data', data];
  await expect(program.parseAsync(words, { from: 'user' })).rejects.toMatchObject({ exitCode: 2 });
});
