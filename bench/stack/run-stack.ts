/**
 * A runtime as a process of its own, so that it can be killed. One argument: `StackProcessOptions` as JSON. Says `ready`
 * or `failed` to its parent, then answers each question under the question's id, and ends in order on `stop`.
 */
import { type RuntimeOptions, startRuntime } from '../../local/runtime.ts';
import { Doubles } from './doubles.ts';

export interface StackProcessOptions {
  readonly assemblyDir: string;
  readonly hostLayer: string;
  readonly dataDir: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly warm: readonly string[];
  readonly ports?: NonNullable<RuntimeOptions['ports']>;
  /** Lines from this level on go to stderr, too. */
  readonly logLevel: NonNullable<RuntimeOptions['logLevel']>;
  readonly between?: Pick<NonNullable<RuntimeOptions['between']>, 'endpointUrl' | 'dynamodbUrl' | 'nodeArguments'>;
}
/** `double`: the next call of the function named is made twice at once. */
export type StackQuestion = { readonly id: number } & (
  | { readonly ask: 'processes' | 'stats' | 'stop' }
  | { readonly ask: 'double'; readonly functionName: string }
);
export type StackMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'doubled'; readonly functionName: string };

const tell = (message: StackMessage, then?: () => void): void => {
  process.send?.(message, () => then?.());
};

// Whoever started it and dies must not leave a stack behind.
process.on('disconnect', () => process.exit(1));
const doubles = new Doubles((functionName) => tell({ kind: 'doubled', functionName }));
try {
  const { between, ...options } = JSON.parse(process.argv[2]!) as StackProcessOptions;
  const runtime = await startRuntime({
    ...options,
    between: { ...between, aroundCalls: (invoke) => doubles.around(invoke) },
    maximumProcesses: 2,
  });
  process.on('message', (message) => {
    const question = message as StackQuestion;
    const answer = (value: unknown): void => tell({ kind: 'answer', id: question.id, value });
    switch (question.ask) {
      case 'processes':
        return answer(runtime.processes());
      case 'stats':
        return answer(runtime.stats());
      case 'double':
        doubles.next(question.functionName);
        return answer(true);
      case 'stop':
        runtime.stop().then(
          () => process.exit(0),
          () => process.exit(1),
        );
    }
  });
  tell({ kind: 'ready' });
} catch (error) {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }, () => process.exit(1));
}
