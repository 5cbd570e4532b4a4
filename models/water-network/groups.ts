/** Which features belong to a name that an operator knows: a quantity, and the channel that shows it most. */

import type { ChannelStatistics } from '../training/features/channel-statistics.ts';
import type { FeatureGroup } from '../training/occlusion.ts';
import { featureNames, type WindowFeatures } from './features.ts';
import { failedPump, rankSensors, suspectChannel } from './localise.ts';

/** First words of feature names by what they are about; the rest is about one channel among the others. */
const subjects = {
  flow: ['flow', 'zone', 'balance', 'net'],
  pressure: ['pressure'],
  level: ['tank'],
  pumps: ['pump'],
  valves: ['valve'],
  all: ['all', 'energy', 'togetherness'],
  alarm: ['alarm', 'hours'],
  context: ['dead', 'share', 'window'],
} as const;
type Subject = keyof typeof subjects | 'channel';

/** Positions of the features about each subject; made with the first window. */
let positions: Map<Subject, number[]> | undefined;

function positionsBySubject(): Map<Subject, number[]> {
  const byWord = new Map<string, Subject>(
    Object.entries(subjects).flatMap(([subject, words]) => words.map((word) => [word, subject as Subject])),
  );
  return Map.groupBy(featureNames.keys(), (at) => byWord.get(featureNames[at]!.split('-', 1)[0]!) ?? 'channel');
}

/** Names stand behind "without". A subject that has no channel here has no features either, and is not offered. */
export function featureGroups(features: WindowFeatures): FeatureGroup[] {
  const strongest = (role: string): ChannelStatistics | undefined =>
    features.channels
      .filter((one) => one.view.role === role && Math.abs(one.lastShift) > 0)
      .sort((a, b) => Math.abs(b.lastShift) - Math.abs(a.lastShift) || (a.view.name < b.view.name ? -1 : 1))[0];
  const change = (one: ChannelStatistics): string => (one.lastShift < 0 ? 'the fall' : 'the rise');
  const flow = strongest('flow');
  const level = strongest('level');
  const fallen = rankSensors(features)[0]?.name;
  const pressure = features.channels.find(({ view }) => view.role === 'pressure' && view.name === fallen);
  const suspect = suspectChannel(features);
  const pump = failedPump(features)?.view.element;
  const names: Partial<Record<Subject, string>> = {
    ...(flow === undefined ? {} : { flow: `${change(flow)} of flow at ${flow.view.name}` }),
    ...(pressure === undefined ? {} : { pressure: `${change(pressure)} of pressure at ${pressure.view.name}` }),
    ...(level === undefined ? {} : { level: `${change(level)} of level at ${level.view.name}` }),
    pumps: pump === undefined ? 'what the pumps do' : `what ${pump} does`,
    valves: 'what the valves do',
    ...(suspect === undefined ? {} : { channel: `what sets ${suspect.view.name} apart` }),
    all: 'how far all channels moved together',
    alarm: 'how the alarm set in',
  };
  // Of a channel that fell and still lies above its profile, how far above would be read as a contradiction.
  const along = (one: ChannelStatistics | undefined): number[] =>
    one !== undefined && Math.sign(one.now) === Math.sign(one.lastShift) ? [one.view.index] : [];
  const channels: Partial<Record<Subject, readonly number[]>> = {
    flow: along(flow),
    pressure: along(pressure),
    level: along(level),
    channel: suspect === undefined ? [] : [suspect.view.index],
    all: features.channels.flatMap(({ view }) => (view.dead ? [] : [view.index])),
  };
  positions ??= positionsBySubject();
  return (Object.entries(names) as [Subject, string][]).map(([subject, name]) => ({
    name,
    features: positions!.get(subject) ?? [],
    channels: channels[subject] ?? [],
  }));
}
