/** Is the classifier's answer one that a decision can rest on, on its example and on what devices may send instead? */

import type { Classification } from '../../../../lib/core/pack.ts';
import { seededRandom } from '../../../../lib/core/random.ts';
import { fitCalibration } from '../../../../lib/core/screening/fit.ts';
import type { Series } from '../../../../lib/core/series.ts';
import type { Check, FlaggedWindow, Subject } from './subject.ts';

export const answerCheck: Check = {
  name: 'the classifier answers within its kinds, the same each time, and names what it speaks of',
  problems: async (subject) => {
    const { model, calibration, events } = subject;
    if (model === undefined) return [];
    const problems = new Set<string>();
    for (const one of events.flatMap(({ flagged }) => flagged)) {
      const made = await model.classify(one.window, calibration, one.alarm);
      for (const problem of problemsOf(subject, made)) problems.add(problem);
      const sentence = made.explanation?.sentence ?? '';
      const names = subject.registration.channels.flatMap(({ name, zone, element }) => [
        name,
        zone ?? name,
        element ?? name,
      ]);
      if (!names.some((name) => sentence.includes(name)))
        problems.add(`The explanation "${sentence}" names no channel.`);
      const abroad = await model.classify(one.window, calibration, { ...one.alarm, timeZone: 'Asia/Kolkata' });
      if (abroad.explanation?.sentence?.includes('UTC') === true)
        problems.add(`The explanation "${abroad.explanation.sentence}" says UTC at a site whose time zone is known.`);
      const again = await model.classify(one.window, calibration, one.alarm);
      if (JSON.stringify(again) !== JSON.stringify(made)) problems.add('The same window got two different answers.');
    }
    return [...problems];
  },
};

export const hardshipCheck: Check = {
  name: 'the classifier bears missing, absurd and standing readings, and windows of a single row',
  problems: async (subject) => {
    const { model, calibration, events } = subject;
    const one = events.flatMap(({ flagged }) => flagged)[0];
    if (model === undefined || one === undefined) return [];
    const problems = new Set<string>();
    for (const [what, hard] of Object.entries(hardships(one))) {
      try {
        const made = await model.classify(hard.window, calibration, hard.alarm);
        for (const problem of problemsOf(subject, made)) problems.add(`With ${what}: ${problem}`);
      } catch (error) {
        problems.add(`With ${what} it fails: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return [...problems];
  },
};

/** Features may differ by so much (in their own units) where sums run in another order. */
const orderTolerance = 0.05;

export const orderCheck: Check = {
  name: 'the order of the channels makes no difference',
  problems: async ({ model, history, events }) => {
    if (model === undefined) return [];
    const order = history.channels.map((_, c) => history.channels.length - 1 - c);
    const problems = new Set<string>();
    const turned = fitCalibration(inOrder(history, order));
    const straight = fitCalibration(history);
    for (const { kind, flagged } of events) {
      const last = flagged.at(-1);
      if (last === undefined) continue;
      const topChannels = last.alarm.topChannels.map(({ channel, share }) => ({
        channel: order.indexOf(channel),
        share,
      }));
      const one = await model.classify(last.window, straight, last.alarm);
      const other = await model.classify(inOrder(last.window, order), turned, { ...last.alarm, topChannels });
      if (one.kind !== other.kind)
        problems.add(`The "${kind}" is "${one.kind}", with channels in another order "${other.kind}".`);
      one.features?.forEach((value, f) => {
        if (Math.abs(value - other.features![f]!) > orderTolerance)
          problems.add(`Feature ${f} depends on the order of the channels.`);
      });
    }
    return [...problems];
  },
};

function problemsOf({ pack: { manifest }, registration }: Subject, made: Classification): string[] {
  const { kind, probabilities, set, oodPValue, features, suspect, explanation, oodReasons = [] } = made;
  const problems: string[] = [];
  const declared = (name: string): boolean => manifest.kinds.includes(name);
  if (!declared(kind)) problems.push(`It answers "${kind}", which is none of the kinds.`);
  const entries = Object.entries(probabilities);
  for (const [name, value] of entries) {
    if (!declared(name)) problems.push(`It gives a probability to "${name}", which is none of the kinds.`);
    if (!(value >= 0 && value <= 1)) problems.push(`The probability of "${name}" is ${value}.`);
  }
  const sum = entries.reduce((total, [, value]) => total + value, 0);
  if (!(Math.abs(sum - 1) < 1e-3)) problems.push(`Its probabilities sum to ${sum}.`);
  if ((probabilities[kind] ?? 0) < Math.max(...entries.map(([, value]) => value)))
    problems.push(`"${kind}" is not the most probable.`);
  if (set !== undefined && (!set.includes(kind) || !set.every(declared)))
    problems.push(`The set of kinds is [${set.join(', ')}].`);
  if (oodPValue !== undefined && !(oodPValue > 0 && oodPValue <= 1)) problems.push(`The p-value is ${oodPValue}.`);
  if (features !== undefined && features.length !== manifest.features.length)
    problems.push(`It has ${features.length} features, the manifest ${manifest.features.length}.`);
  if (features?.every(Number.isFinite) === false) problems.push('A feature is not finite.');
  if (manifest.model !== null && features === undefined)
    problems.push('A model without features in its answer leaves no record of what it saw.');
  const { zones, pumps } = registration.topology;
  const elements = [
    ...registration.channels.flatMap(({ name, element }) => [name, element ?? name]),
    ...zones.flatMap(({ valve }) => valve ?? []),
    ...pumps.map(({ name }) => name),
  ];
  if (suspect !== undefined && !elements.includes(suspect))
    problems.push(`The suspect "${suspect}" is no channel and no element of the asset.`);
  if ((explanation?.sentence ?? '') === '') problems.push('It does not say why.');
  const unread = /NaN|Infinity|undefined|\[object|\de[+-]?\d/.exec(explanation?.sentence ?? '')?.[0];
  if (unread !== undefined)
    problems.push(`The explanation "${explanation?.sentence}" has "${unread}", which no operator reads.`);
  const nothing = saidOfNothing(explanation?.sentence ?? '');
  if (nothing !== undefined)
    problems.push(`The explanation "${explanation?.sentence}" says "${nothing}", a deviation that rounds to nothing.`);
  for (const said of [explanation?.sentence ?? '', ...oodReasons]) {
    const code = manifest.features.find((name) => name.includes('-') && said.split(/[^\w-]/).includes(name));
    if (code !== undefined) problems.push(`"${said}" has "${code}", the name of a feature: say it in its words.`);
  }
  for (const { feature } of explanation?.contributions ?? []) {
    if (!manifest.features.includes(feature))
      problems.push(`It explains by "${feature}", which is none of the features.`);
  }
  return problems;
}

/** The first deviation of 0, in whatever unit, of a sentence. */
export const saidOfNothing = (sentence: string): string | undefined =>
  /(?<![\w.,-])0(?:[.,]0+)?(?![\d.,]*\d)(?: [^\s;,]+)? (?:above|below|times|more|less|of \d+)\b[^;]*/.exec(
    sentence,
  )?.[0];

/** The window as worse devices would have sent it. */
function hardships({ kind, window, alarm }: FlaggedWindow): Record<string, FlaggedWindow> {
  const random = seededRandom(1);
  const width = window.channels.length;
  const rows = window.timesMs.length;
  const cells = (change: (value: number, channel: number, row: number) => number): FlaggedWindow => ({
    kind,
    alarm,
    window: { ...window, values: window.values.map((value, i) => change(value, i % width, Math.floor(i / width))) },
  });
  return {
    'a third of the cells missing': cells((value) => (random() < 0.33 ? Number.NaN : value)),
    'one channel missing': cells((value, channel) => (channel === 0 ? Number.NaN : value)),
    'the newest row missing': cells((value, _, row) => (row === rows - 1 ? Number.NaN : value)),
    'every cell missing': cells(() => Number.NaN),
    'absurd readings': cells((value, channel) => (channel % 2 === 0 ? 1e12 : value)),
    'negative absurd readings': cells((value, channel) => (channel % 2 === 1 ? -1e12 : value)),
    'readings that stand still': cells(() => 1),
    'a single row': {
      kind,
      alarm: { ...alarm, onsetRow: 0, rowsSinceOnset: 0 },
      window: { ...window, timesMs: window.timesMs.slice(-1), values: window.values.slice(-width) },
    },
    'an alarm older than the window': {
      kind,
      window,
      alarm: { ...alarm, onsetRow: 0, olderThanWindow: true, rowsSinceOnset: rows + 50 },
    },
    'no channel named by the screen': { kind, window, alarm: { ...alarm, topChannels: [] } },
  };
}

function inOrder({ channels, timesMs, values }: Series, order: readonly number[]): Series {
  const turned = new Float64Array(values.length);
  for (let row = 0; row < timesMs.length; row += 1) {
    order.forEach((from, to) => {
      turned[row * channels.length + to] = values[row * channels.length + from]!;
    });
  }
  return { channels: order.map((from) => channels[from]!), timesMs, values: turned };
}
