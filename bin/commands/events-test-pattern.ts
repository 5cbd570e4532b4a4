import type { Command } from 'commander';
import { type CompiledPattern, compilePattern, compilePatternText } from '../../local/patterns/compile-pattern.ts';
import { matches } from '../../local/patterns/matches.ts';
import { PatternError } from '../../local/patterns/pattern-error.ts';
import { print, readJson, readJsonLines, readText, runCommand, UsageError } from './json-lines.ts';

interface Options {
  readonly pattern?: string;
  readonly event?: string;
  readonly cases?: string;
  readonly json?: boolean;
}

/** Adds `events test-pattern` to the group `events`. */
export function registerTestPattern(events: Command): void {
  events
    .command('test-pattern')
    .description('say whether an event matches an EventBridge event pattern')
    .option('--pattern <file>', 'the event pattern, JSON')
    .option('--event <file>', 'the event, JSON')
    .option(
      '--cases <file>',
      'many at once: lines {"id","pattern","event"} (or "patternText") → {"id","match"} or {"id","error"}',
    )
    .option('--json', 'answer in JSON')
    .action((options: Options) => runCommand(() => testPattern(options)));
}

async function testPattern(options: Options): Promise<void> {
  if (options.cases !== undefined) {
    if (options.pattern !== undefined || options.event !== undefined)
      throw new UsageError('--cases stands alone; leave --pattern and --event out');
    for await (const line of readJsonLines(options.cases)) print(JSON.stringify(judge(line)));
    return;
  }
  if (options.pattern === undefined || options.event === undefined)
    throw new UsageError('give --pattern FILE and --event FILE, or --cases FILE');
  const text = readText(options.pattern);
  const event = readJson(options.event);
  try {
    const match = matches(compilePatternText(text), event);
    print(options.json === true ? JSON.stringify({ match }) : match ? 'match' : 'no match');
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const message = `invalid pattern: ${error.message}`;
    if (options.json === true) print(JSON.stringify({ error: error.message, path: error.path }));
    else process.stderr.write(`${message}\n`);
    process.exitCode = 1;
  }
}

/** One line of `--cases`: an invalid pattern is an answer here, so that the rest is judged too. */
export function judge(line: Record<string, unknown>): Record<string, unknown> {
  const id = line['id'] ?? null;
  try {
    return { id, match: matches(compileOf(line), line['event']) };
  } catch (error) {
    if (error instanceof PatternError) return { id, error: error.message };
    throw error;
  }
}

function compileOf(line: Record<string, unknown>): CompiledPattern {
  const text = line['patternText'];
  return typeof text === 'string' ? compilePatternText(text) : compilePattern(line['pattern']);
}
