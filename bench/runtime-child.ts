/**
 * The real runtime in a process of its own, so that whoever measures does not share its event loop. Arguments: assembly
 * folder, data folder, host layer. Tells its parent when it is ready; answers `stats`; ends on SIGTERM.
 */
import { startRuntime } from '../local/runtime.ts';

const [assemblyDir, dataDir, hostLayer] = process.argv.slice(2) as [string, string, string];
const runtime = await startRuntime({
  assemblyDir,
  dataDir,
  hostLayer,
  warmProcesses: 2,
  warm: ['screen', 'infer', 'guard', 'record', 'route', 'calibrate'].map((name) => `groundcrew-${name}`),
});
process.on('SIGTERM', () => runtime.stop().then(() => process.exit(0)));
process.on('disconnect', () => runtime.stop().then(() => process.exit(0)));
process.on('message', (asked: { kind: string; id: number }) => {
  const answer = { id: asked.id, stats: runtime.stats(), calls: runtime.calls.calls() };
  process.send?.(answer);
});
process.send?.({ id: 0 });
