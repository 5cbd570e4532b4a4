/**
 * From process start to first answer: the real bundles against a process that only loads the runtime, makes the same
 * session and constructs the same SDK clients, hosted alike and bundled plainly. The function also does the whole of its work:
 * screen reads the asset and screens a reading, infer reads a window and classifies it (from a server in this process
 * that answers at once). The baseline makes no call. Runs take turns.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildFunctions, buildLayer, hostPlatform, repositoryRoot } from '../layers/build.ts';
import { type ColdWorld, coldWorld } from './cold-start/world.ts';
import { type BenchOptions, type Figure, median, rounded } from './figures.ts';

/** One asset with all that belongs to it, an empty bus, items and objects that are taken and forgotten. */
async function answeringServer({ item, objects }: ColdWorld) {
  const answers: Readonly<Record<string, unknown>> = {
    GetItem: { Item: item },
    BatchGetItem: { Responses: { state: [item] }, UnprocessedKeys: {} },
    PutItem: {},
    PutEvents: { FailedEntryCount: 0, Entries: [{ EventId: '1' }] },
  };
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
      if (Object.hasOwn(answers, operation)) {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        return response.end(JSON.stringify(answers[operation]));
      }
      const key = new URL(request.url ?? '/', 'http://bucket').pathname.slice('/data/'.length);
      if (request.method === 'PUT') return response.writeHead(200).end();
      const object = objects.get(key);
      return object ? response.writeHead(200).end(object) : response.writeHead(404).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const baselines = {
  screen: { model: 'models/screen/screen.onnx' },
  infer: { model: 'models/water-network/model.onnx' },
} as const;

/** What an answer says when the reading was screened and stored, and when the window was classified by a model. */
const didItsWork = {
  screen: (output: string) => output.includes('"readings":1,') && output.includes('"batchItemFailures":[]'),
  infer: (output: string) => /"modelHash":"[0-9a-f]{64}"/.test(output),
} as const;

async function buildAll(folder: string): Promise<void> {
  await buildFunctions(join(folder, 'functions'));
  buildLayer(join(folder, 'layer'), hostPlatform);
  for (const name of ['screen', 'infer'] as const) {
    const outdir = join(folder, 'baselines', name);
    // Plainly, as anybody would bundle the SDK. It stays as it is, whatever the bundles of the functions learn.
    await build({
      entryPoints: { index: join(repositoryRoot, `bench/cold-start/baseline-${name}.ts`) },
      outdir,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node24',
      mainFields: ['module', 'main'],
      external: ['onnxruntime-node'],
      minify: true,
      keepNames: true,
      legalComments: 'none',
      logLevel: 'error',
    });
    writeFileSync(join(outdir, 'package.json'), '{"type":"commonjs"}\n');
    const { model } = baselines[name];
    cpSync(join(repositoryRoot, model), join(outdir, model));
  }
}

export async function benchColdStart({ quick, tell }: BenchOptions): Promise<Figure[]> {
  const runs = quick ? 5 : 25;
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-cold-'));
  const world = await coldWorld();
  const { server, url } = await answeringServer(world);
  const start = async (
    bundle: string,
    event: unknown,
    isWhole: (answer: string) => boolean = () => true,
  ): Promise<number> => {
    // A function that starts finds an empty disk: what an earlier run has kept must not spare it a fetch.
    const disk = mkdtempSync(join(folder, 'disk-'));
    const startMs = performance.now();
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'cold-start/host.cjs'), bundle, JSON.stringify(event)],
      { env: { ...environmentOf(folder, url), TMPDIR: disk }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString('utf8');
    });
    let answeredMs = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      if (answeredMs === 0 && output.includes('\nanswer ')) answeredMs = performance.now() - startMs;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0 || answeredMs === 0) throw new Error(`${bundle} gave no answer (exit ${code}):\n${errors}${output}`);
    if (!isWhole(output)) throw new Error(`${bundle} answered without doing its work:\n${output}`);
    return answeredMs;
  };
  try {
    await buildAll(folder);
    const parts: Record<string, number> = {};
    const ratios: Record<string, number> = {};
    for (const name of ['screen', 'infer'] as const) {
      const own: number[] = [];
      const baseline: number[] = [];
      for (let run = -1; run < runs; run += 1) {
        const ms = await start(join(folder, 'functions', name), world.events[name], didItsWork[name]);
        const bareMs = await start(join(folder, 'baselines', name), {});
        // The first of each reads the files from disk.
        if (run < 0) continue;
        own.push(ms);
        baseline.push(bareMs);
      }
      parts[`${name}Ms`] = rounded(median(own));
      parts[`${name}BaselineMs`] = rounded(median(baseline));
      ratios[name] = median(own.map((ms, at) => ms / baseline[at]!));
      parts[`${name}Ratio`] = rounded(ratios[name], 3);
      parts[`${name}BundleKb`] = Math.round(readFileSync(join(folder, 'functions', name, 'index.js')).length / 1024);
      tell(`cold start: ${name} ${parts[`${name}Ms`]} ms, baseline ${parts[`${name}BaselineMs`]} ms`);
    }
    const worst = ratios['screen']! >= ratios['infer']! ? 'screen' : 'infer';
    return [
      {
        name: 'cold_start_ms',
        value: parts[`${worst}Ms`]!,
        unit: 'ms',
        against: `the worse of screen and infer (${worst}): loading the runtime, the same session and constructing its SDK clients, ${parts[`${worst}BaselineMs`]} ms; aim ≤ 1.5`,
        ratio: rounded(ratios[worst]!, 3),
        parts,
      },
    ];
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

const tables = ['AUDIT', 'DECISIONS', 'CASES', 'LEDGER', 'STATE', 'STOP'];

function environmentOf(folder: string, url: string): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    NODE_PATH: join(folder, 'layer/nodejs/node_modules'),
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: url,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
    GROUNDCREW_PREFIX: 'groundcrew',
    BUCKET_DATA: 'data',
    BUS_NAME: 'bus',
    SCORE_RETENTION_DAYS: '90',
    CONFIGURATION_HASH: 'a'.repeat(64),
    WAYS: '{}',
    ...Object.fromEntries(tables.map((name) => [`TABLE_${name}`, name.toLowerCase()])),
  };
}
