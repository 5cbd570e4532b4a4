/** The runtime's own log: everything to a file in the data folder, from the chosen level also to stderr. */
import { format } from 'node:util';
import type { LogWriter, RuntimeLog } from './types.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Log group of the runtime's own lines. */
export const runtimeLogGroup = 'runtime';

export function runtimeLog(level: LogLevel, writer: LogWriter): RuntimeLog {
  const at = (of: LogLevel) => (message: string, cause?: unknown) => {
    const text =
      cause === undefined
        ? message
        : `${message}: ${cause instanceof Error ? (cause.stack ?? cause.message) : format(cause)}`;
    writer.append(runtimeLogGroup, `${of.toUpperCase()} ${text}`, Date.now());
    if (logLevels.indexOf(of) >= logLevels.indexOf(level)) process.stderr.write(`${of}: ${text}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
