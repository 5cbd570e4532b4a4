/**
 * The screening core against bare ONNX Runtime: the same session, the same graph, the very feeds that the core makes.
 * Both take turns in one process, so that a busy machine slows both.
 */
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { screenEngine } from '../lib/adapters/onnx/screen-engine.ts';
import { createSession } from '../lib/adapters/onnx/session.ts';
import type { ScreenEngine, ScreenTensors } from '../lib/core/screening/engine.ts';
import { fitCalibration } from '../lib/core/screening/fit.ts';
import { screenRows } from '../lib/core/screening/screen.ts';
import { normalSeries, slice } from '../test/support/screening.ts';
import { type BenchOptions, type Figure, median, rounded } from './figures.ts';

const rows = 256;
const channels = 40;
const warmupRows = 2000;
const model = fileURLToPath(new URL('../models/screen/screen.onnx', import.meta.url));

export async function benchScreen({ quick, tell }: BenchOptions): Promise<Figure[]> {
  const rounds = quick ? 40 : 150;
  const perRound = 4;
  const batches = 16;
  const series = normalSeries(7, { rows: warmupRows + batches * rows, channels, decimals: 3 });
  const calibration = fitCalibration(slice(series, 0, warmupRows));
  const pieces = Array.from({ length: batches }, (_, b) =>
    slice(series, warmupRows + b * rows, warmupRows + (b + 1) * rows),
  );
  const session = await createSession(model);
  const engine = screenEngine(session);

  // What the core feeds, caught on its way.
  let asked: { tensors: ScreenTensors; outputs: readonly string[] } | undefined;
  const spy: ScreenEngine = {
    run: (tensors, outputs) => {
      asked = { tensors, outputs };
      return engine.run(tensors, outputs);
    },
  };
  let { state } = await screenRows(spy, calibration, undefined, pieces[0]!);
  ({ state } = await screenRows(spy, calibration, state, pieces[1]!));
  if (asked?.tensors.rows !== rows) throw new Error(`The core ran ${asked?.tensors.rows} rows at once, not ${rows}.`);
  const { tensors, outputs } = asked;
  const feeds = Object.fromEntries(
    Object.entries(tensors.inputs).map(([name, { data, dims }]) => [name, new ort.Tensor('float32', data, dims)]),
  );

  const core = async (turn: number): Promise<number> => {
    const startMs = performance.now();
    for (let i = 0; i < perRound; i += 1) {
      ({ state } = await screenRows(engine, calibration, state, pieces[(turn * perRound + i) % batches]!));
    }
    return performance.now() - startMs;
  };
  const bare = async (): Promise<number> => {
    const startMs = performance.now();
    for (let i = 0; i < perRound; i += 1) await session.run(feeds, outputs as string[]);
    return performance.now() - startMs;
  };
  for (let turn = 0; turn < 30; turn += 1) {
    await core(turn);
    await bare();
  }
  const coreMs: number[] = [];
  const bareMs: number[] = [];
  for (let turn = 0; turn < rounds; turn += 1) {
    coreMs.push(await core(turn));
    bareMs.push(await bare());
    if (turn % 50 === 49) tell(`screen: ${turn + 1} of ${rounds} rounds`);
  }
  const perSecond = (ms: readonly number[]): number => (1000 * perRound * rows) / median(ms);
  const ratio = median(bareMs.map((ms, at) => ms / coreMs[at]!));
  return [
    {
      name: 'screen_rows_per_s',
      value: Math.round(perSecond(coreMs)),
      unit: 'rows/s',
      against: `bare ONNX Runtime, same graph and feeds (${rows} rows × ${channels} channels): ${Math.round(perSecond(bareMs))} rows/s; aim ≥ 0.5`,
      ratio: rounded(ratio, 3),
      parts: { coreMsPerRun: rounded(median(coreMs) / perRound), bareMsPerRun: rounded(median(bareMs) / perRound) },
    },
  ];
}
