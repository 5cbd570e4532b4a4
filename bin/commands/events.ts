/** `groundcrew events`: what crosses the bus. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Command } from 'commander';
import { registerTestPattern } from './events-test-pattern.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { printJson, printLine } from './support/print.ts';
import { busEvent, describeEvent, firstOfEach } from './support/story.ts';

interface TailOptions extends ContextOptions {
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly since: string;
}

const pollMs = 400;

export function registerEvents(program: Command): void {
  const events = program.command('events').description('what crosses the bus, and patterns that match it');
  withContextOptions(events.command('tail').description('print events as they come, each once'))
    .option('--since <minutes>', 'start this many minutes ago', '10')
    .option('--no-follow', 'print what is there and end')
    .option('--json', 'one JSON line an event, with repeats, which bear the same detail.id')
    .action(async (options: TailOptions) => {
      const minutes = Number(options.since);
      if (!(minutes >= 0 && minutes <= 100_000))
        throw new CommandFailure(`--since ${options.since} is not a number of minutes from 0 to 100000.`, 2);
      const isFirst = firstOfEach();
      for await (const event of tailEvents(
        openContext(options),
        Date.now() - minutes * 60_000,
        () => options.follow !== false,
      )) {
        const parsed = busEvent.safeParse(event);
        if (options.json === true || !parsed.success) printJson(event);
        else if (isFirst(parsed.data)) printLine(describeEvent(parsed.data));
      }
    });
  registerTestPattern(events);
}

/**
 * What stands in the bus's log group from a time on, in the order of arrival, until `going` says no: each entry once,
 * repeats of an event among them.
 */
export async function* tailEvents(
  context: CommandContext,
  fromMs: number,
  going: () => boolean,
): AsyncGenerator<unknown> {
  const seen = new Set<string>();
  let startTime = fromMs;
  for (;;) {
    const last = !going();
    let nextToken: string | undefined;
    do {
      const page = await context.logs().send(
        new FilterLogEventsCommand({
          logGroupName: context.names.eventLogGroup,
          startTime,
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      for (const { eventId = '', message = '{}', timestamp = 0 } of page.events ?? []) {
        if (seen.has(eventId)) continue;
        seen.add(eventId);
        // Events of one millisecond may still come; so the window overlaps by a second and `seen` drops the repeats.
        startTime = Math.max(startTime, timestamp - 1_000);
        yield JSON.parse(message) as unknown;
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    if (last) return;
    if (seen.size > 50_000) seen.clear();
    await sleep(pollMs);
  }
}
