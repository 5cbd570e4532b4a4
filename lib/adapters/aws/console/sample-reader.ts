/** Samples as reviewers see them: where and when, and not what was made of it. */
import type { SampleEstimate, SampleView, Signal } from '../../../contracts/api.ts';
import type { Sample } from '../../../contracts/sample.ts';
import { channelsWorthShowing, chart, emptySignal } from '../../../core/console/signal.ts';
import { NotFoundError } from '../../../core/errors.ts';
import { estimateErrors } from '../../../core/sampling/estimate.ts';
import { unlabelled } from '../../../core/sampling/select.ts';
import type { SampleAt } from '../../../core/sampling/tally.ts';
import { toldStrata } from '../../../core/sampling/told.ts';
import { decodeEvidence } from '../../../core/window/evidence.ts';
import { evidenceKey } from '../../../core/window/keys.ts';
import { sampleCounts } from '../counted-samples.ts';
import { dueKeys } from '../operations-table.ts';
import { getSample, getSamples } from '../sample-store.ts';
import { manifestOf } from './asset-reader.ts';
import { remembered } from './figures-reader.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

const shown = 50;
const maxChannels = 12;
const points = 500;

/** Kinds that somebody who looks can name: the pack's own. */
export async function sampleKinds(world: ConsoleWorld, { pack }: Pick<Sample, 'pack'>): Promise<string[]> {
  const kinds = (await manifestOf(world, pack))?.kinds ?? [];
  // What has no name is said so, too.
  return [...new Set(['normal', ...kinds, 'anomaly'])];
}

/** @throws NotFoundError */
export async function sampleAt(world: ConsoleWorld, id: string): Promise<SampleAt> {
  const stored = await getSample(tableAt(world, 'operations'), id);
  if (!stored) throw new NotFoundError('There is no such sample.', { code: 'sample-not-found' });
  return stored;
}

export async function waitingSamples(world: ConsoleWorld): Promise<{ items: SampleView[]; more: boolean }> {
  const at = tableAt(world, 'operations');
  const keys = await dueKeys(at, 'sample', world.now(), shown + 1);
  const ids = keys.slice(0, shown).map(({ pk }) => pk.slice('sample#'.length));
  const stored = new Map((await getSamples(at, ids)).map(({ sample }) => [sample.decisionId, sample]));
  const waiting = ids.flatMap((id) => stored.get(id) ?? []).filter(({ answer }) => answer === undefined);
  const items = await Promise.all(
    waiting.map(async (sample): Promise<SampleView> => {
      const { decisionId, asset, pack, window } = unlabelled(sample);
      const { fromMs, toMs, rows } = window;
      return { id: decisionId, asset, pack, fromMs, toMs, rows, kinds: await sampleKinds(world, sample) };
    }),
  );
  return { items, more: keys.length > shown };
}

/** The window alone: no mark of what was flagged, no order of channels by what spoke for it. */
export async function sampleSignal(world: ConsoleWorld, id: string): Promise<Signal> {
  const { sample } = await sampleAt(world, id);
  const bytes = await world.objects.get(evidenceKey(sample.window.hash));
  if (!bytes) return emptySignal(sample.window.toMs);
  const { series } = decodeEvidence(sample.window.hash, bytes);
  return {
    fromMs: series.timesMs[0]!,
    toMs: series.timesMs.at(-1)!,
    channels: chart(series, {
      channels: channelsWorthShowing(series.channels, new Map(), undefined, maxChannels),
      points,
      calibration: undefined,
      shares: new Map(),
    }),
    alarms: [],
    partial: false,
  };
}

export const sampleEstimate = (world: ConsoleWorld): Promise<SampleEstimate> =>
  remembered(world, 'samples', async () => {
    const { strata, answered, waiting, errorRate, interval } = estimateErrors(
      await sampleCounts(tableAt(world, 'operations'), world.now),
    );
    return {
      answered,
      waiting,
      ...(errorRate !== undefined && interval && { errorRate, low: interval.low, high: interval.high }),
      strata: toldStrata({ strata, waiting }),
    };
  });
