/** What every pack answers about windows whose answer is known, and which assets it takes for its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadPack } from '../../../bin/commands/backtest-pack.ts';
import { farmParts } from '../../../bin/commands/support/part-farm.ts';
import { loadRecipe } from '../../../bin/commands/support/recipe-tools.ts';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { modelCard } from '../../../lib/contracts/model-card.ts';
import { type Pack, type PackModel, packFit } from '../../../lib/core/pack.ts';
import { inferChannels } from '../../../lib/core/roles/infer.ts';
import type { Series } from '../../../lib/core/series.ts';
import { evaluate } from '../../../models/training/metrics.ts';
import { modelSidecar } from '../../../models/training/sidecar.ts';
import { treeInputName, treeOutputName } from '../../../models/training/tree-names.ts';
import { type Asked, describedPacks, foundPacks, modelsFolder } from '../support/description.ts';
import { trainedModel } from '../support/fidelity.ts';

const others = await Promise.all(foundPacks.map(async ({ name }) => [name, await loadPack(name)] as const));
const moving = Float64Array.of(1.5, 2.5, 3.7);

describe.each(describedPacks)('the pack %s', (name, { channels, told, since, usual, wrong }) => {
  let pack: Pack;
  let model: PackModel;
  beforeAll(async () => {
    pack = await loadPack(name);
    model = await pack.open!(openModel);
  });
  const fitOf = (names: readonly string[], candidate = pack): number =>
    packFit(candidate, inferChannels(names.map((one) => ({ name: one, values: moving }))));
  const classify = ({ window, calibration, alarm }: Asked) => model.classify(window, calibration, alarm);

  test.each(channels.known.map((names) => [names]))(
    'knows its assets by their channels, better than any other: %j',
    (names) => {
      expect(fitOf(names)).toBeGreaterThan(0.9);
      for (const [other, candidate] of others) {
        if (other !== name) expect([other, fitOf(names, candidate) < fitOf(names)]).toEqual([other, true]);
      }
    },
  );

  test.each(channels.foreign.map((names) => [names]))('and does not take for one: %j', (names) => {
    expect(fitOf(names)).toBe(0);
  });

  test.each(told)(
    'tells $what, with a set that holds it and a sentence',
    async ({ kind, asked, sentence, place, suspect }) => {
      const found = await classify(asked());
      expect(found).toMatchObject({
        oodReasons: [],
        ...(kind !== undefined && { kind }),
        ...(suspect !== undefined && { suspect }),
      });
      if (place !== undefined) expect(found.zones?.[0]).toBe(place);
      const probabilities = Object.values(found.probabilities);
      expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(found.probabilities[found.kind]).toBe(Math.max(...probabilities));
      expect(found.set).toContain(found.kind);
      expect(found.oodPValue).toBeGreaterThan(0);
      expect(found.oodPValue).toBeLessThanOrEqual(1);
      expect(found.explanation!.sentence).toMatch(sentence);
      expect(found.explanation!.sentence).toMatch(since);
      expect(found.explanation!.contributions.length).toBeGreaterThan(0);
      expect(found.explanation!.contributions.length).toBeLessThanOrEqual(8);
      // Whenever it is asked again.
      expect(JSON.stringify(await classify(asked()))).toBe(JSON.stringify(found));
    },
  );

  test('excludes exactly the kinds of which hardly any held-out window was as unlikely', async () => {
    const { setAlpha, conformal, kinds } = (await trainedModel(name)).sidecar;
    const sizes = new Set<number>();
    for (const asked of wrong(40, 7)) {
      const { kind, probabilities, set } = await classify(asked);
      const open = kinds.filter((one, k) => {
        const scores = conformal.nonconformity[k]!;
        const asUnlikely = scores.filter((score) => score >= 1 - probabilities[one]!).length;
        return one === kind || (1 + asUnlikely) / (1 + scores.length) > setAlpha;
      });
      expect(set).toEqual(open);
      sizes.add(open.length);
    }
    // Sure answers and doubtful ones: a set that is always one kind, or always all, would prove nothing.
    expect(Math.min(...sizes)).toBe(1);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(kinds.length);
  });

  test('is out of its depth when readings are absurd', async () => {
    const ordinary = usual();
    const width = ordinary.window.channels.length;
    const values = ordinary.window.values.map((value, i) => (i % (2 * width) < width ? value * 1e6 : -value));
    const absurd: Series = { ...ordinary.window, values };
    const strange = await classify({ ...ordinary, window: absurd });
    const known = await classify(ordinary);
    expect(strange.oodPValue!).toBeLessThan(0.01);
    expect(strange.oodReasons!.join()).toMatch(/outside/);
    expect(known.oodPValue!).toBeGreaterThan(strange.oodPValue!);
    expect(known.oodReasons).toEqual([]);
  });
});

const heldOut = describedPacks.flatMap(([name, one]) => (one.heldOut ? [[name, one.heldOut] as const] : []));

test.each(heldOut)(
  'the pack %s tells what happens at plants that no split of its training holds',
  async (name, held) => {
    const folder = join(modelsFolder, name);
    // On a thread, as training makes them.
    const parts = await farmParts(
      await loadRecipe(name),
      held.seeds.map((seed) => ({ id: `held-${seed}`, split: 'test', seed, scenarios: 9 })),
      { jobs: 1, onPart: () => undefined },
    );
    const samples = parts.flatMap((part) => part.samples);
    expect(samples.length).toBeGreaterThan(100);
    const { sha256, kinds, features } = modelSidecar.parse(
      JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')),
    );
    const run = await openModel({ path: join(folder, 'model.onnx'), sha256 });
    const data = Float32Array.from(samples.flatMap((sample) => [...sample.features]));
    const answer = await run({ [treeInputName]: { data, dims: [samples.length, features.length] } }, [treeOutputName]);
    const flat = answer[treeOutputName]!.data;
    const probabilities = samples.map((_, i) => flat.subarray(i * kinds.length, (i + 1) * kinds.length));
    const labels = samples.map((sample) => kinds.indexOf(sample.kind));
    const card = modelCard.parse(JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')));
    const { macroF1 } = evaluate(probabilities, labels, kinds);
    held.holds({ probabilities, labels, kinds, macroF1, cardMacroF1: card.metrics.macroF1 });
  },
);
