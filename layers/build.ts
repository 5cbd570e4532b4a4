/**
 * Builds what the stack uploads: one CommonJS bundle a function, and the ONNX Runtime layer pruned to one platform.
 * CommonJS because plain Node's ES module loader ignores NODE_PATH, through which both Lambda and the one-machine
 * runtime offer the layer.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin, version } from 'esbuild';
import { cedarAuthorizer, readPolicyFiles } from '../lib/adapters/policy/cedar.ts';
import { checkedPack } from '../lib/core/pack.ts';
import { type BundleCache, bundleOnce } from './bundle-cache.ts';
import { bundlePlugins, type SourceChange } from './bundle-plugins.ts';
import { buildConsole } from './console.ts';
import { folderHash, putInPlace } from './place.ts';

export const repositoryRoot = join(import.meta.dirname, '..');
const functionsFolder = join(repositoryRoot, 'functions');

/** Unzipped size above which a build fails; Lambda allows 250 MB for function and layers together. */
export const layerLimitBytes = 80 * 1024 * 1024;
export const bundleLimitBytes = 12 * 1024 * 1024;

/** Files that a function needs beside its code. Paths are relative to the repository and stay so beside the bundle. */
const companions: Readonly<Record<string, readonly string[]>> = {
  screen: ['models/screen/screen.onnx'],
  calibrate: ['models/screen/screen.onnx'],
};
const packFiles = ['model.onnx'];
const functionsWithPacks = ['infer', 'verify'];
const functionsWithPolicies = ['guard'];
/** They show policies and models' cards, and evaluate neither. */
const functionsThatShowPacks = ['api'];

/** Names of all function folders. */
export const functionFolders = (): string[] =>
  readdirSync(functionsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(functionsFolder, entry.name, 'index.ts')))
    .map((entry) => entry.name)
    .sort();

const packFolders = (): string[] =>
  readdirSync(join(repositoryRoot, 'models'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(repositoryRoot, 'models', entry.name, 'index.ts')))
    .map((entry) => entry.name)
    .sort();

/** SHA-256 of every model and policy file that functions carry, by its path under `models/`. */
export function modelHashes(): Record<string, string> {
  const models = join(repositoryRoot, 'models');
  const policies = packFolders().flatMap((pack) =>
    existsSync(join(models, pack, 'policies'))
      ? readdirSync(join(models, pack, 'policies')).map((file) => `${pack}/policies/${file}`)
      : [],
  );
  const files = [
    'screen/screen.onnx',
    ...packFolders().flatMap((pack) => packFiles.map((file) => `${pack}/${file}`)),
    ...policies,
  ];
  return Object.fromEntries(
    files
      .filter((file) => existsSync(join(models, file)))
      .sort()
      .map((file) => [
        file,
        createHash('sha256')
          .update(readFileSync(join(models, file)))
          .digest('hex'),
      ]),
  );
}

/** Size of a folder's files in bytes. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/**
 * What is imported late gets a bundle of its own beside the function's. Inside it, esbuild would wrap each module that
 * both need, zod and half of the SDK, into a function, and every start would pay for what is seldom used.
 * @param late takes the path of each by its output's name
 */
const lateBundles = (late: Map<string, string>): Plugin => ({
  name: 'late-bundles',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const from = join(resolveDir, path);
      // An index.ts goes by the name of its folder.
      const name = `late-${basename(from.replace(/\/index\.ts$/, ''), '.ts')}`;
      if ((late.get(name) ?? from) !== from)
        throw new Error(`Two late imports are called ${name}: rename one of them.`);
      late.set(name, from);
      return { path: `./${name}.js`, external: true };
    });
  },
});

/** To an ES module the default of a CommonJS module is all that it exports; where it was written with one, it shall be that. */
const lateFooter = { js: "if('default'in module.exports)module.exports=module.exports.default;" };

/** How a function is bundled. */
const bundling = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  define: {
    // A pack names its folder by import.meta.url, which CommonJS lacks; inside a bundle it is the bundle's own file.
    'import.meta.url': 'bundleUrl',
    // No function has streams or a navigator of the web. To ask whether Node has them loads all that they are made of.
    ReadableStream: 'undefined',
    navigator: 'undefined',
  },
  banner: { js: "const bundleUrl=require('node:url').pathToFileURL(__filename).href;" },
  // The SDK imports Node's own modules when they are first used. A real `import()` would start the ES loader and, by
  // listing what `node:http` exports, load the whole of `fetch`: 40 ms of the first call. `require` does neither.
  supported: { 'dynamic-import': false },
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
} as const satisfies BuildOptions;

/** For bundles that are not the product's: fewer of them, or made from other texts. */
export interface BundleChoice {
  readonly only?: string[];
  readonly change?: SourceChange;
  /** Where bundles are kept. @default `.cache/bundles` */
  readonly cache?: string;
}

/** Bundles functions in one esbuild run, and what they import late. @returns the files that went in */
async function bundle(names: readonly string[], outDir: string, change?: SourceChange): Promise<string[]> {
  const late = new Map<string, string>();
  const common = { ...bundling, metafile: true, absWorkingDir: outDir } as const;
  const plugins = bundlePlugins(change);
  const { metafile } = await build({
    ...common,
    plugins: [...plugins, lateBundles(late)],
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, join(functionsFolder, name, 'index.ts')])),
    outdir: outDir,
  });
  const inputs = new Set(Object.keys(metafile.inputs));
  for (const [output, { imports }] of Object.entries(metafile.outputs)) {
    for (const [name, path] of late) {
      if (!imports.some((one) => one.path === `./${name}.js`)) continue;
      const made = await build({
        ...common,
        plugins,
        footer: lateFooter,
        entryPoints: { [name]: path },
        outdir: dirname(join(outDir, output)),
      });
      for (const input of Object.keys(made.metafile.inputs)) inputs.add(input);
    }
  }
  return [...inputs].map((input) => resolve(outDir, input));
}

/** By all that decides about bundles and is not bundled: how it is done, by what, and which packages are installed. */
function cacheFor(names: readonly string[], folder: string): BundleCache {
  const texts = ['package.json', 'package-lock.json', 'node_modules/.package-lock.json', 'tsconfig.json'].map(
    (file) => {
      const path = join(repositoryRoot, file);
      return existsSync(path) ? readFileSync(path, 'utf8') : '';
    },
  );
  const key = JSON.stringify([names, version, process.version, folderHash(import.meta.dirname), texts]);
  return { folder, key, root: repositoryRoot };
}

/**
 * Makes the bundle of every function in `outDir/<name>/index.js`, with what lies beside it.
 * @throws Error when a bundle with its companions exceeds `bundleLimitBytes`, or a pack's manifest is not valid
 */
export async function buildFunctions(outDir: string, choice: BundleChoice = {}): Promise<string[]> {
  rmSync(outDir, { recursive: true, force: true });
  const names = choice.only ?? functionFolders();
  mkdirSync(outDir, { recursive: true });
  await checkPacks();
  const bundler = (folder: string): Promise<string[]> => bundle(names, folder, choice.change);
  // What is made from changed texts is not the product's and never gets among what is.
  if (choice.change !== undefined) await bundler(outDir);
  else await bundleOnce(outDir, cacheFor(names, choice.cache ?? join(repositoryRoot, '.cache/bundles')), bundler);
  await buildConsole(join(repositoryRoot, 'web'), join(outDir, 'api/web'));
  for (const name of names) {
    const folder = join(outDir, name);
    // Said in place, so that no package.json further up can make Node read the bundle as an ES module.
    writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}\n');
    copyCompanions(name, folder);
    const bytes = folderBytes(folder);
    if (bytes > bundleLimitBytes) {
      throw new Error(
        `Function ${name} unpacks to ${bytes} bytes; at most ${bundleLimitBytes} are allowed. Find the import that brought the weight.`,
      );
    }
  }
  return names;
}

/** Here rather than at each start of a function: a pack that is not what it should be never gets into a bundle. */
async function checkPacks(): Promise<void> {
  const { packs } = await import('../models/index.ts');
  for (const [name, load] of Object.entries(packs)) {
    checkedPack(await load());
    const policies = join(repositoryRoot, 'models', name, 'policies');
    if (!existsSync(policies)) throw new Error(`Pack ${name} has no policies: add ${policies} with a Cedar schema.`);
    // Parses them and validates each against the schema.
    cedarAuthorizer(name, readPolicyFiles(policies));
  }
}

function copyCompanions(name: string, folder: string): void {
  const copy = (relative: string): void => {
    const from = join(repositoryRoot, relative);
    if (existsSync(from)) cpSync(from, join(folder, relative), { recursive: true });
  };
  for (const file of companions[name] ?? []) copy(file);
  for (const pack of packFolders()) {
    if (functionsWithPacks.includes(name)) for (const file of packFiles) copy(`models/${pack}/${file}`);
    if ([...functionsWithPolicies, ...functionsThatShowPacks].includes(name)) copy(`models/${pack}/policies`);
    if (functionsThatShowPacks.includes(name)) copy(`models/${pack}/card.json`);
  }
  if (functionsWithPolicies.includes(name)) {
    // Cedar's WebAssembly is read from beside the bundle at load time; without it the function dies with ENOENT.
    const cedar = dirname(createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs'));
    cpSync(join(cedar, 'cedar_wasm_bg.wasm'), join(folder, 'cedar_wasm_bg.wasm'));
  }
}

/** A platform as Node names it, `linux-arm64` for instance. */
export type Platform = `${string}-${string}`;
export const hostPlatform: Platform = `${process.platform}-${process.arch}`;

/**
 * Builds the layer's folder `outDir/nodejs/node_modules/…` with the runtime's files for one platform and no more.
 * @throws Error when the platform's binaries are not installed or the result exceeds `layerLimitBytes`
 */
export function buildLayer(outDir: string, platform: Platform): string {
  const [system, processor] = platform.split('-') as [string, string];
  const modules = join(repositoryRoot, 'node_modules');
  const binaries = join(modules, 'onnxruntime-node/bin/napi-v6', system, processor);
  if (!existsSync(binaries)) {
    throw new Error(
      `ONNX Runtime has no binaries for ${platform} in ${binaries}. Run npm ci; supported are linux, darwin and win32 on x64 and arm64.`,
    );
  }
  // Made beside its place: whatever runs from a layer that is already there must not lose it for a moment.
  const fresh = `${outDir}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  const target = join(fresh, 'nodejs/node_modules');
  const runtime = join(target, 'onnxruntime-node');
  mkdirSync(join(runtime, 'dist'), { recursive: true });
  cpSync(join(modules, 'onnxruntime-node/package.json'), join(runtime, 'package.json'));
  for (const file of ['index.js', 'backend.js', 'binding.js', 'version.js']) {
    cpSync(join(modules, 'onnxruntime-node/dist', file), join(runtime, 'dist', file));
  }
  const neededBinary = /^(libonnxruntime\.(so\.1|.*dylib)|onnxruntime\.dll|onnxruntime_binding\.node)$/;
  for (const file of readdirSync(binaries).filter((name) => neededBinary.test(name))) {
    cpSync(join(binaries, file), join(runtime, 'bin/napi-v6', system, processor, file), { dereference: true });
  }
  const common = join(target, 'onnxruntime-common');
  cpSync(join(modules, 'onnxruntime-common/package.json'), join(common, 'package.json'));
  cpSync(join(modules, 'onnxruntime-common/dist/cjs'), join(common, 'dist/cjs'), {
    recursive: true,
    filter: (from) => !from.endsWith('.map') && !from.endsWith('.d.ts'),
  });
  const bytes = folderBytes(fresh);
  if (bytes > layerLimitBytes) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(
      `The ONNX Runtime layer for ${platform} unpacks to ${bytes} bytes; at most ${layerLimitBytes} are allowed.`,
    );
  }
  putInPlace(fresh, outDir);
  return outDir;
}
