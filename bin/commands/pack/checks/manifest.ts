/** What the manifest says of itself, and what the pack's example shows of it. */
import { basename } from 'node:path';
import { remediators } from '../../../../lib/adapters/remediation/index.ts';
import { packManifest } from '../../../../lib/contracts/pack.ts';
import { packFit } from '../../../../lib/core/pack.ts';
import { inferChannels } from '../../../../lib/core/roles/infer.ts';
import type { Check, Subject } from './subject.ts';

const repeated = (names: readonly string[]): string[] => [...new Set(names.filter((n, i) => names.indexOf(n) !== i))];

/** Kinds that come from outside of a model; every pack has something to do about them. */
export const outerKinds = ['anomaly', 'silence', 'manual'] as const;

export const manifestCheck: Check = {
  name: 'the manifest keeps its contract and agrees with itself',
  problems: ({ folder, pack: { manifest } }) => {
    const parsed = packManifest.safeParse(manifest);
    if (!parsed.success) {
      return parsed.error.issues.map(({ path, message }) => `manifest.${path.join('.')}: ${message}`);
    }
    const { name, kinds, families, roles, features, remedies, correlation = [] } = manifest;
    const problems: string[] = [];
    if (name !== basename(folder)) problems.push(`The pack is called "${name}", its folder "${basename(folder)}".`);
    if (!kinds.includes('normal')) problems.push('No kind is "normal": a screen also flags what is none.');
    const groups = { kinds, roles: roles.map(({ role }) => role), features };
    for (const [what, names] of Object.entries(groups)) {
      for (const twice of repeated(names)) problems.push(`${what} name "${twice}" twice.`);
    }
    for (const kind of Object.keys(families)) {
      if (!kinds.includes(kind)) problems.push(`families speak of "${kind}", which is none of the kinds.`);
    }
    for (const outer of outerKinds) {
      if (kinds.includes(outer)) problems.push(`"${outer}" is no answer of a model: every pack has it anyway.`);
    }
    const known = new Set<string>([...kinds, ...outerKinds]);
    for (const { kind, action, adapter } of remedies) {
      if (!known.has(kind)) problems.push(`The remedy "${action}" is for "${kind}", which is none of the kinds.`);
      if (!Object.hasOwn(remediators, adapter)) {
        problems.push(
          `The remedy "${action}" wants the adapter "${adapter}"; there are: ${Object.keys(remediators).join(', ')}.`,
        );
      }
    }
    const actions = new Set(remedies.map(({ action }) => action));
    for (const kind of repeated(correlation.flatMap((rule) => rule.kinds)))
      problems.push(`correlation names "${kind}" twice; the first counts.`);
    for (const rule of correlation) {
      for (const kind of rule.kinds) {
        if (!known.has(kind) || kind === 'normal')
          problems.push(`correlation speaks of "${kind}", about which no case is opened.`);
      }
      for (const action of rule.covers) {
        if (!actions.has(action)) problems.push(`correlation covers "${action}", which no remedy does.`);
      }
    }
    for (const kind of known) {
      if (kind !== 'normal' && !remedies.some((remedy) => remedy.kind === kind))
        problems.push(`Nothing is to be done about "${kind}".`);
    }
    return problems;
  },
};

/** Longest words for a feature: what the console shows of it, and a record of it may hold. */
const longestWords = 64;

/** What people read for features: all have words of their own, which are no names of code. */
export const featureWordsCheck: Check = {
  name: 'every feature has words for people',
  problems: ({ pack: { manifest, featureWords = {} } }) => {
    const { features } = manifest;
    const problems: string[] = [];
    const wanting = features.filter((name) => !Object.hasOwn(featureWords, name));
    if (wanting.length > 0) {
      const more = wanting.length > 3 ? ` and ${wanting.length - 3} more` : '';
      problems.push(`featureWords has no words for ${wanting.slice(0, 3).join(', ')}${more}.`);
    }
    for (const [name, words] of Object.entries(featureWords)) {
      if (!features.includes(name)) problems.push(`featureWords speaks of "${name}", which is none of the features.`);
      if (features.includes(words) || !words.includes(' '))
        problems.push(`"${words}" for "${name}" are no words that people read.`);
      if (words.length > longestWords)
        problems.push(`"${words}" for "${name}" has ${words.length} characters; ${longestWords} are allowed.`);
    }
    for (const twice of repeated(Object.values(featureWords)))
      problems.push(`featureWords says "${twice}" of two features.`);
    return problems;
  },
};

export const exampleCheck: Check = {
  name: 'the example is of this pack, and its events are flagged',
  problems: ({ pack, history, events }: Subject) => {
    const problems: string[] = [];
    if (packFit(pack, history.channels) === 0) problems.push('The pack does not know the channels of its own example.');
    const named = inferChannels(history.channels.map(({ name }) => ({ name })));
    if (packFit(pack, named) === 0) {
      problems.push('From the names of the channels alone nobody could tell that the example is of this pack.');
    }
    if (events.length === 0) problems.push('The example has no event.');
    for (const { kind, flagged } of events) {
      if (!pack.manifest.kinds.includes(kind))
        problems.push(`The example has a "${kind}", which is none of the kinds.`);
      if (flagged.length === 0) problems.push(`The screen does not flag the "${kind}" of the example.`);
    }
    return problems;
  },
};
