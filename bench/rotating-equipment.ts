/**
 * `node bench/rotating-equipment.ts [--machines N] [--seed S]`: the classifier of machines on machines of other seeds
 * than training used, on a fault that it was never taught, and on the alarmed rows of whole rig series. How many rows are
 * alarmed, rightly and wrongly, is measured in one place: `node bench/detection/run.ts rigs`.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KindTracker } from '../bin/commands/backtest-kinds.ts';
import { recipeTools } from '../bin/commands/support/recipe-tools.ts';
import { openScreenEngine } from '../lib/adapters/onnx/screen-engine.ts';
import { openModel } from '../lib/adapters/onnx/session.ts';
import { childRandom } from '../lib/core/random.ts';
import { rigSeries } from '../models/rotating-equipment/generator/rig.ts';
import pack from '../models/rotating-equipment/index.ts';
import { sidecar } from '../models/rotating-equipment/manifest.ts';
import { makePart } from '../models/rotating-equipment/training/make-part.ts';
import { type Draw, scenarioMix } from '../models/rotating-equipment/training/scenarios.ts';
import { conformalTests } from '../models/training/conformal.ts';
import { argMax, evaluate } from '../models/training/metrics.ts';
import type { Sample } from '../models/training/recipe.ts';
import { treeInputName, treeOutputName } from '../models/training/tree-names.ts';
import { followAll } from './detection/follow.ts';

const { values } = parseArgs({
  options: { machines: { type: 'string', default: '40' }, seed: { type: 'string', default: '2027' } },
});
const machines = Number(values.machines);
const seed = Number(values.seed);
const oodLevel = 0.01;
const warmupRows = 400;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / Math.max(1, list.length);

async function flagged(label: string, mix: readonly Draw[]): Promise<Sample[]> {
  const tools = await recipeTools();
  const samples: Sample[] = [];
  for (let i = 0; i < machines; i += 1) {
    const own = Math.floor(childRandom(seed, label, i)() * 2 ** 31);
    const made = await makePart({ id: `${label}-${i}`, split: 'test', seed: own, scenarios: mix.length }, tools, mix);
    samples.push(...made.samples);
  }
  return samples;
}

const tests = conformalTests(sidecar.conformal);

interface Scored {
  readonly sample: Sample;
  readonly probabilities: Float32Array;
  readonly set: readonly number[];
  readonly pValue: number;
}

async function score(samples: readonly Sample[]): Promise<Scored[]> {
  const run = await openModel({
    path: fileURLToPath(new URL('../models/rotating-equipment/model.onnx', import.meta.url)),
    sha256: sidecar.sha256,
  });
  const width = sidecar.features.length;
  const data = new Float32Array(samples.length * width);
  samples.forEach((sample, i) => void data.set(sample.features, i * width));
  const answer = await run({ [treeInputName]: { data, dims: [samples.length, width] } }, [treeOutputName]);
  const flat = answer[treeOutputName]!.data;
  const classes = sidecar.kinds.length;
  return samples.map((sample, i) => {
    const probabilities = flat.slice(i * classes, (i + 1) * classes);
    return {
      sample,
      probabilities,
      set: tests.classSet(probabilities, sidecar.setAlpha),
      pValue: tests.oodPValue(sample.features),
    };
  });
}

function tellKnown(scored: readonly Scored[]): void {
  const labels = scored.map(({ sample }) => sidecar.kinds.indexOf(sample.kind));
  const figures = evaluate(
    scored.map(({ probabilities }) => probabilities),
    labels,
    sidecar.kinds,
  );
  say(`${machines} machines, seed ${seed}: ${scored.length} flagged windows, macro-F1 ${figures.macroF1.toFixed(3)}, `);
  say(`accuracy ${percent(figures.accuracy)}, expected calibration error ${percent(figures.calibrationError)}`);
  say('kind | windows | recall | precision | F1 | set holds it | mean set | single | single right | strange');
  sidecar.kinds.forEach((kind, k) => {
    const own = scored.filter(({ sample }) => sample.kind === kind);
    const single = own.filter(({ set }) => set.length === 1);
    const { recall, precision, f1 } = figures.classes[k]!;
    say(
      [
        kind,
        own.length,
        percent(recall),
        percent(precision),
        f1.toFixed(3),
        percent(mean(own.map(({ set }) => Number(set.includes(k))))),
        mean(own.map(({ set }) => set.length)).toFixed(2),
        percent(single.length / Math.max(1, own.length)),
        percent(mean(single.map(({ set }) => Number(set[0] === k)))),
        percent(mean(own.map(({ pValue }) => Number(pValue < oodLevel)))),
      ].join(' | '),
    );
  });
}

function tellStrange(scored: readonly Scored[]): void {
  const answers = new Map<string, number>();
  for (const { probabilities } of scored) {
    const kind = sidecar.kinds[argMax(probabilities)]!;
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
  }
  say(`a fluid that heats up, never taught: ${scored.length} flagged windows`);
  say(`out of distribution (p < ${oodLevel}): ${percent(mean(scored.map(({ pValue }) => Number(pValue < oodLevel))))}`);
  say(`mean set ${mean(scored.map(({ set }) => set.length)).toFixed(2)} classes; answers:`);
  for (const [kind, count] of [...answers].sort((a, b) => b[1] - a[1])) say(`  ${kind} ${count}`);
  const sure = scored.filter(({ set, probabilities, pValue }) => {
    const top = argMax(probabilities);
    return set.length === 1 && probabilities[top]! >= 0.85 && pValue >= oodLevel && sidecar.kinds[top] !== 'normal';
  });
  say(`sure of a wrong fault (single class, confidence at least 0.85): ${percent(sure.length / scored.length)}`);
}

/** What the alarmed rows of a fault are called in whole series, as a backtest calls them. */
async function tellRigs(): Promise<void> {
  const engine = await openScreenEngine(fileURLToPath(new URL('../models/screen/screen.onnx', import.meta.url)));
  const model = await pack.open!(openModel);
  const named = new Map<string, { alarmed: number; right: number }>();
  for (let i = 0; i < machines; i += 1) {
    const { series, labels } = rigSeries(seed * 1000 + i);
    const tracker = new KindTracker(series.channels, pack, model);
    let from = 0;
    await followAll(engine, series, { warmupRows }, async (part, screened) => {
      const kinds = await tracker.label(part, screened);
      for (const [r, kind] of kinds.entries()) {
        const label = labels[from + r]!;
        if (screened.alarms[r] === 0 || label === 'normal') continue;
        const known = named.get(label) ?? { alarmed: 0, right: 0 };
        known.alarmed += 1;
        known.right += Number(kind === label);
        named.set(label, known);
      }
      from += kinds.length;
    });
  }
  say(`${machines} rig series from seed ${seed * 1000}; of alarmed rows of a fault, called right:`);
  for (const [kind, { alarmed, right }] of [...named].sort())
    say(`  ${kind} ${percent(right / alarmed)} of ${alarmed}`);
}

tellKnown(await score(await flagged('known', scenarioMix)));
tellStrange(
  await score(await flagged('strange', ['fluid-heating', 'fluid-heating', 'fluid-heating', 'fluid-heating'])),
);
await tellRigs();
