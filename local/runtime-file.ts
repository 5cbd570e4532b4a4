/** `<data>/runtime.json`: how commands find a running runtime. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export const runtimeFileName = 'runtime.json';

const port = z.int().min(1).max(65_535);
export const runtimeFile = z.strictObject({
  version: z.literal(1),
  pid: z.int().positive(),
  startedMs: z.number(),
  stackName: z.string(),
  account: z.string(),
  region: z.string(),
  /** All on 127.0.0.1. */
  httpPort: port,
  dynamodbPort: port,
  mqttPort: port,
  mqttsPort: port.optional(),
  consolePort: port.optional(),
  outputs: z.record(z.string(), z.string()),
});
export type RuntimeFile = z.infer<typeof runtimeFile>;

const lastFileName = 'runtime.last.json';

/** After a stop in order: the file goes, but its ports are remembered. */
export function putAwayRuntimeFile(dataDir: string): void {
  const file = join(dataDir, runtimeFileName);
  if (existsSync(file)) renameSync(file, join(dataDir, lastFileName));
}

/** What the last run wrote, however it ended. */
export function lastRuntimeFile(dataDir: string): RuntimeFile | undefined {
  return readRuntimeFile(dataDir) ?? readRuntimeFile(dataDir, lastFileName);
}

/** What stands in the folder; also after a runtime was killed, so ask the process id. Undefined where nothing stands. */
export function readRuntimeFile(dataDir: string, name = runtimeFileName): RuntimeFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, name), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = runtimeFile.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
