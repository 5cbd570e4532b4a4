/** What a pack tells the shared trainer: how its data is made and what its classes are. */
import type { Calibration } from '../../lib/contracts/calibration.ts';
import type { Kind } from '../../lib/contracts/common.ts';
import type { ScreenedRows } from '../../lib/core/screening/types.ts';
import type { Series } from '../../lib/core/series.ts';
import type { BoosterOptions } from './booster.ts';

export type DatasetSize = 'small' | 'full';
export type Split = 'train' | 'validation' | 'test';

/** One piece of the data set, made on its own: typically one generated plant with its scenarios. */
export interface Part {
  /** Names the part in progress and cache; unique. */
  readonly id: string;
  readonly split: Split;
  readonly seed: number;
  readonly scenarios: number;
}

/** One window that the screen flagged. */
export interface Sample {
  readonly features: Float32Array;
  readonly kind: Kind;
  /** Finer than the kind, for the card: `leak 5–10 %`. */
  readonly segment: string;
  /** Windows of one event share its weight. */
  readonly event: string;
  /** The first window of an alarm, or a later one while it holds. */
  readonly phase: 'onset' | 'later';
  /** The fault has less than a fifth of its size yet: nothing to learn from, but it counts in the figures. */
  readonly faint: boolean;
  /** Whether channels' roles were known or had to be inferred. */
  readonly roles: 'known' | 'inferred';
  /** Rank of the true zone in the localisation, 1 is first; where truth and zones are known. */
  readonly zoneRank?: number;
  /** Of a leak whose place is known, where sensors are ranked. */
  readonly sensorPlace?: SensorPlace;
}

/** How near to a leak the three sensors are that were ranked first; distances in m, whole. */
export interface SensorPlace {
  /** How many there were to choose from. */
  readonly sensors: number;
  /** Whether the nearest of all is among the three. */
  readonly nearestNamed: boolean;
  /** From the leak to the nearest of the three, and to the nearest of all. */
  readonly bestOfThreeM: number;
  readonly nearestM: number;
  /** What the nearest of three drawn at random would be away on average. */
  readonly chanceM: number;
}

/** Whether the screen found an event. */
export interface EventResult {
  readonly event: string;
  readonly kind: Kind;
  readonly segment: string;
  /** Hours from the start of the fault to the first alarm; undefined when there was none. */
  readonly foundAfterHours?: number;
}

export interface PartResult {
  readonly samples: readonly Sample[];
  readonly events: readonly EventResult[];
  /** Rows in which nothing was wrong, and how many of them were in alarm. */
  readonly normalRows: number;
  readonly normalRowsAlarmed: number;
}

/** What a recipe may use but cannot import: screening on an ONNX runtime. */
export interface RecipeTools {
  screen(calibration: Calibration, rows: Series): Promise<ScreenedRows>;
}

export interface TrainingRecipe {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  /** What the generated plants are, for card and progress: `machines`. Networks where left out. */
  readonly plants?: string;
  readonly kinds: readonly Kind[];
  readonly featureNames: readonly string[];
  /** Parts of a data set; the plants of the three splits are different ones. */
  parts(size: DatasetSize, seed: number): readonly Part[];
  makePart(part: Part, tools: RecipeTools): Promise<PartResult>;
  readonly booster: Partial<BoosterOptions>;
  /** For the card. */
  readonly dataDescription: string;
  readonly intendedUse: string;
  readonly limits: readonly string[];
  /** Folders and files whose content decides what the data set is, relative to the repository. */
  readonly sources: readonly string[];
}
