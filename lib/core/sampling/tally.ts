/**
 * How many samples there are of each outcome, kept exactly beside samples that are written one item at a time: no write
 * changes both, so whoever changes a sample announces it in the tally before and settles it after.
 *
 * What holds at each version of the tally: the strata have a sample that is under way as its entry says, and any other one
 * as it stands. So whoever reads the tally and then the few samples that are under way has the count of all, whatever died
 * in between; and each step may be taken twice.
 */
import {
  type Sample,
  type SampleOutcome,
  type SampleTally,
  type StratumCount,
  sampleVersion,
} from '../../contracts/sample.ts';
import { isWrong } from './estimate.ts';

/** A sample with the version of its item. */
export interface SampleAt {
  readonly sample: Sample;
  readonly version: number;
}

/** Samples as they stand, by their id; what is not there does not exist. */
export type SamplesAt = ReadonlyMap<string, SampleAt>;

/** More than this is forgotten, and counted again: the item stays small. */
export const mostUnderWay = 500;
export const mostTouched = 1_000;

const outcomeOf = (sample: Sample | undefined): SampleOutcome =>
  sample === undefined ? 'none' : sample.answer === undefined ? 'waiting' : isWrong(sample) ? 'wrong' : 'right';

/** Begins to follow the samples, without having counted those that are there. */
export const newTally = (nowMs: number): SampleTally => ({ v: sampleVersion, sinceMs: nowMs, underWay: [] });

type Stratum = Pick<Sample, 'stratum' | 'rate'>;
const isOf =
  ({ stratum, rate }: Stratum) =>
  (each: Stratum): boolean =>
    each.stratum === stratum && each.rate === rate;

const shares: Readonly<Record<SampleOutcome, readonly [selected: number, answered: number, wrong: number]>> = {
  none: [0, 0, 0],
  waiting: [1, 0, 0],
  right: [1, 1, 0],
  wrong: [1, 1, 1],
};

/** The counts with one sample that is not what it was. */
function moved(
  strata: readonly StratumCount[],
  stratum: Stratum,
  from: SampleOutcome,
  to: SampleOutcome,
): readonly StratumCount[] {
  if (from === to) return strata;
  const is = isOf(stratum);
  const before = strata.find(is) ?? { ...stratum, selected: 0, answered: 0, wrong: 0 };
  const by = shares[to].map((share, at) => share - shares[from][at]!) as [number, number, number];
  const next: StratumCount = {
    stratum: before.stratum,
    rate: before.rate,
    selected: before.selected + by[0],
    answered: before.answered + by[1],
    wrong: before.wrong + by[2],
  };
  return [...strata.filter((each) => !is(each)), next];
}

/** Counts samples one by one. */
export class SampleCount {
  readonly #seen = new Map<string, Stratum & { readonly outcome: SampleOutcome }>();

  /** The last that is said of a sample counts. */
  add(sample: Sample): void {
    const { decisionId, stratum, rate } = sample;
    this.#seen.set(decisionId, { stratum, rate, outcome: outcomeOf(sample) });
  }

  leaveOut(decisionId: string): void {
    this.#seen.delete(decisionId);
  }

  get strata(): StratumCount[] {
    let strata: readonly StratumCount[] = [];
    for (const each of this.#seen.values()) strata = moved(strata, each, 'none', each.outcome);
    return [...strata];
  }
}

export const countSamples = (samples: readonly Sample[]): StratumCount[] => {
  const count = new SampleCount();
  for (const sample of samples) count.add(sample);
  return count.strata;
};

/**
 * The tally with a write that may follow.
 * @param there the sample as it stands, read after the tally; asked for only where nothing of it is under way
 * @param version that the write would make
 */
export function announced(
  tally: SampleTally,
  { decisionId, stratum, rate }: Sample,
  version: number,
  there: SampleAt | undefined,
  nowMs: number,
): SampleTally {
  const entry = entryOf(tally, decisionId) ?? {
    decisionId,
    stratum,
    rate,
    outcome: outcomeOf(there?.sample),
    versions: [],
  };
  if (entry.versions.includes(version)) return tally;
  const next = { ...entry, versions: [...entry.versions, version] };
  const others = tally.underWay.filter((each) => each !== entry);
  if (others.length >= mostUnderWay) return { ...newTally(nowMs), underWay: [next] };
  return { ...tally, underWay: [...others, next] };
}

const entryOf = ({ underWay }: SampleTally, id: string) => underWay.find(({ decisionId }) => decisionId === id);

export const isUnderWay = (tally: SampleTally, decisionId: string): boolean => entryOf(tally, decisionId) !== undefined;

/**
 * The tally after writes of one sample.
 * @param there the sample as it stands; writes to versions beyond its own may still come and stay announced
 */
export function settled(tally: SampleTally, decisionId: string, there: SampleAt | undefined): SampleTally {
  const entry = entryOf(tally, decisionId);
  if (!entry) return tally;
  const outcome = outcomeOf(there?.sample);
  const versions = entry.versions.filter((version) => version > (there?.version ?? 0));
  if (versions.length === entry.versions.length && outcome === entry.outcome) return tally;
  const others = tally.underWay.filter((each) => each !== entry);
  const underWay = versions.length === 0 ? others : [...others, { ...entry, outcome, versions }];
  const touched = tally.building && [...new Set([...tally.building.touched, decisionId])];
  // Nobody has finished counting for long: whoever wants to know begins anew.
  if (touched && touched.length > mostTouched) return { ...newTally(tally.sinceMs), underWay };
  return {
    ...tally,
    underWay,
    ...(tally.strata && { strata: [...moved(tally.strata, entry, entry.outcome, outcome)] }),
    ...(tally.building && touched && { building: { ...tally.building, touched } }),
  };
}

/** The tally with all settled that is over. */
export const tidied = (tally: SampleTally, there: SamplesAt): SampleTally =>
  idsUnderWay(tally).reduce((next, id) => settled(next, id, there.get(id)), tally);

export const idsUnderWay = ({ underWay }: SampleTally): string[] => underWay.map(({ decisionId }) => decisionId);

/**
 * The count of all samples; `undefined` where they have not been counted yet.
 * @param there those under way, read after the tally
 */
export function countsOf(tally: SampleTally, there: SamplesAt): readonly StratumCount[] | undefined {
  return (
    tally.strata &&
    tally.underWay.reduce<readonly StratumCount[]>(
      (strata, entry) => moved(strata, entry, entry.outcome, outcomeOf(there.get(entry.decisionId)?.sample)),
      tally.strata,
    )
  );
}

/** Begins to count what is there. @param began version of the tally's item */
export const buildingFrom = (tally: SampleTally, began: number): SampleTally => ({
  ...tally,
  building: { began, touched: [] },
});

/** Samples of which it cannot be told whether they were counted before or after a write. */
export const idsInDoubt = (tally: SampleTally): string[] => [
  ...new Set([...idsUnderWay(tally), ...(tally.building?.touched ?? [])]),
];

/**
 * The tally of all samples.
 * @param count of samples as they were met since `building` began
 * @param there those in doubt, read after the tally
 */
export function builtFrom(tally: SampleTally, count: SampleCount, there: SamplesAt): SampleTally {
  for (const id of idsInDoubt(tally)) {
    const stands = there.get(id);
    if (stands) count.add(stands.sample);
    else count.leaveOut(id);
  }
  const { v, sinceMs } = tally;
  const underWay = tally.underWay.map((each) => ({ ...each, outcome: outcomeOf(there.get(each.decisionId)?.sample) }));
  return { v, sinceMs, strata: count.strata, underWay };
}
