/**
 * A runtime as a process of its own, so that a test can kill it. One argument: `StackProcessOptions` as JSON. Tells its
 * parent `ready`; answers `processes` and `stats`; ends in order on `stop`.
 */
import { startRuntime } from '../../../local/runtime.ts';

export interface StackProcessOptions {
  readonly assemblyDir: string;
  readonly hostLayer: string;
  readonly dataDir: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly warm: readonly string[];
}
export type StackAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'processes'; readonly processes: Readonly<Record<string, readonly number[]>> }
  | { readonly kind: 'stats'; readonly stats: Readonly<Record<string, Readonly<Record<string, number>>>> };

const tell = (answer: StackAnswer, then?: () => void): void => {
  process.send?.(answer, () => then?.());
};

// A test that dies must not leave a stack behind.
process.on('disconnect', () => process.exit(1));
try {
  const runtime = await startRuntime({
    ...(JSON.parse(process.argv[2]!) as StackProcessOptions),
    logLevel: 'error',
    maximumProcesses: 2,
  });
  process.on('message', (message) => {
    if (message === 'processes') tell({ kind: 'processes', processes: runtime.processes() });
    if (message === 'stats') tell({ kind: 'stats', stats: runtime.stats() });
    if (message === 'stop')
      runtime.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
  });
  tell({ kind: 'ready' });
} catch (error) {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }, () => process.exit(1));
}
