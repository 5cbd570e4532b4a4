/**
 * The port between the machinery and a domain pack. A pack is one folder under models/ whose index.ts has
 * `export default definePack({...})`. A pack reads no files and knows no ONNX Runtime: it is given `OpenModel`.
 */
import type { AssetRegistration } from '../contracts/asset.ts';
import type { Calibration } from '../contracts/calibration.ts';
import type { Kind } from '../contracts/common.ts';
import { type PackManifest, packManifest } from '../contracts/pack.ts';
import type { Proposal } from '../contracts/remediation.ts';
import type { ChannelMeta } from '../contracts/telemetry.ts';
import type { Series } from './series.ts';

/** A dense float32 tensor, row-major. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** A loaded ONNX model. Inputs with a NaN are refused before the run. Only the outputs asked for are computed. */
export type RunModel = (
  inputs: Readonly<Record<string, FloatTensor>>,
  outputs: readonly string[],
) => Promise<Record<string, FloatTensor>>;

/** Opens the model file of a pack after checking its hash; `lib/adapters/onnx/session.ts` gives one. */
export type OpenModel = (model: { readonly path: string; readonly sha256: string }) => Promise<RunModel>;

/** What screening knows when it asks for a class. Row numbers are within the window. */
export interface AlarmContext {
  /** Row of the window where the alarm set in; 0 where it is older than the window. */
  readonly onsetRow: number;
  /** The alarm set in before the window begins. */
  readonly olderThanWindow?: boolean;
  /** Rows from the onset to the last row of the window. */
  readonly rowsSinceOnset: number;
  /** Highest score since the onset. */
  readonly score: number;
  /** Channels by their part in the evidence, largest first; `share` sums to at most 1. */
  readonly topChannels: readonly { readonly channel: number; readonly share: number }[];
  /** Time zone of the site, in which people are told times; UTC where it is not known. */
  readonly timeZone?: string;
}

export interface Classification {
  /** The most probable kind. */
  readonly kind: Kind;
  /** Calibrated probabilities by kind; they sum to 1. */
  readonly probabilities: Readonly<Record<Kind, number>>;
  /** Kinds that cannot be excluded at the pack's stated level, where the pack says so. */
  readonly set?: readonly Kind[];
  /** Out-of-distribution p-value, where the pack gives one. */
  readonly oodPValue?: number;
  /** Why the window is none that the model could know, in words; such a decision never acts. */
  readonly oodReasons?: readonly string[];
  /** Features in the manifest's order, for the decision's record. */
  readonly features?: Float32Array;
  /** The bin of each feature in the card's reference, as the decision's record holds it, where the card has one. */
  readonly places?: string;
  /** Where it probably is, most likely first, where the pack can tell. */
  readonly zones?: readonly string[];
  /** The element that the evidence points to: a pump, a valve, or the channel of a faulty sensor. */
  readonly suspect?: string;
  /** For the operator: a sentence (else a general one is said), and the features that moved the top probability most. */
  readonly explanation?: {
    readonly sentence?: string;
    readonly contributions: readonly {
      readonly feature: string;
      readonly value: number;
      readonly contribution: number;
    }[];
    /** What the top probability would be without what these names stand for, lowest first. */
    readonly without?: readonly { readonly names: readonly string[]; readonly confidence: number }[];
  };
}

/** What a remedy is planned from: who it is about, what it looks like and where. */
export interface RemedyContext {
  readonly registration: AssetRegistration;
  readonly classification: Pick<Classification, 'kind' | 'zones' | 'suspect' | 'explanation'>;
}

/** `not-yet`: the rows neither show nor exclude a recovery; asked again with more rows until the deadline. */
export type Recovery = 'recovered' | 'not-yet' | 'not-recovered';

/** A pack's classifier, ready to run. */
export interface PackModel {
  /** @param window history up to and with the flagged row (its last row), at most as long as the manifest wants */
  classify(window: Series, calibration: Calibration, alarm: AlarmContext): Promise<Classification>;
}

export interface Pack {
  readonly manifest: PackManifest;
  /** The folder of the pack, as a file URL: `new URL('.', import.meta.url).href`. */
  readonly folderUrl: string;
  /**
   * What people read for a feature's name: `the share of all channels that rise` for `all-share-rising`. One for each feature
   * of the manifest, at most 64 characters. Absent for a pack without features.
   */
  readonly featureWords?: Readonly<Record<string, string>>;
  /**
   * Whether the pack can work with a channel whose role it lists: a role may be wider than what the pack understands
   * (`quality` is chlorine in water and ozone in air). Absent where the role says it all.
   */
  readonly knows?: (channel: ChannelMeta) => boolean;
  /** Makes the classifier. Absent for a pack that only screens. */
  readonly open?: (openModel: OpenModel) => Promise<PackModel>;
  /** What to do about it; undefined when there is nothing to do. Pure: the policy decides whether it may happen. */
  readonly planRemedy?: (context: RemedyContext) => Proposal | undefined;
  /** Did it help? `window` holds only rows after the outcome and the proposal's settling time. */
  readonly judgeRecovery?: (window: Series, calibration: Calibration, proposal: Proposal) => Recovery;
}

/**
 * Says that this is a pack. Its manifest is checked by whoever takes a pack in (`checkedPack`): when bundles are built,
 * and when a command is given one; not by each function that starts with it.
 * @example export default definePack({ manifest, folderUrl: new URL('.', import.meta.url).href, open });
 */
export const definePack = (pack: Pack): Pack => pack;

/**
 * The pack with its manifest checked.
 * @throws ZodError when the manifest is not valid
 */
export const checkedPack = (pack: Pack): Pack => ({ ...pack, manifest: packManifest.parse(pack.manifest) });

/** Packs by name, each loaded when it is asked for: whoever starts for one asset does not pay for the packs of others. */
export type Packs = Readonly<Record<string, () => Promise<Pack>>>;

/** The pack of that name, or `undefined`. */
export const packOf = async (packs: Packs, name: string): Promise<Pack | undefined> =>
  Object.hasOwn(packs, name) ? packs[name]!() : undefined;

/** All of them. */
export const allPacks = (packs: Packs): Promise<Pack[]> => Promise.all(Object.values(packs).map((load) => load()));

/**
 * What a pack can be tried on: `models/NAME/example.ts` has `export const example: PackExample`. The suite over all packs
 * runs each pack on its example.
 */
export interface PackExample {
  /** Normal rows, enough to calibrate on; the channels with their roles and zones. */
  readonly history: () => Series | Promise<Series>;
  /** Zones, valves and pumps of the asset, where remedies need them. */
  readonly topology?: AssetRegistration['topology'];
  /** Rows that follow the history, in which something happens that screening notices. */
  readonly events: readonly {
    readonly kind: Kind;
    /** When it begins. */
    readonly fromMs: number;
    readonly rows: () => Series | Promise<Series>;
  }[];
}

/** A pack speaks for an asset when it knows most of its channels. */
const leastKnownShare = 0.6;

/** Whether a channel is of a sort that the pack was made for. */
export const knows = (pack: Pack, channel: ChannelMeta): boolean =>
  pack.manifest.roles.some(({ role }) => role === channel.role) && (pack.knows?.(channel) ?? true);

/**
 * How much of an asset a pack understands: the share of its channels that the pack knows, or 0 where it knows too few
 * of them or not as many of a role as it needs.
 */
export function packFit(pack: Pack, channels: readonly ChannelMeta[]): number {
  const { roles } = pack.manifest;
  const known = channels.filter((channel) => knows(pack, channel));
  const enough = roles.every(({ role, min }) => known.filter((channel) => channel.role === role).length >= min);
  const share = known.length / Math.max(1, channels.length);
  return enough && share >= leastKnownShare ? share : 0;
}
