/** The shapes that screening takes and gives. */
import type { Calibration, ScreenState } from '../../contracts/calibration.ts';
import type { Series } from '../series.ts';

export interface FitOptions {
  /**
   * False-alarm episodes promised at most. Default: one a week for rows a minute apart or slower, else
   * one in 1,500 rows.
   */
  readonly falseAlarms?: { readonly perWeek: number } | { readonly perRow: number };
  /** Rounds the warm-up to so many decimals before fitting, for a stream that is coarser than its history. */
  readonly decimals?: number;
  /** Rows to leave out of the fit (1 = leave out), for example those of a past alarm; one entry a row. */
  readonly exclude?: Uint8Array;
  /** IANA name of the zone whose clock on the wall the asset's days follow. Default: UTC, which is never put forward. */
  readonly timeZone?: string;
  /** Fewest rows that are accepted. Default 400; 50 is the least that is allowed and is noted in the calibration. */
  readonly minRows?: number;
}

/** Rows of one asset to screen: a state of `undefined` starts anew. */
export interface ScreenRequest {
  readonly calibration: Calibration;
  readonly state: ScreenState | undefined;
  /** Rows in ascending time whose channels are those of the calibration, in its order. */
  readonly rows: Pick<Series, 'timesMs' | 'values'>;
}

/** Number of channels that are named for each row. */
export const topChannelCount = 3;

/** Results by row, as arrays so that a batch allocates once. */
export interface ScreenedRows {
  /** Evidence of something new, −log10 of a p-value: peaks at an onset and whenever evidence has grown, else low. */
  readonly scores: Float32Array;
  /** 1 from the onset until release. */
  readonly alarms: Uint8Array;
  /** 1 on the row where an alarm sets in, or where the evidence of a standing alarm has grown anew. */
  readonly onsets: Uint8Array;
  /** p-value of the row's combined evidence under the calibration. */
  readonly pValues: Float32Array;
  /** [rows × topChannelCount] channel numbers with the largest part in the evidence; −1 where there is none. */
  readonly topChannels: Int16Array;
  /** [rows × topChannelCount] the parts of these in the row's evidence, 0 to 1. */
  readonly topShares: Float32Array;
}

/** What a caller should know about the stream; each at most once a batch. */
export type ScreenFlag = 'coarser-than-calibration' | 'gap' | 'all-missing' | 'many-missing';

export interface ScreenResult {
  readonly state: ScreenState;
  readonly rows: ScreenedRows;
  readonly flags: readonly ScreenFlag[];
  /** Most decimals seen in the stream so far: refit with `decimals` when flagged as coarser than the calibration. */
  readonly decimals: number;
}

/*
 * Where things are:
 *   fit.ts     fitCalibration(series: Series, options?: FitOptions): Calibration
 *   screen.ts  screenBatch(engine: ScreenEngine, requests: readonly ScreenRequest[]): Promise<ScreenResult[]>
 *              screenRows(engine, calibration, state | undefined, rows): Promise<ScreenResult>
 *   open.ts    openCalibration(doc), calibrationHash(doc), expectedAt(doc, channel, timeMs)
 *   ../roles/infer.ts           inferChannels(names, options?): ChannelMeta[]
 *   ../../adapters/onnx/screen-engine.ts   openScreenEngine(path?): Promise<ScreenEngine>
 *   ../../adapters/onnx/session.ts         openModel: OpenModel
 */
