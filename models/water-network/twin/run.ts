/**
 * The twin as a process: town, devices and SCADA gateway. One JSON line a notable event on stdout.
 *
 * node models/water-network/twin/run.ts --data DIR --mqtt URL --rule NAME [--port P] [--speed N] [--cert-dir DIR]
 * node models/water-network/twin/run.ts --data DIR --history DIR
 */
import { parseArgs } from 'node:util';
import { defaultClockRate, scriptedDay } from './scripted-day.ts';
import { writeHistory } from './town.ts';
import { loadTown, TownRun } from './town-run.ts';

const usage = `usage: run.ts --data DIR (--history DIR | --mqtt URL --rule NAME)
  --data DIR       where the town keeps its state; the same folder goes on with the same town
  --history DIR    write seven past days of every asset there (CSV, channels.json, registration.json) and end
  --mqtt URL       broker, mqtt:// or mqtts://
  --rule NAME      IoT rule that the devices publish to
  --port P         port of the SCADA gateway on loopback (0: a free one)          default 0
  --speed N        simulated seconds a second                                     default ${defaultClockRate}
  --seed N         which town                                                     default 2
  --districts N    3 or 4                                                         default 4
  --start ISO      simulated time at which the live day begins                    default the last Wednesday's midnight
  --cert-dir DIR   ca.pem, <asset>.cert.pem, <asset>.key.pem, for mqtts
  --secret S       Standard Webhooks secret that commands must be signed with (or GROUNDCREW_SCADA_SECRET)
  --site NAME      site in the registrations                                      default town
  --exit           end when the scripted day is over and everything has arrived`;

const print = (event: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
};

class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads the command line. @throws UsageError, and TypeError by `parseArgs` for options that do not exist */
function readOptions(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      data: text,
      history: text,
      mqtt: text,
      rule: text,
      port: text,
      speed: text,
      seed: text,
      districts: text,
      start: text,
      'cert-dir': text,
      secret: text,
      site: text,
      exit: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const number = (name: 'port' | 'speed' | 'seed' | 'districts', fallback: number): number => {
    const given = values[name];
    const parsed = given === undefined ? fallback : Number(given);
    if (!Number.isInteger(parsed) || parsed < 0) throw new UsageError(`--${name} must be a whole number, got ${given}`);
    return parsed;
  };
  const startMs = values.start === undefined ? lastWednesday(Date.now()) : Date.parse(values.start);
  if (Number.isNaN(startMs))
    throw new UsageError(`--start must be a time like 2026-03-02T00:00:00Z, got ${values.start}`);
  return {
    ...values,
    port: number('port', 0),
    speed: number('speed', defaultClockRate),
    seed: number('seed', 2),
    districts: number('districts', 4),
    startMs,
  };
}

/**
 * The midnight in UTC of the last Wednesday that is over. The scripted day so never runs ahead of the real clock, and it
 * is a day like those before it: a week of history has seen one Sunday, and that is too few to know one.
 */
function lastWednesday(nowMs: number): number {
  const dayMs = 86_400_000;
  const yesterday = Math.floor(nowMs / dayMs) - 1;
  // Day 0 of the epoch was a Thursday.
  return (yesterday - ((yesterday + 1) % 7)) * dayMs;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help === true) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  if (options.data === undefined) throw new UsageError('--data is missing');
  const state = loadTown(options.data, {
    seed: options.seed,
    districts: options.districts,
    liveStartMs: options.startMs,
    clockRate: options.speed,
  });
  if (options.history !== undefined) {
    const { town, clockRate } = scriptedDay(state);
    await writeHistory({
      town,
      dir: options.history,
      clockRate,
      ...(options.site === undefined ? {} : { site: options.site }),
    });
    print({
      event: 'history',
      dir: options.history,
      days: town.historyDays,
      assets: town.districts.map(({ asset }) => asset),
    });
    return;
  }
  if (options.mqtt === undefined || options.rule === undefined) throw new UsageError('--mqtt and --rule are needed');
  const secret = options.secret ?? process.env['GROUNDCREW_SCADA_SECRET'];
  let over: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, over);
  const run = await TownRun.start({
    dir: options.data,
    state,
    mqttUrl: options.mqtt,
    ruleName: options.rule,
    scadaPort: options.port,
    onEvent: (event) => {
      print(event);
      if (event['event'] === 'done' && options.exit === true) over();
    },
    ...(secret === undefined ? {} : { secret }),
    ...(options['cert-dir'] === undefined ? {} : { certDir: options['cert-dir'] }),
  });
  await ended;
  const counts = run.summary();
  await run.stop();
  print({ event: 'stopped', ...counts });
}

try {
  await main();
} catch (error) {
  const usageError = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usageError ? `${usage}\n` : ''}`);
  process.exitCode = usageError ? 2 : 1;
}
