/** Makes sure that `cdk.out` is the stack that the sources describe; synthesizes only when they changed. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildLayer, hostPlatform, repositoryRoot } from '../../../layers/build.ts';
import { CommandFailure } from '../support/failure.ts';

/** What the synthesized stack is made from. The twin is not: it stands for the world outside. */
const sources = ['bin/app.ts', 'lib', 'functions', 'layers', 'models', 'web', 'package-lock.json'].filter((path) =>
  existsSync(join(repositoryRoot, path)),
);
const passedOver = /(^|\/)(twin|node_modules|examples)(\/|$)/;

export interface Assembly {
  readonly folder: string;
  /** The ONNX Runtime layer for this machine's own processor, which the stack's may not be. */
  readonly hostLayer: string;
  readonly synthesized: boolean;
}

/** SHA-256 over the names and bytes of everything that the stack is made from, and the context it is given. */
function sourceDigest(): string {
  const hash = createHash('sha256')
    .update(process.version)
    .update(process.env.CDK_CONTEXT_JSON ?? '');
  for (const source of sources) {
    const path = join(repositoryRoot, source);
    const files = /\.[a-z]+$/.test(source)
      ? [path]
      : readdirSync(path, { withFileTypes: true, recursive: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .filter((file) => !passedOver.test(file))
          .sort();
    for (const file of files) hash.update(file).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** @throws CommandFailure with the synthesis' own words when it fails */
export async function ensureAssembly(folder: string): Promise<Assembly> {
  const digestFile = join(folder, '.sources.sha256');
  const hostLayer = join(repositoryRoot, 'dist/layers/host');
  const digest = sourceDigest();
  const current =
    existsSync(join(folder, 'manifest.json')) &&
    existsSync(digestFile) &&
    existsSync(hostLayer) &&
    readFileSync(digestFile, 'utf8') === digest;
  if (current) return { folder, hostLayer, synthesized: false };
  const synthesis = run(process.execPath, [join(repositoryRoot, 'bin/app.ts')], {
    CDK_OUTDIR: folder,
    GROUNDCREW_NAG: 'off',
  });
  buildLayer(hostLayer, hostPlatform);
  await synthesis;
  writeFileSync(digestFile, digest);
  return { folder, hostLayer, synthesized: true };
}

async function run(command: string, args: readonly string[], environment: Record<string, string>): Promise<void> {
  const child = spawn(command, args, {
    cwd: repositoryRoot,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-8_000);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new CommandFailure(`The stack does not synthesize (exit code ${code}):\n${output}`);
}
