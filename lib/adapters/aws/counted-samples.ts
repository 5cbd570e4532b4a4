/**
 * Samples with their count: one item of the operations table, which each write of a sample is announced in before and
 * settled in after ([0037](../../../docs/decisions/0037-how-samples-are-counted.md)).
 */
import type { Sample, SampleTally, StratumCount } from '../../contracts/sample.ts';
import { sampleTally } from '../../contracts/sample.ts';
import { DependencyError } from '../../core/errors.ts';
import {
  announced,
  buildingFrom,
  builtFrom,
  countSamples,
  countsOf,
  idsInDoubt,
  idsUnderWay,
  isUnderWay,
  newTally,
  SampleCount,
  type SamplesAt,
  settled,
  tidied,
} from '../../core/sampling/tally.ts';
import { getItem, type OperationsTable, putItem, readJsonOf } from './operations-table.ts';
import { eachSample, getSample, listSamples, putSampleItem } from './sample-store.ts';

const tallyKey = { pk: 'sample-tally', sk: 'tally' };
/** Whoever writes beside others may be late so often; one of them gets through each time. */
const maxRounds = 60;
const slowerAfterRounds = 3;
const maxPauseMs = 100;
/** Longer than any function of a former version, which announces nothing, goes on after the first one of this. */
const countAfterMs = 15 * 60_000;

interface StoredTally {
  readonly tally: SampleTally;
  /** 0 where there is none. */
  readonly version: number;
}

async function readTally(at: OperationsTable, nowMs: number): Promise<StoredTally> {
  const item = await getItem(at, tallyKey);
  if (!item) return { tally: newTally(nowMs), version: 0 };
  return { tally: readJsonOf(sampleTally, item, 'The count of samples'), version: item.version };
}

const putTally = (at: OperationsTable, tally: SampleTally, version: number): Promise<boolean> =>
  putItem(at, tallyKey, { json: JSON.stringify(sampleTally.parse(tally)), version });

/**
 * Changes the tally as nobody else does meanwhile.
 * @param change asked anew with what stands there, whenever somebody was faster; the same tally is not written
 */
async function changeTally(
  at: OperationsTable,
  nowMs: number,
  change: (stored: StoredTally) => Promise<SampleTally>,
): Promise<StoredTally> {
  for (let round = 0; round < maxRounds; round += 1) {
    if (round >= slowerAfterRounds)
      await new Promise((resolve) => setTimeout(resolve, Math.min(maxPauseMs, 5 * round)));
    const stored = await readTally(at, nowMs);
    const next = await change(stored);
    if (next === stored.tally) return stored;
    if (await putTally(at, next, stored.version)) return { tally: next, version: stored.version + 1 };
  }
  throw new DependencyError(`The count of samples was changed by others ${maxRounds} times in a row.`, {
    code: 'sample-tally-busy',
  });
}

/**
 * Writes a sample and counts it, however often the same is tried and wherever it dies.
 * @param version of what stands there; 0 for a new one @returns false when it is there, or somebody was faster
 * @throws DependencyError before anything is written
 */
export async function putSample(at: OperationsTable, each: Sample, version: number, nowMs: number): Promise<boolean> {
  const { decisionId } = each;
  await changeTally(at, nowMs, async ({ tally }) => {
    const there = isUnderWay(tally, decisionId) ? undefined : await getSample(at, decisionId);
    return announced(tally, each, version + 1, there, nowMs);
  });
  const isWritten = await putSampleItem(at, each, version);
  try {
    await changeTally(at, nowMs, async ({ tally }) =>
      settled(tally, decisionId, isWritten ? { sample: each, version: version + 1 } : await getSample(at, decisionId)),
    );
  } catch {
    // It is written, and stays announced: whoever counts looks at it, and settles it.
  }
  return isWritten;
}

const standing = async (at: OperationsTable, ids: readonly string[]): Promise<SamplesAt> => {
  const read = await Promise.all(ids.map(async (id) => [id, await getSample(at, id)] as const));
  return new Map(read.flatMap(([id, there]) => (there ? [[id, there] as const] : [])));
};

/**
 * How many samples there are, by reads of the tally and of what is under way; it is as exact as reading all of them. In a
 * table whose samples were not counted yet they are read: at each call until what wrote them before this version has
 * certainly ended, then once more.
 */
export async function sampleCounts(at: OperationsTable, now: () => number): Promise<readonly StratumCount[]> {
  const nowMs = now();
  const { tally, version } = await readTally(at, nowMs);
  if (version === 0) await putTally(at, tally, 0);
  if (tally.strata === undefined)
    return nowMs - tally.sinceMs < countAfterMs ? countSamples(await listSamples(at)) : await countAll(at, nowMs);
  const there = await standing(at, idsUnderWay(tally));
  const next = tidied(tally, there);
  // Somebody else may have been faster: then they, or the next one, do it.
  if (next !== tally) await putTally(at, next, version);
  return countsOf(tally, there)!;
}

async function countAll(at: OperationsTable, nowMs: number): Promise<readonly StratumCount[]> {
  const { tally: begun } = await changeTally(at, nowMs, async (stored) => buildingFrom(stored.tally, stored.version));
  const count = new SampleCount();
  for await (const each of eachSample(at)) count.add(each);
  const built = await changeTally(at, nowMs, async ({ tally }) =>
    tally.building?.began === begun.building?.began
      ? builtFrom(tally, count, await standing(at, idsInDoubt(tally)))
      : tally,
  );
  return built.tally.strata ?? count.strata;
}
