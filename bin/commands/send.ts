/** `groundcrew send`: publishes telemetry messages from a file, as a gateway would. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import mqtt from 'mqtt';
import { assetId } from '../../lib/contracts/common.ts';
import { maxPayloadBytes, telemetry } from '../../lib/contracts/telemetry.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { printJson, printLine } from './support/print.ts';

interface SendOptions extends ContextOptions {
  readonly file: string;
  readonly asset?: string;
  readonly raw?: boolean;
  readonly json?: boolean;
}

const inFlight = 32;

export function registerSend(program: Command): void {
  withContextOptions(
    program.command('send').description('publish a telemetry file (one JSON message a line) over MQTT'),
  )
    .requiredOption('--file <jsonl>', 'messages of the telemetry contract, one a line')
    .option('--asset <id>', 'publish under this asset (default: the asset of the first message)')
    .option('--raw', 'send the lines as they are, also malformed ones, to see them quarantined')
    .option('--json', 'one JSON document')
    .action(async (options: SendOptions) => {
      if (options.aws === true)
        throw new CommandFailure(
          'send works on one machine; devices of a deployment in AWS publish with their own certificates.',
          2,
        );
      const context = openContext(options);
      // All of it is read before anything is sent: a wrong line in the middle must not leave half a file behind.
      let asset = options.asset;
      for await (const { line, number } of linesOf(options.file)) {
        const parsed = parseLine(line, number, options);
        asset ??= parsed?.asset;
        if (asset === undefined)
          throw new CommandFailure(`${options.file}:${number}: no asset to publish under; give --asset.`, 2);
      }
      const sent = asset === undefined ? nothing : await publishAll(context, asset, options);
      if (options.json === true) printJson({ ...sent, asset: asset ?? null });
      else
        printLine(`${sent.messages} message(s), ${sent.readings} reading(s), all acknowledged: they are on disk now.`);
    });
}

interface Sent {
  readonly messages: number;
  readonly readings: number;
}
const nothing: Sent = { messages: 0, readings: 0 };

/** Lines with something on them, with their numbers from 1. */
async function* linesOf(file: string): AsyncGenerator<{ readonly line: string; readonly number: number }> {
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() !== '') yield { line, number };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CommandFailure(`${file}: there is no such file.`, 2, { cause: error });
  }
}

async function publishAll(context: CommandContext, asset: string, options: SendOptions): Promise<Sent> {
  const client = await connect(context.runtime!.mqttUrl, asset);
  const topic = context.names.telemetryTopic(asset);
  const pending = new Set<Promise<void>>();
  let messages = 0;
  let acknowledged = 0;
  let readings = 0;
  let problem: unknown;
  // A client that does not reconnect leaves what is in flight unanswered for ever when its connection goes.
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => {
      problem ??= new Error('the connection was closed');
      resolve();
    });
  });
  try {
    for await (const { line, number } of linesOf(options.file)) {
      const sent: Promise<void> = client
        .publishAsync(topic, line, { qos: 1 })
        .then(
          () => {
            acknowledged += 1;
          },
          (error: unknown) => {
            problem ??= error;
          },
        )
        .finally(() => pending.delete(sent));
      pending.add(sent);
      messages += 1;
      readings += parseLine(line, number, options)?.rows.length ?? 1;
      if (pending.size >= inFlight) await Promise.race([...pending, closed]);
      if (problem !== undefined) break;
    }
    await Promise.race([Promise.all(pending), closed]);
  } finally {
    client.removeAllListeners('close');
    client.on('error', () => undefined);
    await client.endAsync(true);
  }
  if (problem !== undefined)
    throw new CommandFailure(
      `The connection was lost when ${acknowledged} message(s) were acknowledged. Look at "groundcrew status", then send the file again: what came already is recognised by its numbers.`,
      1,
      { cause: problem },
    );
  return { messages, readings };
}

function parseLine(line: string, number: number, options: SendOptions) {
  if (Buffer.byteLength(line) > maxPayloadBytes && options.raw !== true) {
    throw new CommandFailure(
      `${options.file}:${number}: ${Buffer.byteLength(line)} bytes; MQTT messages may have ${maxPayloadBytes}. Split it.`,
      2,
    );
  }
  if (options.raw === true) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new CommandFailure(
      `${options.file}:${number}: not JSON (${(error as Error).message}). Use --raw to send it as it is.`,
      2,
      { cause: error },
    );
  }
  const parsed = telemetry.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new CommandFailure(
      `${options.file}:${number}: ${issue.path.join('.') || 'message'}: ${issue.message}. Use --raw to send it as it is.`,
      2,
    );
  }
  return parsed.data;
}

async function connect(url: string, asset: string): Promise<mqtt.MqttClient> {
  if (!assetId.safeParse(asset).success)
    throw new CommandFailure(
      `--asset ${asset} is not an asset id: lower-case letters, digits and hyphens, at most 64.`,
      2,
    );
  return await mqtt.connectAsync(url, {
    clientId: asset,
    username: asset,
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
  });
}
