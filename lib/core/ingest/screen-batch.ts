/**
 * A batch of the telemetry stream. The order of the durable steps is what keeps flags from being lost: raw batch, flag
 * items, events, then the asset's state (conditional on its version), then the stream's checkpoint, which is the return.
 * Whatever dies in between, the stream delivers again and every step meets what it had done.
 *
 * The raw batch is a function of the records alone (repeats are in it, too), because a repeat of the batch writes the
 * same key: were it to leave out what the state already knows, it would take away rows that the state points to.
 */
import type { AssetState } from '../../contracts/asset.ts';
import { ConflictError, isRetryable } from '../errors.ts';
import type { Bus, Clock, ObjectStore } from '../ports.ts';
import type { ScreenRequest, ScreenResult } from '../screening/types.ts';
import { compact, dueTogether, type ScoreBook, type WindowHead } from '../window/compact.ts';
import { rawRef } from '../window/keys.ts';
import type { Segment } from '../window/rows.ts';
import type { WindowStore } from '../window/window-store.ts';
import {
  type ArrivedRow,
  type AssetDocuments,
  admitRows,
  hasNews,
  rowsOf,
  type Step,
  screenRequestOf,
  segmentOf,
  setBacks,
  stepOf,
} from './asset-step.ts';
import { type Arrival, checkAgainst, decodeRecord, isRefusal, type Refusal, type StreamRecord } from './decode.ts';
import type { Documents } from './documents.ts';
import { type FlagStore, raiseFlags } from './flags.ts';
import type { KnownStates } from './known-states.ts';
import type { Screen, StateStore } from './ports.ts';
import { quarantine } from './quarantine.ts';
import type { Admission } from './sequence.ts';

export interface ScreenPorts {
  readonly states: StateStore;
  readonly known: KnownStates;
  readonly documents: Documents;
  readonly windows: WindowStore;
  readonly scores: ScoreBook;
  readonly objects: ObjectStore;
  readonly flags: FlagStore;
  readonly bus: Bus;
  readonly screen: Screen;
  readonly now: Clock;
  /** Called with what went wrong for one asset or attempt, for the log. */
  readonly onProblem: (problem: { readonly asset: string; readonly error: unknown }) => void;
  /** Called when an asset's clock was set back, by how much at most: its rows are screened on. */
  readonly onSetBack?: (step: { readonly asset: string; readonly backMs: number }) => void;
}

export interface StreamBatch {
  readonly records: readonly StreamRecord[];
  /** The same for every delivery of the same records, and for no others. */
  readonly batchId: string;
  /** When the stream got the first record, wall clock. */
  readonly atMs: number;
}

export interface ScreenReport {
  /** Sequence numbers to deliver again: the lowest of each asset that could not be finished. */
  readonly failures: readonly string[];
  readonly readings: number;
  readonly quarantined: number;
  readonly late: number;
  /** Rows that continue the series with a time before the one of the row before them. */
  readonly setBack: number;
  readonly duplicates: number;
  readonly flags: number;
  readonly unpublished: number;
  readonly uncalibrated: number;
}

/** Tries for one asset within one invocation, before the stream is asked to deliver again. */
const maxAttempts = 4;

/** One asset's work in this batch. */
interface Work {
  readonly asset: string;
  readonly arrivals: readonly Arrival[];
  readonly rows: readonly ArrivedRow[];
  readonly documents: AssetDocuments;
  state: AssetState;
}

interface Prepared {
  readonly work: Work;
  readonly admission: Admission<ArrivedRow>;
  readonly request: ScreenRequest | undefined;
}

/** An asset's step as it is without compaction. */
interface Planned {
  readonly one: Prepared;
  readonly result: ScreenResult | undefined;
  readonly plain: Step;
}

/** @throws what a shared step throws (states, raw batch): then the whole batch is delivered again */
export async function screenStreamBatch(ports: ScreenPorts, batch: StreamBatch): Promise<ScreenReport> {
  const run = new BatchRun(ports, batch);
  await run.readAll();
  await run.keep();
  await run.finishAssets();
  return run.report();
}

class BatchRun {
  private readonly ports: ScreenPorts;
  private readonly batch: StreamBatch;
  private readonly ref: string;
  private readonly refusals: Refusal[] = [];
  private readonly failed = new Map<string, string>();
  private readonly works = new Map<string, Work>();
  private readonly counts = {
    readings: 0,
    late: 0,
    setBack: 0,
    duplicates: 0,
    flags: 0,
    unpublished: 0,
    uncalibrated: 0,
  };
  private lateRefusals: Refusal[] = [];

  constructor(ports: ScreenPorts, batch: StreamBatch) {
    this.ports = ports;
    this.batch = batch;
    this.ref = rawRef(batch.atMs, batch.batchId);
  }

  /** Decodes, groups by asset, loads what is known of each asset. */
  async readAll(): Promise<void> {
    const byAsset = new Map<string, Arrival[]>();
    for (const record of this.batch.records) {
      const decoded = decodeRecord(record);
      if (isRefusal(decoded)) this.refusals.push(decoded);
      else if (!byAsset.get(decoded.asset)?.push(decoded)) byAsset.set(decoded.asset, [decoded]);
    }
    const unknown = new Map<string, Arrival[]>();
    await Promise.all(
      [...byAsset].map(async ([asset, arrivals]) => {
        if (!(await this.takeKnown(asset, arrivals))) unknown.set(asset, arrivals);
      }),
    );
    if (unknown.size === 0) return;
    const states = await this.ports.states.getMany([...unknown.keys()]);
    await Promise.all(
      [...unknown].map(async ([asset, arrivals]) => {
        const state = states.get(asset);
        if (state === undefined) return this.refuse(arrivals, 'unknown-asset', 'no such asset is registered');
        try {
          if (state instanceof Error) throw state;
          await this.take(asset, arrivals, state);
        } catch (error) {
          this.giveUp(asset, arrivals, error);
        }
      }),
    );
  }

  /** False where the asset's state must be read: whatever is not plain goes the long way, which deals with it. */
  private async takeKnown(asset: string, arrivals: readonly Arrival[]): Promise<boolean> {
    const rows = arrivals.flatMap(rowsOf);
    const state = this.ports.known.continuedBy(asset, rows);
    if (!state) return false;
    try {
      const documents = await this.documentsOf(state);
      if (arrivals.some((arrival) => checkAgainst(arrival, documents.registration))) return false;
      this.works.set(asset, { asset, arrivals, rows, documents, state });
      return true;
    } catch {
      return false;
    }
  }

  private async take(asset: string, arrivals: readonly Arrival[], state: AssetState): Promise<void> {
    const documents = await this.documentsOf(state);
    const good: Arrival[] = [];
    for (const arrival of arrivals) {
      const refusal = checkAgainst(arrival, documents.registration);
      if (refusal) this.refusals.push(refusal);
      else good.push(arrival);
    }
    if (good.length > 0) this.works.set(asset, { asset, arrivals: good, rows: good.flatMap(rowsOf), documents, state });
  }

  private async documentsOf(state: AssetState): Promise<AssetDocuments> {
    const [registration, calibration] = await Promise.all([
      this.ports.documents.registration(state.registrationHash),
      state.calibrationHash === undefined ? undefined : this.ports.documents.calibration(state.calibrationHash),
    ]);
    return { registration, ...(calibration ? { calibration } : {}) };
  }

  /** First durable step: the raw batch and the refused records. */
  async keep(): Promise<void> {
    const byAsset = new Map<string, Segment[]>();
    for (const { asset, arrivals } of this.works.values()) byAsset.set(asset, arrivals.map(segmentOf));
    await Promise.all([
      byAsset.size > 0 ? this.ports.windows.putRawBatch(this.ref, byAsset) : undefined,
      quarantine(this.ports, this.batch, this.refusals),
    ]);
  }

  /** Screens all assets together, then writes each; those that lose their write or fail try again with what is new. */
  async finishAssets(): Promise<void> {
    let open = [...this.works.values()];
    for (let attempt = 1; open.length > 0; attempt += 1) {
      const again: Work[] = [];
      const retry = (work: Work, error: unknown): void => {
        if (attempt < maxAttempts && isRetryable(error)) again.push(work);
        else this.giveUp(work.asset, work.arrivals, error, true);
      };
      const prepared = open.map((work) => prepare(work));
      const screened = await this.screenGroup(prepared, retry);
      await this.writeGroup(prepared, screened, retry, again, attempt);
      open = again;
      if (open.length > 0) await this.refresh(open);
    }
    if (this.lateRefusals.length > 0) {
      const { atMs, batchId } = this.batch;
      await quarantine(this.ports, { atMs, batchId: `${batchId}-unreadable` }, this.lateRefusals);
      this.refusals.push(...this.lateRefusals);
    }
  }

  /** One run for the whole group; when it throws, each asset alone, so that one cannot fail the others. */
  private async screenGroup(
    prepared: readonly Prepared[],
    retry: (work: Work, error: unknown) => void,
  ): Promise<Map<Prepared, ScreenResult>> {
    const asked = prepared.filter((one): one is Prepared & { request: ScreenRequest } => one.request !== undefined);
    const results = new Map<Prepared, ScreenResult>();
    if (asked.length === 0) return results;
    try {
      const all = await this.ports.screen(asked.map(({ request }) => request));
      for (const [at, one] of asked.entries()) results.set(one, all[at]!);
    } catch {
      for (const one of asked) {
        try {
          results.set(one, (await this.ports.screen([one.request]))[0]!);
        } catch (error) {
          retry(one.work, error);
        }
      }
    }
    return results;
  }

  private async writeGroup(
    prepared: readonly Prepared[],
    screened: ReadonlyMap<Prepared, ScreenResult>,
    retry: (work: Work, error: unknown) => void,
    again: Work[],
    attempt: number,
  ): Promise<void> {
    const steps: Planned[] = [];
    for (const one of prepared) {
      const { work, admission, request } = one;
      const result = screened.get(one);
      if (request !== undefined && result === undefined) continue; // Its screening failed and was dealt with.
      try {
        if (!hasNews(admission)) this.count(admission, undefined, work);
        else steps.push({ one, result, plain: this.stepFor(one, result, headOf(work.state)) });
      } catch (error) {
        retry(work, error);
      }
    }
    const heads = await this.compactDue(steps);
    await Promise.all(
      steps.map(async ({ one, result, plain }) => {
        const { work, admission } = one;
        try {
          // Whatever becomes of it: until a write is known to have won, the state is not. A chunk that stands in the way
          // may be overwritten only by who has read the state since.
          this.ports.known.forget(work.asset);
          const head = heads.get(work.asset);
          if (head instanceof Error) throw head;
          const step = head === undefined ? plain : this.stepFor(one, result, head);
          const raised = await raiseFlags(this.ports, step.flags, this.ports.now());
          if (await this.ports.states.put(step.next)) {
            this.ports.known.wrote(step.next);
            this.count(admission, raised, work);
          } else if (attempt < maxAttempts) again.push(work);
          else
            this.giveUp(
              work.asset,
              work.arrivals,
              new ConflictError(`The state of ${work.asset} was always written by others first.`, {
                code: 'state-conflict',
              }),
            );
        } catch (error) {
          retry(work, error);
        }
      }),
    );
  }

  private stepFor({ work, admission }: Prepared, screened: ScreenResult | undefined, head: WindowHead): Step {
    const { state, documents } = work;
    return stepOf({ state, calibration: documents.calibration, admission, screened, head, batch: this.ref });
  }

  /** Heads of the assets whose tails are compacted now, all together, because they share objects. */
  private compactDue(steps: readonly Planned[]): Promise<ReadonlyMap<string, WindowHead | Error>> {
    const heads = new Map(steps.map(({ one: { work } }) => [work.asset, headOf(work.state)]));
    // A decision reads the window next: a flag is worth a compaction, so that it reads few objects.
    const flagged = steps.filter(({ plain }) => plain.flags.length > 0).map(({ one: { work } }) => work.asset);
    const due = dueTogether(heads, new Set(flagged), this.ref);
    return compact(this.ports.windows, new Map(due.map((asset) => [asset, heads.get(asset)!])), (asset, chunk, parts) =>
      this.ports.scores.put(asset, chunk, parts, this.batch.atMs),
    );
  }

  /** Reads states anew; an asset whose state cannot be read fails or is refused as in the first reading. */
  private async refresh(works: Work[]): Promise<void> {
    const states = await this.ports.states.getMany(works.map(({ asset }) => asset));
    await Promise.all(
      [...works].map(async (work) => {
        try {
          const state = states.get(work.asset);
          if (state === undefined || state instanceof Error) throw state ?? new Error('its state has gone');
          const changed = state.calibrationHash !== work.state.calibrationHash;
          works[works.indexOf(work)] = {
            ...work,
            state,
            documents: changed ? await this.documentsOf(state) : work.documents,
          };
        } catch (error) {
          works.splice(works.indexOf(work), 1);
          this.giveUp(work.asset, work.arrivals, error, true);
        }
      }),
    );
  }

  /**
   * Transient: the stream delivers the asset's records again. Permanent: they go to quarantine, because a stream that
   * waits for a person would hold up every other asset of its shard.
   */
  private giveUp(asset: string, arrivals: readonly Arrival[], error: unknown, isLate = false): void {
    this.ports.onProblem({ asset, error });
    // A refused call (rights, a missing table) is the deployment's fault, not the asset's: that, too, is tried again.
    const ofService = error instanceof Error && '$metadata' in error;
    if (isRetryable(error) || ofService) this.failed.set(asset, arrivals[0]!.sequenceNumber);
    else this.refuse(arrivals, 'unreadable-asset', String(error).slice(0, 300), isLate);
  }

  private refuse(arrivals: readonly Arrival[], reason: Refusal['reason'], detail: string, isLate = false): void {
    const into = isLate ? this.lateRefusals : this.refusals;
    for (const { sequenceNumber, data, asset } of arrivals) into.push({ sequenceNumber, data, asset, reason, detail });
  }

  private count(
    admission: Admission<ArrivedRow>,
    raised: { raised: number; unpublished: number } | undefined,
    { asset, state, documents }: Work,
  ): void {
    const { fresh, late, duplicates } = admission;
    const back = setBacks(state, admission);
    if (back.length > 0) this.ports.onSetBack?.({ asset, backMs: Math.max(...back) });
    this.counts.setBack += back.length;
    this.counts.readings += fresh.length + late.length;
    this.counts.late += late.length;
    this.counts.duplicates += duplicates;
    this.counts.flags += raised?.raised ?? 0;
    this.counts.unpublished += raised?.unpublished ?? 0;
    if (!documents.calibration) this.counts.uncalibrated += fresh.length + late.length;
  }

  report(): ScreenReport {
    return { ...this.counts, quarantined: this.refusals.length, failures: [...this.failed.values()] };
  }
}

function prepare(work: Work): Prepared {
  const admission = admitRows(work.state, work.rows, work.documents.registration);
  return { work, admission, request: screenRequestOf(work.state, work.documents.calibration, admission.fresh) };
}

const headOf = ({ nextChunk, openPart, open, openRows, tailRows, tail, scores }: AssetState): WindowHead => ({
  nextChunk,
  openPart,
  ...(open === undefined ? {} : { open }),
  openRows,
  tailRows,
  tail,
  ...(scores === undefined ? {} : { scores }),
});
