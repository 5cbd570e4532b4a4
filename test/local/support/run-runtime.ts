/** Starts a runtime and says its ports. Arguments: assembly folder, data folder. Ends in order on SIGTERM. */
import { startRuntime } from '../../../local/runtime.ts';

const [assemblyDir, dataDir] = process.argv.slice(2) as [string, string];
try {
  const runtime = await startRuntime({ assemblyDir, dataDir });
  process.on('SIGTERM', () => runtime.stop().then(() => process.exit(0)));
  process.stdout.write(`${JSON.stringify({ file: runtime.file, processes: runtime.processes() })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`);
  process.exit(1);
}
