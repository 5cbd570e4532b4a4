/** Each bundle as it is uploaded: alone in a process that has nothing but it and, where it gets one, the layer. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testAssembly } from '../../bench/stack/assembly.ts';
import { buildLayer, bundleLimitBytes, folderBytes, hostPlatform, layerLimitBytes } from '../../layers/build.ts';
import { permissions } from '../../lib/constructs/permissions.ts';
import { type FunctionName, functionNames } from '../../lib/contracts/names.ts';
import type { Pack } from '../../lib/core/pack.ts';
import type { StackModel } from '../../local/assembly/model.ts';
import { readStack } from '../../local/assembly/read-stack.ts';
import { functionEnvironment } from '../../local/lambda/environment.ts';
import { packNames } from '../../models/index.ts';

let stack: StackModel;
let alone: string;
let hostLayer: string;
beforeAll(async () => {
  const assembly = await testAssembly();
  const place = { account: '000000000000', region: 'eu-central-1' };
  stack = readStack({ assemblyDir: assembly.folder, endpointUrl: 'http://127.0.0.1:1', ...place });
  // Under no folder that has modules, so that nothing is found by chance.
  alone = mkdtempSync(join(tmpdir(), 'groundcrew-bundle-'));
  mkdirSync(join(alone, 'node_modules'));
  hostLayer = buildLayer(join(alone, 'layer'), hostPlatform);
}, 120_000);
afterAll(() => rmSync(alone, { recursive: true, force: true }));

const functionOf = (name: FunctionName) => stack.functions.find((one) => one.name === `groundcrew-${name}`)!;
const filesOf = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();

/** Loads a bundle in a bare process and says what it exports, or what it died of. */
function load(
  name: FunctionName,
  change: Record<string, string | undefined> = {},
): Promise<{ code: number | null; said: string }> {
  const model = functionOf(name);
  const dir = join(alone, name);
  if (!existsSync(dir)) cpSync(model.codeDir, dir, { recursive: true });
  const layerDirs = model.layerDirs.length > 0 ? [hostLayer] : [];
  const surroundings = {
    region: 'eu-central-1',
    account: '000000000000',
    endpointUrl: 'http://127.0.0.1:1',
    dynamodbUrl: 'http://127.0.0.1:1',
    temporaryDir: alone,
  };
  const env = { ...functionEnvironment({ ...model, codeDir: dir, layerDirs }, surroundings, 'stream'), ...change };
  const program = `const { handler } = require(${JSON.stringify(join(dir, 'index.js'))}); process.stdout.write(typeof handler); process.exit(0);`;
  const child = spawn(process.execPath, ['-e', program], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

describe('each bundle', () => {
  test.each([...functionNames])('%s loads alone', async (name) => {
    expect(await load(name)).toEqual({ code: 0, said: 'function' });
  });

  test.each([...functionNames])('%s is small and holds only what it needs', (name) => {
    const { codeDir } = functionOf(name);
    expect(folderBytes(codeDir)).toBeLessThan(bundleLimitBytes);
    const files = filesOf(codeDir);
    expect(files).toEqual(expect.arrayContaining(['index.js', 'package.json']));
    const beside = files.filter((file) => !['index.js', 'package.json'].includes(file));
    for (const file of beside)
      expect(file).toMatch(
        /^(late-[a-z-]+\.js|models\/[a-z-]+\/(card\.json|[a-z-]+\.onnx|policies\/[a-z-]+\.cedar(schema)?)|cedar_wasm_bg\.wasm|web\/[\w./-]+)$/,
      );
    const source = readFileSync(join(codeDir, 'index.js'), 'utf8');
    // What belongs to development only must not have been drawn in.
    for (const foreign of ['aws-cdk-lib', 'epanet-js', 'dynalite', 'aedes', 'esbuild', '@jest'])
      expect(source.includes(`node_modules/${foreign}`)).toBe(false);
    // Late imports would start the ES loader at the first call; logging in is for people.
    expect(source).not.toMatch(/\bimport\(/);
    expect(source).not.toContain('GetRoleCredentials');
    for (const file of beside.filter((one) => one.startsWith('late-')))
      expect(source).toContain(`require("./${file}")`);
    // Nor what layers/bundle-plugins.ts leaves out: operations that nobody calls, JSON schemas, the files of people.
    for (const unused of ['WriteGetObjectResponse', 'json-schema.org', 'AWS_SHARED_CREDENTIALS_FILE'])
      expect([unused, source.includes(unused)]).toEqual([unused, false]);
  });

  test('what is loaded late lies beside the function that loads it, and loads alone', async () => {
    const late = functionNames.flatMap((name) =>
      filesOf(functionOf(name).codeDir).flatMap((file) => (file.startsWith('late-') ? [`${name}/${file}`] : [])),
    );
    const ofPacks = (['infer', 'route', 'verify', 'api'] as const).flatMap((name) =>
      packNames.map((pack) => ({ name, pack, file: `${name}/late-${pack}.js` })),
    );
    const expected = {
      'infer/late-connect.js': 'connect',
      'api/late-cognito-calls.js': 'cognitoCalls',
      'api/late-dead-letters.js': 'deadLetters',
      'api/late-invoke.js': 'invokeFunction',
      'notify/late-browser-ports.js': 'openedBrowsers',
    };
    expect(late.toSorted()).toEqual([...Object.keys(expected), ...ofPacks.map(({ file }) => file)].toSorted());
    for (const name of ['infer', 'api', 'notify'] as const) expect((await load(name)).code).toBe(0);
    for (const [file, exported] of Object.entries(expected)) {
      const made: Record<string, unknown> = createRequire(import.meta.url)(join(alone, file));
      expect(typeof made[exported]).toBe('function');
    }
    for (const { name, pack, file } of ofPacks) {
      expect((await load(name)).code).toBe(0);
      // As `import()` gives it: the default of a CommonJS module is what it exports.
      const { default: found } = (await import(join(alone, file))) as { default: Pack };
      expect([file, found.manifest.name]).toEqual([file, pack]);
      // A pack parses nothing, so that the contracts it mentions leave no zod behind.
      expect([file, readFileSync(join(alone, file), 'utf8').includes('invalid_type')]).toEqual([file, false]);
    }
    // Cognito's client is not loaded with the function that seldom needs it.
    expect(readFileSync(join(alone, 'api/index.js'), 'utf8')).not.toContain('AWSCognitoIdentityProviderService');
    // The client of secrets belongs to it alone.
    expect(readFileSync(join(alone, 'infer/index.js'), 'utf8')).not.toContain('GetSecretValue');
  });

  test('an error keeps the name of its class where names are shortened', () => {
    const named = (name: FunctionName, error: string) =>
      readFileSync(join(functionOf(name).codeDir, 'index.js'), 'utf8').includes(`static name="${error}"`);
    for (const name of functionNames) expect([name, named(name, 'InvalidInputError')]).toEqual([name, true]);
    expect(named('remediate', 'EffectPayloadError')).toBe(true);
    expect(named('record', 'AuditContentionError')).toBe(true);
  });

  test('exactly the functions that run models get the layer, and they do not load without it', async () => {
    for (const name of functionNames)
      expect([name, functionOf(name).layerDirs.length]).toEqual([name, permissions[name].models ? 1 : 0]);
    const { code, said } = await load('screen', { NODE_PATH: '' });
    expect(code).not.toBe(0);
    expect(said).toContain('onnxruntime-node');
  });

  test('a wrong environment is refused at the start, by name', async () => {
    const { code, said } = await load('close', { TABLE_CASES: undefined });
    expect(code).not.toBe(0);
    expect(said).toContain('TABLE_CASES');
  });
});

describe('the layer', () => {
  const allowed = [
    /^onnxruntime-node\/package\.json$/,
    /^onnxruntime-node\/dist\/(index|backend|binding|version)\.js$/,
    /^onnxruntime-node\/bin\/napi-v6\/linux\/arm64\/(libonnxruntime\.so\.1|onnxruntime_binding\.node)$/,
    /^onnxruntime-common\/package\.json$/,
    /^onnxruntime-common\/dist\/cjs\/[a-z-]+\.js$/,
    /^onnxruntime-common\/dist\/cjs\/package\.json$/,
  ];

  test('holds the pruned files for one platform and nothing else', () => {
    const [layer] = functionOf('screen').layerDirs;
    const files = filesOf(join(layer!, 'nodejs/node_modules'));
    expect(files.filter((file) => !allowed.some((pattern) => pattern.test(file)))).toEqual([]);
    for (const pattern of allowed.slice(0, 5)) expect(files.some((file) => pattern.test(file))).toBe(true);
    expect(filesOf(layer!).every((file) => file.startsWith('nodejs/node_modules/'))).toBe(true);
    expect(folderBytes(layer!)).toBeLessThan(layerLimitBytes);
    expect(folderBytes(layer!)).toBeGreaterThan(10 * 1024 * 1024);
    expect(statSync(dirname(layer!)).isDirectory()).toBe(true);
  });
});
