/** The ports of the remediation steps: ledger, stop switch, asset state, remediators, breaker. */
import { randomUUID } from 'node:crypto';
import type { Effect } from '../../contracts/ledger.ts';
import { approvalsIn, effectiveCase, standingYes } from '../../core/case/effective.ts';
import { type Hold, withHold, withoutHold } from '../../core/case/holds.ts';
import { staleness } from '../../core/case/permit.ts';
import { ConflictError, NotFoundError } from '../../core/errors.ts';
import type { Documents } from '../../core/ingest/documents.ts';
import type { StateStore } from '../../core/ingest/ports.ts';
import { afterFailure, afterSuccess, closedBreaker, mayPass } from '../../core/ledger/breaker.ts';
import type { Passing, RemediationPorts } from '../../core/remediation/ports.ts';
import type { RemediatorSettings, RemediatorSurroundings } from '../../core/remediation/remediator.ts';
import { elapsedMs } from '../elapsed.ts';
import { openRemediator } from '../remediation/configured.ts';
import { type CaseWorld, casePorts } from './case-ports.ts';
import { dynamoLedger, getBreaker, putBreaker } from './ledger-store.ts';
import { scopesOf, stoppedScopes } from './stop-store.ts';

/** What a permit looks at: it calls no endpoint and knows no secret. */
export interface PermitWorld extends CaseWorld {
  readonly ledger: string;
  readonly stop: string;
  readonly states: StateStore;
  readonly documents: Documents;
  /** Settings of the remediators that the deployment has configured, by name. */
  readonly settings: RemediatorSettings;
}

export interface RemediationWorld extends PermitWorld {
  readonly surroundings: RemediatorSurroundings;
}

const maxAttempts = 8;

export function remediationPorts(world: RemediationWorld): RemediationPorts {
  const ports = casePorts(world);
  const opened = new Map<string, ReturnType<typeof openRemediator>>();
  return {
    ...ports,
    ledger: dynamoLedger({ client: world.client, table: world.ledger }),
    async loadCase(caseId) {
      return effectiveCase(await ports.loadCase(caseId), await ports.reviews(caseId));
    },
    approvals: async (caseId) => approvalsIn(await ports.reviews(caseId)),
    stopReasons: (asset) => stopReasons(world, asset),
    staleReason: (effect) => staleReason(world, effect),
    async newestReading(asset) {
      const state = await world.states.get(asset);
      const boot = state?.boots[0];
      if (!boot || state?.lastEventMs === undefined) return undefined;
      return { bootId: boot.bootId, seq: boot.lastSeq, atMs: state.lastEventMs };
    },
    changeHolds: (asset, change) => changeHolds(world.states, asset, change),
    remediator(name) {
      const known = opened.get(name) ?? openRemediator(name, world.settings, world.surroundings);
      opened.set(name, known);
      return known;
    },
    mayCall: (endpoint, caseId) => endpointPassage(world, endpoint, caseId),
    elapsedMs,
    reportEndpoint: (endpoint, well) => reportEndpoint(world, endpoint, well),
    newAttemptId: randomUUID,
    random: Math.random,
  };
}

/** Why acting on an asset is stopped now: consistent reads of every scope, its own, its site's and the one of all. */
export async function stopReasons(
  world: Pick<RemediationWorld, 'client' | 'stop' | 'states' | 'documents'>,
  asset: string,
): Promise<string[]> {
  const state = await world.states.get(asset);
  if (!state) throw new NotFoundError(`there is no asset ${asset}`, { code: 'asset-not-found' });
  const { site } = await world.documents.registration(state.registrationHash);
  const stops = await stoppedScopes({ client: world.client, table: world.stop }, scopesOf(asset, site));
  // Not why: what a person wrote stays where it can be erased.
  return stops.map(({ scope, by }) => `${scope} by ${by}`);
}

/** Undoing rests on what verification saw, and is never too late. */
async function staleReason(world: RemediationWorld, { caseId, inverse }: Effect): Promise<string | undefined> {
  if (inverse) return undefined;
  const ports = casePorts(world);
  const reviews = await ports.reviews(caseId);
  const record = effectiveCase(await ports.loadCase(caseId), reviews);
  const state = await world.states.get(record.asset);
  if (!state) throw new NotFoundError(`there is no asset ${record.asset}`, { code: 'asset-not-found' });
  const { silenceAfterMs, clockRate } = await world.documents.registration(state.registrationHash);
  return staleness({
    nowMs: world.now(),
    record,
    lastReceivedMs: state.lastReceivedMs,
    // An asset that is not silent yet is fresh enough: its owner has said how long it may say nothing.
    maxAgeMs: silenceAfterMs,
    clockRate,
    lastApprovalMs: standingYes(record, reviews)?.atMs,
  });
}

async function changeHolds(
  states: StateStore,
  asset: string,
  { add, remove }: { readonly add?: Hold; readonly remove?: { readonly caseId: string; readonly action: string } },
): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const state = await states.get(asset);
    if (!state) return;
    const removed = remove ? withoutHold(state, remove) : state;
    const changed = add ? withHold(removed, add) : removed;
    if (changed === state || (await states.put({ ...changed, version: state.version + 1 }))) return;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt));
  }
  throw new ConflictError(`the state of ${asset} changed ${maxAttempts} times meanwhile`, { code: 'state-conflict' });
}

/** Who loses the race for the probe looks again after this. */
const probeTakenMs = 2_000;

/** Takes the probe of a half-open breaker for this case; everybody else waits meanwhile. */
export async function endpointPassage(
  world: Pick<PermitWorld, 'client' | 'ledger' | 'now'>,
  endpoint: string,
  caseId: string,
): Promise<Passing> {
  const at = { client: world.client, table: world.ledger };
  const passage = mayPass(await getBreaker(at, endpoint), caseId, world.now());
  if (!passage.pass || !passage.write) return passage;
  return (await putBreaker(at, passage.write)) ? { pass: true } : { pass: false, waitMs: probeTakenMs };
}

/** On the healthy path this reads one item and writes nothing. */
async function reportEndpoint(world: RemediationWorld, endpoint: string, well: boolean): Promise<void> {
  const at = { client: world.client, table: world.ledger };
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const state = await getBreaker(at, endpoint);
    const next = well ? afterSuccess(state) : afterFailure(state ?? closedBreaker(endpoint), world.now());
    if (!next || (await putBreaker(at, next))) return;
  }
}
