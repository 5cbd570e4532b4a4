import colors from 'picocolors';
import type { SimulationResult } from '../../local/flow/simulate.ts';
import type { HistoryEvent } from '../../local/flow/types.ts';

const TEXT_LIMIT_CHARS = 100;

/**
 * The way that a run took, for the terminal: one line a state, indented by the depth of Parallel and Map, with calls,
 * failures, retries and waits beneath, and the simulated time at the left.
 */
export function drawPath(result: SimulationResult): string {
  const lines: string[] = [];
  const depths = new Map<number, number>();
  const startMs = result.events[0]?.timestampMs ?? 0;
  let failedBefore = new Set<number>();
  for (const event of result.events) {
    const parent = depths.get(event.previousEventId) ?? 0;
    const opens = /^(MapIterationStarted|ParallelStateStarted)$/.test(event.type);
    const closes = /^(MapIteration(Succeeded|Failed)|ParallelState(Succeeded|Failed))$/.test(event.type);
    const depth = Math.max(0, parent + (opens ? 1 : closes ? -1 : 0));
    depths.set(event.id, depth);
    const text = describe(event, failedBefore);
    if (/(TaskFailed|FunctionFailed|TimedOut)$/.test(event.type)) failedBefore = new Set([...failedBefore, event.id]);
    if (text === undefined) continue;
    const time = `${((event.timestampMs - startMs) / 1000).toFixed(1)} s`.padStart(10);
    lines.push(`${colors.dim(time)}  ${'│  '.repeat(opens ? depth - 1 : depth)}${text}`);
  }
  return [...lines, '', summary(result)].join('\n');
}

function describe(event: HistoryEvent, failedBefore: ReadonlySet<number>): string | undefined {
  const details = event.details ?? {};
  const name = String(details['name'] ?? '');
  if (event.type.endsWith('StateEntered')) {
    const kind = event.type.replace('StateEntered', '');
    return `${colors.bold(name)} ${colors.dim(`${kind} ← ${short(details['input'])}`)}`;
  }
  if (/(Task|LambdaFunction)Scheduled$/.test(event.type)) {
    const again = failedBefore.has(event.previousEventId);
    const what = [details['resourceType'], details['resource']].filter((part) => part !== undefined).join(':');
    return `${again ? colors.yellow('  ↻ retries') : '  → calls'} ${what} ${colors.dim(short(details['parameters'] ?? details['input']))}`;
  }
  if (/(Task|LambdaFunction)Succeeded$/.test(event.type))
    return `  ${colors.green('✓')} ${colors.dim(short(details['output']))}`;
  if (/(Task|LambdaFunction)(Failed|TimedOut)$/.test(event.type) || event.type === 'EvaluationFailed')
    return `  ${colors.red('✗')} ${String(details['error'] ?? '')} ${colors.dim(short(details['cause'] ?? ''))}`;
  if (event.type === 'MapIterationStarted') return `${colors.cyan('├')} item ${String(details['index'])}`;
  if (event.type === 'ParallelStateStarted') return colors.cyan('├ branches');
  if (event.type === 'WaitStateExited') return colors.dim('  waited');
  return undefined;
}

function summary({ status, output, error, cause }: SimulationResult): string {
  if (status === 'SUCCEEDED') return `${colors.green(status)} ${JSON.stringify(output, null, 2)}`;
  return `${colors.red(status)} ${error ?? ''}${cause === undefined ? '' : `\n${cause}`}`;
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > TEXT_LIMIT_CHARS ? `${text.slice(0, TEXT_LIMIT_CHARS - 1)}…` : text;
}
