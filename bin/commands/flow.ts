import type { Command } from 'commander';
import { compileDefinition, loadDefinition } from '../../local/flow/definition.ts';
import { DefinitionError, MockError, UnsupportedError } from '../../local/flow/errors.ts';
import { type Mocks, type SimulationResult, simulate } from '../../local/flow/simulate.ts';
import type { Json, JsonObject } from '../../local/flow/types.ts';
import { drawPath } from './flow-path.ts';
import { print, readJson, readJsonLines, runCommand, UsageError } from './json-lines.ts';

interface Options {
  readonly definition?: string;
  readonly input?: string;
  readonly mocks?: string;
  readonly cases?: string;
  readonly json?: boolean;
}

/** Adds `flow run`, which runs a state machine in simulated time with mocked tasks. */
export function registerFlow(program: Command): void {
  program
    .command('flow')
    .description('run Step Functions state machines without AWS')
    .command('run')
    .description('run a state machine in simulated time; tasks answer from mocks')
    .option('--definition <file>', 'the state machine, Amazon States Language')
    .option('--input <file>', 'the input, JSON; {} where absent')
    .option(
      '--mocks <file>',
      'answers by state name or resource: lists of {"return"} or {"throw":{"error","cause"}}, one a call',
    )
    .option(
      '--cases <file>',
      'many at once: lines {"id","definition","input","mocks"} → {"id","status","output","error","cause"}',
    )
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nA call without a mock, or after the last answer of its list, ends the run with the error Groundcrew.MockMissing: no answer is repeated, and no Retry or Catch hides it.',
    )
    .action((options: Options) => runCommand(() => runFlow(options)));
}

async function runFlow(options: Options): Promise<void> {
  if (options.cases !== undefined) {
    if (options.definition !== undefined || options.input !== undefined || options.mocks !== undefined)
      throw new UsageError('--cases stands alone; leave --definition, --input and --mocks out');
    for await (const line of readJsonLines(options.cases)) print(JSON.stringify(await judgeFlow(line)));
    return;
  }
  if (options.definition === undefined) throw new UsageError('give --definition FILE, or --cases FILE');
  const definition = readJson(options.definition);
  const input = options.input === undefined ? {} : readJson(options.input);
  const mocks = options.mocks === undefined ? undefined : readJson(options.mocks);
  const { answer, result } = await attempt({ definition, input, mocks }, loadDefinition);
  if (options.json === true) print(JSON.stringify(answer));
  else if (result !== undefined) print(drawPath(result));
  else process.stderr.write(`${answer['unsupported'] ?? answer['cause']}\n`);
  if (answer['status'] !== 'SUCCEEDED') process.exitCode = 1;
}

/** One line of `--cases`: what became of the run, or the feature that is not supported. */
export async function judgeFlow(line: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { answer } = await attempt(line, compileDefinition);
  return { id: line['id'] ?? null, ...answer };
}

interface Attempt {
  readonly answer: Record<string, unknown>;
  readonly result?: SimulationResult;
}

async function attempt(line: Record<string, unknown>, load: typeof loadDefinition): Promise<Attempt> {
  try {
    const source = line['definition'];
    if (typeof source !== 'string' && (source === null || typeof source !== 'object' || Array.isArray(source)))
      throw new DefinitionError('a definition is a JSON object');
    const definition = load(source as string | JsonObject);
    const mocks = parseMocks(line['mocks'] ?? {});
    const input = (line['input'] === undefined ? {} : line['input']) as Json;
    const result = await simulate({ definition, input, mocks });
    const { status, output, error, cause } = result;
    return { answer: { status, output, error, cause }, result };
  } catch (error) {
    if (error instanceof UnsupportedError)
      return {
        answer: {
          unsupported: error.stateName === undefined ? error.feature : `${error.feature} (state '${error.stateName}')`,
        },
      };
    if (error instanceof DefinitionError) return { answer: { unsupported: `invalid definition: ${error.message}` } };
    if (error instanceof MockError)
      return { answer: { status: 'FAILED', error: 'Groundcrew.MockMissing', cause: error.message } };
    throw error;
  }
}

/** Checks the shape of mocks strictly, so that a misspelt member cannot pass for an answer. Throws UsageError. */
export function parseMocks(value: unknown): Mocks {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new UsageError('mocks must be an object of lists, by state name or resource');
  for (const [name, list] of Object.entries(value)) {
    if (!Array.isArray(list)) throw new UsageError(`the mock '${name}' must be a list of answers`);
    for (const [index, answer] of list.entries())
      if (!isAnswer(answer))
        throw new UsageError(
          `answer ${index + 1} of the mock '${name}' must be {"return": …} or {"throw": {"error": …, "cause": …}}`,
        );
  }
  return value as Mocks;
}

function isAnswer(answer: unknown): boolean {
  if (answer === null || typeof answer !== 'object') return false;
  const keys = Object.keys(answer);
  if (keys.length !== 1) return false;
  if (keys[0] === 'return') return true;
  const thrown = (answer as { throw?: unknown }).throw;
  if (thrown === null || typeof thrown !== 'object') return false;
  const { error, cause, ...others } = thrown as { error?: unknown; cause?: unknown };
  const causeFits = cause === undefined || typeof cause === 'string';
  return typeof error === 'string' && causeFits && Object.keys(others).length === 0;
}
