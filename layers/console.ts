/** The console's files for the bundle of the function `api`: built by Vite, each with its compressed copies. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Said where the console's sources are not there, so that a deployment of the API alone says what it lacks. */
const placeholder = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Groundcrew</title>
<h1>The console was not built</h1>
<p>The API answers below /api/v1. This deployment was synthesized without the folder web/.</p>
</html>
`;

/** Smaller than this, headers cost more than compressing saves. */
const worthwhileBytes = 1_024;
const compressible = new Set(['.html', '.js', '.css', '.json', '.svg', '.webmanifest', '.txt']);

/** Builds `source` into `outDir`. @throws Error with Vite's own words */
export async function buildConsole(source: string, outDir: string): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const configFile = join(source, 'vite.config.ts');
  if (existsSync(configFile)) {
    const { build } = await import('vite');
    // Absolute addresses: every page of the console has the same first file, however deep its own address is.
    await build({ root: source, configFile, base: '/', logLevel: 'error', build: { outDir, emptyOutDir: true } });
  } else {
    writeFileSync(join(outDir, 'index.html'), placeholder);
  }
  for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !compressible.has(extname(entry.name))) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    if (bytes.length < worthwhileBytes) continue;
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  }
}
