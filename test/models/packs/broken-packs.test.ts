import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkSubject } from '../../../bin/commands/pack/checks/index.ts';
import { openSubject, type Subject } from '../../../bin/commands/pack/checks/subject.ts';
import { writePack } from '../../../bin/commands/pack/scaffold.ts';
import type { Classification, Pack } from '../../../lib/core/pack.ts';

const root = mkdtempSync(join(tmpdir(), 'groundcrew-pack-'));
let sound: Subject;

beforeAll(async () => {
  const folder = join(root, 'gate-house');
  writePack('gate-house', folder);
  sound = await openSubject(folder);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const problemsOf = async (subject: Subject): Promise<string> =>
  (await checkSubject(subject)).flatMap(({ problems }) => problems).join('\n');
const withPack = (change: Partial<Pack>): Subject => ({ ...sound, pack: { ...sound.pack, ...change } });
const withManifest = (change: Partial<Pack['manifest']>): Subject =>
  withPack({ manifest: { ...sound.pack.manifest, ...change } });
const answering = (change: (made: Classification) => object): Subject => ({
  ...sound,
  model: {
    classify: async (...asked) => {
      const made = await sound.model!.classify(...asked);
      return { ...made, ...change(made) };
    },
  },
});

/** A pack with one feature, which the classifier tells. */
const withFeature = (featureWords: Record<string, string>, change: (made: Classification) => object = () => ({})) => ({
  ...answering((made) => ({ features: Float32Array.of(1), ...change(made) })),
  pack: { ...sound.pack, featureWords, manifest: { ...sound.pack.manifest, features: ['mean-load'] } },
});

test('a pack fresh from the scaffold has no problem', async () => {
  expect(await problemsOf(sound)).toBe('');
});

describe('the suite finds', () => {
  test.each<[string, () => Subject, string]>([
    ['no normal', () => withManifest({ kinds: ['process-change', 'sensor-fault'] }), 'No kind is "normal"'],
    [
      'a kind given twice',
      () => withManifest({ kinds: ['normal', 'normal', 'process-change', 'sensor-fault'] }),
      'twice',
    ],
    [
      'a family of no kind',
      () => withManifest({ families: { flood: 'water' } }),
      '"flood", which is none of the kinds',
    ],
    [
      'a correlation of a kind that it does not have',
      () => withManifest({ correlation: [{ kinds: ['flood'], scope: 'site', windowMs: 60_000, covers: [] }] }),
      'correlation speaks of "flood"',
    ],
    [
      'a correlation about normal days',
      () => withManifest({ correlation: [{ kinds: ['normal'], scope: 'site', windowMs: 60_000, covers: [] }] }),
      'correlation speaks of "normal"',
    ],
    [
      'a correlation that covers what nobody does',
      () => withManifest({ correlation: [{ kinds: ['silence'], scope: 'zone', windowMs: 60_000, covers: ['pray'] }] }),
      'correlation covers "pray"',
    ],
    [
      'a kind in two correlations',
      () =>
        withManifest({
          correlation: [
            { kinds: ['silence'], scope: 'zone', windowMs: 60_000, covers: [] },
            { kinds: ['silence'], scope: 'site', windowMs: 60_000, covers: [] },
          ],
        }),
      'correlation names "silence" twice',
    ],
    ['another name than its folder', () => withManifest({ name: 'other' }), 'its folder "gate-house"'],
    ['a version that is none', () => withManifest({ version: '1' }), 'manifest.version'],
    [
      'a kind without a remedy',
      () => withManifest({ remedies: sound.pack.manifest.remedies.slice(1) }),
      'Nothing is to be done about "process-change"',
    ],
    [
      'an adapter that is not there',
      () => withManifest({ remedies: sound.pack.manifest.remedies.map((one) => ({ ...one, adapter: 'telegraph' })) }),
      '"telegraph"; there are: device-command, ',
    ],
    [
      'roles that its own example lacks',
      () => withManifest({ roles: [{ role: 'vibration', min: 1 }] }),
      'does not know the channels of its own example',
    ],
    ['a pack that plans nothing', () => withPack({ planRemedy: () => undefined }), 'nothing would be done'],
    [
      'something done about normal',
      () =>
        withPack({
          planRemedy: (context) =>
            sound.pack.planRemedy!({ ...context, classification: { ...context.classification, kind: 'sensor-fault' } }),
        }),
      'Something would be done about "normal"',
    ],
    [
      'an action that the manifest does not list',
      () =>
        withPack({
          planRemedy: (context) => {
            const made = sound.pack.planRemedy!(context);
            return made && { ...made, action: 'open-gate' };
          },
        }),
      '"open-gate", which its manifest does not list',
    ],
    [
      'a recovery seen in no reading',
      () =>
        withPack({
          planRemedy: (context) => {
            const made = sound.pack.planRemedy!(context);
            return made && { ...made, verification: { settleMs: 0, deadlineMs: 1, minRows: 1 } };
          },
          judgeRecovery: () => 'recovered',
        }),
      'Without a single reading',
    ],
    [
      'an event that is not flagged',
      () => ({ ...sound, events: [{ kind: 'sensor-fault', flagged: [] }] }),
      'does not flag',
    ],
    ['an answer outside of its kinds', () => answering(() => ({ kind: 'flood' })), 'answers "flood"'],
    [
      'probabilities that do not sum to 1',
      () => answering((made) => ({ probabilities: { [made.kind]: 0.7 } })),
      'sum to 0.7',
    ],
    ['a set without the answer', () => answering(() => ({ set: ['normal'] })), 'The set of kinds is [normal]'],
    ['features that are not finite', () => answering(() => ({ features: Float32Array.of(Number.NaN) })), 'not finite'],
    [
      'an explanation that names nothing',
      () => answering(() => ({ explanation: { sentence: 'Something happened.', contributions: [] } })),
      'names no channel',
    ],
    [
      'an explanation with a number that nobody reads',
      () => answering(() => ({ explanation: { sentence: 'load is 1.2e+3 above its profile.', contributions: [] } })),
      'has "2e+3", which no operator reads',
    ],
    [
      'an explanation of what could not be computed',
      () => answering(() => ({ explanation: { sentence: 'load is NaN kW above its profile.', contributions: [] } })),
      'has "NaN"',
    ],
    [
      'a deviation of nothing',
      () =>
        answering(() => ({
          explanation: { sentence: 'load is 0 % above its profile since 02:15.', contributions: [] },
        })),
      'says "0 % above its profile since 02:15.", a deviation that rounds to nothing',
    ],
    [
      'times that are not those of the site',
      () => answering(() => ({ explanation: { sentence: 'load departs since 02:15 UTC.', contributions: [] } })),
      'says UTC at a site whose time zone is known',
    ],
    [
      'an explanation by the name of a feature',
      () =>
        withFeature({ 'mean-load': 'the mean load' }, () => ({
          explanation: { sentence: 'load departs by mean-load since 02:15.', contributions: [] },
        })),
      'has "mean-load", the name of a feature',
    ],
    [
      'a reason by the name of a feature',
      () => withFeature({ 'mean-load': 'the mean load' }, () => ({ oodReasons: ['"mean-load" lies far outside'] })),
      'has "mean-load", the name of a feature',
    ],
    ['a feature without words', () => withFeature({}), 'featureWords has no words for mean-load.'],
    ['words of no feature', () => withFeature({ 'mean-load': 'the mean load', peak: 'the peak' }), 'speaks of "peak"'],
    [
      'words that are code',
      () => withFeature({ 'mean-load': 'mean-load' }),
      '"mean-load" for "mean-load" are no words',
    ],
    [
      'words that are too long',
      () => withFeature({ 'mean-load': `the mean ${'of the load '.repeat(6)}` }),
      'characters; 64 are allowed',
    ],
    ['a suspect of another asset', () => answering(() => ({ suspect: 'gate-9' })), '"gate-9" is no channel'],
    [
      'an answer that depends on the order of channels',
      () => ({
        ...sound,
        model: {
          classify: async (window, calibration, alarm) => ({
            ...(await sound.model!.classify(window, calibration, alarm)),
            kind: window.channels[0]!.name === 'load' ? 'normal' : 'process-change',
          }),
        },
      }),
      'in another order',
    ],
    [
      'a classifier that fails on missing readings',
      () => ({
        ...sound,
        model: {
          classify: async (window, calibration, alarm) => {
            if (window.values.some(Number.isNaN)) throw new Error('no number');
            return sound.model!.classify(window, calibration, alarm);
          },
        },
      }),
      'it fails: no number',
    ],
    [
      'a model whose files are not there',
      () => withManifest({ model: { file: 'model.onnx', sha256: '0'.repeat(64) } }),
      'train the pack',
    ],
  ])('%s', async (_, make, message) => {
    expect(await problemsOf(make())).toContain(message);
  });

  test.each<[string, string, (text: string) => string, string]>([
    [
      'a policy outside of the schema',
      'act.cedar',
      (text) => text.replace('context.confidence', 'context.certainty'),
      'certainty',
    ],
    ['a policy without a name', 'act.cedar', (text) => text.replace(/@id.*\n/, ''), 'no @id'],
    [
      'an action at every site',
      'act.cedar',
      (text) => text.replace('resource.site == "example-site" &&', ''),
      'At a site that no policy names',
    ],
    ['an action on normal', 'act.cedar', (text) => text.replace('context.kind != "normal" &&', ''), 'on "normal"'],
    [
      'no stop switch',
      'guard-rails.cedar',
      (text) => text.replace('when { context.stopped }', 'when { context.stopped && context.highImpact }'),
      'although the stop switch is on',
    ],
    ['action on stale evidence', 'guard-rails.cedar', (text) => text.replace('900000', '900000000'), 'a day old'],
    [
      'a name that says another action',
      'act.cedar',
      (text) => text.replace('act-example-site-raise-ticket', 'act-example-site-close-valve'),
      'named "act-example-site-raise-ticket"',
    ],
    [
      'two actions under the name of one',
      'act.cedar',
      (text) =>
        text.replace(
          'context.remedyAction == "raise-ticket"',
          '["raise-ticket", "none"].contains(context.remedyAction)',
        ),
      'named "act-example-site-none"',
    ],
    [
      'a name of another site',
      'act.cedar',
      (text) => text.replace('act-example-site-raise-ticket', 'act-other-site-raise-ticket'),
      'named "act-example-site-raise-ticket"',
    ],
    [
      'a name for an action that is none, of a policy that never permits',
      'act.cedar',
      (text) =>
        text
          .replace('example-site-raise-ticket', 'example-site-close-valve')
          .replace('"raise-ticket"', '"close-valve"'),
      'named for no action of this pack',
    ],
    [
      'a question under the name of an act',
      'ask.cedar',
      (text) => text.replace('ask-example-site', 'act-example-site-raise-ticket'),
      'begins with "ask-"',
    ],
    [
      'a rail under the name of a permit',
      'guard-rails.cedar',
      (text) => text.replace('never-act-when-stopped', 'act-example-site-raise-ticket-when-stopped'),
      'begins with "never-"',
    ],
    [
      'reports that nobody hears of',
      'ask.cedar',
      (text) => text.replace('["manual", "silence"]', '["silence"]'),
      '"manual"',
    ],
  ])('%s in the policies', async (_, file, change, message) => {
    const folder = mkdtempSync(join(root, 'policies-'));
    cpSync(join(sound.folder, 'policies'), join(folder, 'policies'), { recursive: true });
    const path = join(folder, 'policies', file);
    const text = readFileSync(path, 'utf8');
    expect(change(text)).not.toBe(text);
    writeFileSync(path, change(text));
    expect(await problemsOf({ ...sound, folder })).toContain(message);
  });
});
