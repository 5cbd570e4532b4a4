/** `groundcrew send`: publishes telemetry messages from a file, as a gateway would. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import mqtt from 'mqtt';
import { assetId } from '../../lib/contracts/common.ts';
import { maxPayloadBytes, telemetry } from '../../lib/contracts/telemetry.ts';
import { type ContextOptions, openContext, withContextOptions } from './support/context.ts';
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
      const lines = createInterface({ input: createReadStream(options.file), crlfDelay: Number.POSITIVE_INFINITY });
      let asset = options.asset;
      let client: mqtt.MqttClient | undefined;
      let messages = 0;
      let rows = 0;
      let number = 0;
      const pending = new Set<Promise<unknown>>();
      try {
        for await (const line of lines) {
          number += 1;
          if (line.trim() === '') continue;
          const parsed = parseLine(line, number, options);
          asset ??= parsed?.asset;
          if (asset === undefined)
            throw new CommandFailure(`${options.file}:${number}: no asset to publish under; give --asset.`, 2);
          client ??= await connect(context.runtime!.mqttUrl, asset);
          const sent = client.publishAsync(context.names.telemetryTopic(asset), line, { qos: 1 });
          pending.add(sent);
          void sent.finally(() => pending.delete(sent));
          messages += 1;
          rows += parsed?.rows.length ?? 1;
          if (pending.size >= inFlight) await Promise.race(pending);
        }
        await Promise.all(pending);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT')
          throw new CommandFailure(`${options.file}: there is no such file.`, 2, { cause: error });
        throw error;
      } finally {
        await client?.endAsync(true);
      }
      if (options.json === true) printJson({ messages, readings: rows, asset: asset ?? null });
      else printLine(`${messages} message(s), ${rows} reading(s), all acknowledged: they are on disk now.`);
    });
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
