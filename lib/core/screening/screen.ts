/**
 * Tier 0: screens rows of many assets against their calibrations in few runs of one graph. The live path and the
 * backtest both call this.
 */
import type { Calibration, ScreenState } from '../../contracts/calibration.ts';
import { decideRows } from './decide.ts';
import type { ScreenEngine } from './engine.ts';
import { graphEvidence, slowSmoothing } from './kernel.ts';
import { type OpenCalibration, openCalibration } from './open.ts';
import { prepareSegment, type Segment } from './prepare.ts';
import { decimalsAreCertain, knownDecimals } from './resolution.ts';
import { newState, type OpenState, packState, unpackState } from './state.ts';
import { gathered, packGroup } from './tensors.ts';
import { type ScreenedRows, type ScreenFlag, type ScreenRequest, type ScreenResult, topChannelCount } from './types.ts';

/** Most rows in one run; longer requests take several. */
export const mostRowsARun = 256;
/** Most assets in one run: more give nothing and cost memory. */
const mostAssetsARun = 64;

export interface ScreenOptions {
  /** Pads every run to `mostRowsARun` rows, so that a row's last digit never depends on how many rows came with it. */
  readonly padRows?: boolean;
}

interface Job {
  readonly open: OpenCalibration;
  readonly state: OpenState;
  readonly request: ScreenRequest;
  readonly out: ScreenedRows;
  readonly flags: Set<ScreenFlag>;
  readonly rows: number;
  done: number;
}

const outputNames = ['evidence', 'parts', 'shift_last', 'drift_last', 'slow_last'] as const;

/**
 * Screens rows of many assets; results come in the order of the requests.
 * @throws RangeError when a request's rows do not fit its calibration or its state belongs to another one
 */
export async function screenBatch(
  engine: ScreenEngine,
  requests: readonly ScreenRequest[],
  options: ScreenOptions = {},
): Promise<ScreenResult[]> {
  const jobs = requests.map(startJob);
  for (;;) {
    const groups = new Map<string, { job: Job; segment: Segment }[]>();
    for (const job of jobs) {
      if (job.done >= job.rows) continue;
      const segment = prepareSegment(job.open, job.state, job.request.rows, job.done, mostRowsARun, job.flags);
      const { smoothing, harmonics, weekend } = job.open.doc.model;
      const key = `${smoothing}|${harmonics}|${weekend}|${Math.ceil(job.open.width / 8)}`;
      const group = groups.get(key);
      if (group) group.push({ job, segment });
      else groups.set(key, [{ job, segment }]);
    }
    if (groups.size === 0) break;
    for (const group of groups.values()) {
      for (let from = 0; from < group.length; from += mostAssetsARun) {
        await runGroup(engine, group.slice(from, from + mostAssetsARun), options);
      }
    }
  }
  return jobs.map((job) => ({
    state: packState(job.open, job.state),
    rows: job.out,
    flags: [...job.flags],
    decimals: decimalsAreCertain(job.state) ? knownDecimals(job.state) : -1,
  }));
}

/** Screens rows of one asset. */
export async function screenRows(
  engine: ScreenEngine,
  calibration: Calibration,
  state: ScreenState | undefined,
  rows: ScreenRequest['rows'],
  options: ScreenOptions = {},
): Promise<ScreenResult> {
  const [result] = await screenBatch(engine, [{ calibration, state, rows }], options);
  return result!;
}

function startJob(request: ScreenRequest): Job {
  const open = openCalibration(request.calibration);
  const rows = request.rows.timesMs.length;
  if (request.rows.values.length !== rows * open.channelCount) {
    throw new RangeError(
      `${request.rows.values.length} values do not fill ${rows} rows of the calibration's ${open.channelCount} channels.`,
    );
  }
  return {
    open,
    request,
    rows,
    state: request.state ? unpackState(open, request.state) : newState(open),
    out: {
      scores: new Float32Array(rows),
      alarms: new Uint8Array(rows),
      onsets: new Uint8Array(rows),
      pValues: new Float32Array(rows),
      topChannels: new Int16Array(rows * topChannelCount),
      topShares: new Float32Array(rows * topChannelCount),
    },
    flags: new Set(),
    done: 0,
  };
}

/** Moves the weights of the smoothed levels forward by `rows` rows. */
function gather(state: OpenState, smoothing: number, rows: number): void {
  state.driftPart = Math.fround(gathered(state.driftPart, smoothing, rows));
  state.slowPart = Math.fround(gathered(state.slowPart, slowSmoothing(smoothing), rows));
}

async function runGroup(
  engine: ScreenEngine,
  group: readonly { job: Job; segment: Segment }[],
  options: ScreenOptions,
): Promise<void> {
  const tensors = packGroup(
    group.map(({ job, segment }) => ({ open: job.open, state: job.state, segment })),
    options.padRows ? mostRowsARun : 0,
  );
  const found = await engine.run(tensors, outputNames);
  const { rows, channels } = tensors;
  group.forEach(({ job, segment }, a) => {
    const count = job.open.width;
    for (const [name, vector] of [
      ['shift_last', job.state.shift],
      ['drift_last', job.state.drift],
      ['slow_last', job.state.slow],
    ] as const) {
      vector.set(found[name]!.subarray(a * channels, a * channels + count));
    }
    decideRows(
      job.open.doc,
      job.state,
      {
        evidence: found['evidence']!,
        evidenceAt: a * rows * graphEvidence.length,
        parts: found['parts']!,
        partsAt: a * rows * channels,
        partsWidth: channels,
        observed: segment.observed,
        stuck: segment.stuck,
      },
      segment.rows,
      job.out,
      job.done,
    );
    gather(job.state, job.open.doc.model.smoothing, segment.rows);
    job.state.rows += segment.rows;
    job.state.lastMs = job.request.rows.timesMs[job.done + segment.rows - 1]!;
    job.done += segment.rows;
  });
}
