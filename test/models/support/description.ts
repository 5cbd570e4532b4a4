/** What the suite over all packs cannot know of a pack by itself: `test/models/NAME/description.ts` says it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packNames } from '../../../bin/commands/backtest-pack.ts';
import type { Calibration } from '../../../lib/contracts/calibration.ts';
import type { Kind } from '../../../lib/contracts/common.ts';
import type { ChannelMeta } from '../../../lib/contracts/telemetry.ts';
import type { EvidenceContext } from '../../../lib/core/guard/evidence.ts';
import type { AlarmContext } from '../../../lib/core/pack.ts';
import type { Series } from '../../../lib/core/series.ts';

export const modelsFolder = join(import.meta.dirname, '../../../models');

/** A window, with what the classifier is asked about it. */
export interface Asked {
  readonly window: Series;
  readonly calibration: Calibration;
  readonly alarm: AlarmContext;
}

/** A window whose answer is known. */
export interface Told {
  readonly what: string;
  /** Left out where several kinds would be right. */
  readonly kind?: Kind;
  readonly asked: () => Asked;
  readonly sentence: RegExp;
  /** The place that is most likely. */
  readonly place?: string;
  readonly suspect?: string;
}

export interface PackDescription {
  /** Names of channels from which anybody could tell that the asset is of this pack, and such from which nobody could. */
  readonly channels: {
    readonly known: readonly (readonly string[])[];
    readonly foreign: readonly (readonly string[])[];
  };
  readonly features: {
    /** Channels that may come in another unit, of which the features then know nothing. */
    readonly scaled: (channel: ChannelMeta) => boolean;
    /** What is missing where some channels are. */
    readonly without: readonly {
      readonly what: string;
      readonly leaves: (channel: ChannelMeta) => boolean;
      readonly missing: readonly string[];
    }[];
    /** Where no channel says what it measures: the share that is then 1, and what is missing. */
    readonly unnamed: { readonly share: string; readonly missing: readonly string[] };
  };
  readonly policies: {
    readonly site: string;
    /** What acts at that site, by kind and remedy; nothing else does. */
    readonly acts: Readonly<Record<Kind, readonly string[]>>;
    /** Actions of which the policies know nothing: undoing one, say. */
    readonly unknownAction: string;
    readonly leastConfidence: number;
    readonly longestAgeMs: number;
    /** What is asked about rather than done, beside what no pack does; with the policies that forbid it, by name. */
    readonly asks: readonly (readonly [
      what: string,
      change: Partial<EvidenceContext>,
      forbiddenBy?: readonly string[],
    ])[];
  };
  readonly told: readonly Told[];
  /** How the sentences say since when. */
  readonly since: RegExp;
  /** A window of an ordinary day. */
  readonly usual: () => Asked;
  /** Many windows, in each something wrong of another form and size, all from one seed. */
  readonly wrong: (count: number, seed: number) => Asked[];
  /** Plants that no split of training holds, where making them takes seconds and not minutes. */
  readonly heldOut?: {
    readonly seeds: readonly number[];
    /** What must hold of the answers; rows of `probabilities` and `labels` are in the order of `kinds`. */
    readonly holds: (found: {
      readonly probabilities: readonly Float32Array[];
      readonly labels: readonly number[];
      readonly kinds: readonly Kind[];
      /** Of these windows, and as the card says. */
      readonly macroF1: number;
      readonly cardMacroF1: number;
    }) => void;
  };
}

const descriptionFile = (pack: string): string => join(import.meta.dirname, '..', pack, 'description.ts');

/** Every pack found on disk; `described` is absent where nobody has said anything of it yet. */
export const foundPacks: readonly { readonly name: string; readonly described?: PackDescription }[] = await Promise.all(
  packNames().map(async (name) => {
    const path = descriptionFile(name);
    if (!existsSync(path)) return { name };
    const { description } = (await import(pathToFileURL(path).href)) as { description: PackDescription };
    return { name, described: description };
  }),
);

/** Those of which there is a description. */
export const describedPacks = foundPacks.flatMap(({ name, described }) =>
  described === undefined ? [] : [[name, described] as const],
);
