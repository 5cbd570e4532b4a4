/** What every pack's explanations must be held to: they name what carries the answer, in sentences that say something. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { saidOfNothing } from '../../../bin/commands/pack/checks/classifier.ts';
import { openSubject } from '../../../bin/commands/pack/checks/subject.ts';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { channelDeparture, judgedRows } from '../../../lib/core/explanation/departure.ts';
import type { Classification, PackModel } from '../../../lib/core/pack.ts';
import { expectedAt } from '../../../lib/core/screening/open.ts';
import { missingFeature } from '../../../models/training/conformal.ts';
import { type Asked, foundPacks, modelsFolder } from '../support/description.ts';
import { confidenceWithout, fidelity, type TrainedModel, trainedModel } from '../support/fidelity.ts';

const seed = 11;
const windowCount = 60;
/** The window with other cells from the onset on. */
function sinceOnset({ window, calibration, alarm }: Asked, cell: (row: number, channel: number) => number): Asked {
  const width = window.channels.length;
  const values = window.values.map((value, i) => {
    const row = Math.floor(i / width);
    return row < alarm.onsetRow ? value : cell(row, i % width);
  });
  return { calibration, alarm, window: { ...window, values } };
}

/** Every channel came to lie on its profile, and had been far from it before. */
function onItsProfile(one: Asked): Asked {
  const { window, calibration } = one;
  const width = window.channels.length;
  const values = window.values.map((value, i) => value + 3 * calibration.channels[i % width]!.scale);
  return sinceOnset({ ...one, window: { ...window, values } }, (row, channel) => {
    return expectedAt(calibration, channel, window.timesMs[row]!).value;
  });
}

/** Every channel goes on as it was before, on average, and far more quietly. */
function asItWas(one: Asked): Asked {
  const { window, alarm, calibration } = one;
  const width = window.channels.length;
  const means = window.channels.map((_, channel) => {
    const column = window.values.filter(
      (value, i) => i % width === channel && i < alarm.onsetRow * width && !Number.isNaN(value),
    );
    return column.reduce((sum, value) => sum + value, 0) / column.length;
  });
  return sinceOnset(
    one,
    (row, channel) => means[channel]! + 0.02 * (row % 2 ? 1 : -1) * calibration.channels[channel]!.scale,
  );
}

/** What a sentence says in a channel's unit that is less than a tenth of what the channel strays by at any time. */
function withinSpread(sentence: string, { window, calibration }: Asked): string[] {
  const lastMs = window.timesMs.at(-1)!;
  return calibration.channels.flatMap(({ name, unit }, channel) => {
    const start = `${name} is `;
    if (!sentence.includes(start)) return [];
    const said = sentence.slice(sentence.indexOf(start) + start.length);
    const [size, unitSaid] = said.split(' ');
    const { spread } = expectedAt(calibration, channel, lastMs);
    // The number is rounded to two digits.
    return unitSaid === unit && Number(size) < 0.094 * spread ? [`${start}${said}`] : [];
  });
}

/** Whether a name says of a channel how far it is from its profile, in its unit, and it is so far on that side. */
function saysTruly(name: string, { window, calibration, alarm }: Asked): boolean {
  const rows = judgedRows(window.timesMs, alarm.onsetRow);
  const said = /([\d.]+)(?: (\S+))? (above|below) its profile/.exec(name);
  return calibration.channels.some((one, channel) => {
    if (said === null || !name.includes(one.name) || (said[2] ?? '') !== one.unit) return false;
    const { difference, spread } = channelDeparture(window, calibration, channel, rows);
    // The profile between two hours is told in two ways that differ by part of a spread.
    const isNear = Math.abs(Number(said[1]) - Math.abs(difference)) < 0.1 * Math.abs(difference) + 0.5 * spread;
    return isNear && difference < 0 === (said[3] === 'below');
  });
}

/** As many as a decision keeps. */
const keptCount = 8;
/** What is kept of a contribution is rounded to four digits of itself, and float32 holds seven of a probability. */
const tolerance = 1e-4;

const trained = foundPacks.filter(({ name }) => existsSync(join(modelsFolder, name, 'model.json')));

test('there is something to hold', () => {
  expect(trained.length).toBeGreaterThan(0);
});

describe.each(trained)('the explanations of $name', ({ name, described }) => {
  let model: PackModel;
  let beside: TrainedModel;
  let windows: readonly Asked[];
  const answers: Classification[] = [];

  beforeAll(async () => {
    const { pack, events, calibration } = await openSubject(join(modelsFolder, name));
    model = await pack.open!(openModel);
    beside = await trainedModel(name);
    // A pack of which nobody has said more is held to what it does about its own example.
    const ofExample = events.flatMap(({ flagged }) => flagged.map((one) => ({ ...one, calibration })));
    windows = described?.wrong(windowCount, seed) ?? ofExample;
    for (const one of windows) answers.push(await model.classify(one.window, one.calibration, one.alarm));
  });

  test('leave features out at what they are on a normal day: with all of them there the model says normal', async () => {
    const { features, kinds, baseline } = beside.sidecar;
    const values = Float32Array.from(baseline);
    const ordinary = { kind: 'normal', features: values, probabilities: {} } as const;
    const [normal] = await confidenceWithout(beside, ordinary, [new Set(features)]);
    expect(kinds).toContain('normal');
    expect(normal).toBeGreaterThan(0.5);
  });

  test('leave features out at what the card calls a normal day', () => {
    const { features, baseline } = beside.sidecar;
    const page = readFileSync(join(modelsFolder, name, 'card.md'), 'utf8').split('\n');
    const rows = page.map((line) => line.split('|').map((cell) => cell.trim()));
    const shown = rows.flatMap((cells) => (features.includes(cells[1]!) ? [[cells[1]!, cells.at(-2)!] as const] : []));
    expect(shown.length).toBeGreaterThanOrEqual(Math.min(20, features.length));
    for (const [feature, value] of shown) {
      const known = baseline[features.indexOf(feature)]!;
      expect([feature, known === missingFeature ? 'absent' : known.toPrecision(3)]).toEqual([feature, value]);
    }
  });

  test('name the features that the model loses most without, with what it loses', async () => {
    for (const made of answers) {
      const { features } = beside.sidecar;
      const left = await confidenceWithout(
        beside,
        made,
        features.map((one) => new Set([one])),
      );
      const whole = made.probabilities[made.kind]!;
      const lost = new Map(features.map((one, f) => [one, whole - left[f]!]));
      const { contributions } = made.explanation!;
      for (const { feature, contribution } of contributions) {
        expect(Math.abs(contribution - lost.get(feature)!)).toBeLessThan(tolerance);
      }
      const sizes = contributions.map(({ contribution }) => Math.abs(contribution));
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      const named = new Set(contributions.map(({ feature }) => feature));
      const unnamed = [...lost].filter(([one]) => !named.has(one)).map(([, loss]) => Math.abs(loss));
      const least = contributions.length < keptCount ? 0 : sizes.at(-1)!;
      expect(Math.max(...unnamed)).toBeLessThanOrEqual(least + tolerance);
    }
  });

  test('name what carries the answer: without it the score falls more than without as many others', async () => {
    const found = await fidelity(model, beside, windows, seed);
    expect(found.windows).toBeGreaterThan(0.85 * windows.length);
    expect(found.won).toBeGreaterThan(0.9);
    expect(found.named).toBeGreaterThan(3 * found.others);
    // A paired t above 5 comes by chance once in a million times.
    if (described !== undefined) expect(found.t).toBeGreaterThan(5);
  });

  test('name what the confidence rests on with a channel and how far it is from its profile, in its unit', () => {
    let [told, of] = [0, 0];
    for (const [at, { explanation }] of answers.entries()) {
      const alone = (explanation!.without ?? []).filter(({ names }) => names.length === 1);
      const sized = alone.flatMap(({ names: [one] }) => (/\(.* its profile.*\)$/.test(one!) ? [one!] : []));
      of += Number(alone.length > 0);
      told += Number(sized.length > 0);
      expect(sized.filter((one) => !saysTruly(one, windows[at]!))).toEqual([]);
    }
    // What an answer rests on may be no channel's distance: missing readings, or that all is as ever.
    if (described !== undefined) expect(told / of).toBeGreaterThan(0.6);
  });

  test('never speak of a deviation that rounds to nothing', async () => {
    const calm = windows.slice(0, 15).flatMap((one) => [onItsProfile(one), asItWas(one)]);
    const asked = await Promise.all(calm.map((one) => model.classify(one.window, one.calibration, one.alarm)));
    const sentences = [...answers, ...asked].map(({ explanation }) => explanation!.sentence!);
    expect(sentences.filter((one) => saidOfNothing(one) !== undefined)).toEqual([]);
    const spoken = [...windows, ...calm].map((one, n) => ({ ...one, sentence: sentences[n]! }));
    expect(spoken.flatMap((one) => withinSpread(one.sentence, one))).toEqual([]);
  });
});
