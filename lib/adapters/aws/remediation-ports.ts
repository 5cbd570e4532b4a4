/** The ports of the remediation steps: ledger, stop switch, asset state, remediators, breaker. */
import { randomUUID } from 'node:crypto';
import { approvalsIn, effectiveCase } from '../../core/case/effective.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '../../core/errors.ts';
import type { Documents } from '../../core/ingest/documents.ts';
import type { StateStore } from '../../core/ingest/ports.ts';
import { afterFailure, afterSuccess, closedBreaker } from '../../core/ledger/breaker.ts';
import type { Hold, RemediationPorts } from '../../core/remediation/ports.ts';
import type { OpenRemediator, Remediator, RemediatorConfiguration } from '../../core/remediation/remediator.ts';
import { remediators } from '../remediation/index.ts';
import { type CaseWorld, casePorts } from './case-ports.ts';
import { dynamoLedger, getBreaker, putBreaker } from './ledger-store.ts';
import { scopesOf, stoppedScopes } from './stop-store.ts';

/** What a permit looks at: it calls no endpoint and knows no secret. */
export interface PermitWorld extends CaseWorld {
  readonly ledger: string;
  readonly stop: string;
  readonly states: StateStore;
  readonly documents: Documents;
}

export interface RemediationWorld extends PermitWorld {
  readonly remediators: RemediatorConfiguration;
}

const maxHolds = 8;
const maxAttempts = 8;

export function remediationPorts(world: RemediationWorld): RemediationPorts {
  const ports = casePorts(world);
  const opened = new Map<string, { readonly declared: Remediator; readonly open: OpenRemediator }>();
  return {
    ...ports,
    ledger: dynamoLedger({ client: world.client, table: world.ledger }),
    async loadCase(caseId) {
      return effectiveCase(await ports.loadCase(caseId), await ports.reviews(caseId));
    },
    approvals: async (caseId) => approvalsIn(await ports.reviews(caseId)),
    stopReasons: (asset) => stopReasons(world, asset),
    async newestReading(asset) {
      const state = await world.states.get(asset);
      const boot = state?.boots[0];
      if (!boot || state?.lastEventMs === undefined) return undefined;
      return { bootId: boot.bootId, seq: boot.lastSeq, atMs: state.lastEventMs };
    },
    changeHolds: (asset, change) => changeHolds(world.states, asset, change),
    remediator(name) {
      const known = opened.get(name) ?? openRemediator(name, world.remediators);
      opened.set(name, known);
      return known;
    },
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

/** A remediator by its name. @throws InvalidInputError when there is none */
export function openRemediator(
  name: string,
  configuration: RemediatorConfiguration,
): { readonly declared: Remediator; readonly open: OpenRemediator } {
  const declared = Object.hasOwn(remediators, name) ? remediators[name] : undefined;
  if (!declared)
    throw new InvalidInputError(`there is no remediator "${name}": ${Object.keys(remediators).join(', ')} are known`, {
      code: 'remediator-unknown',
    });
  return { declared, open: declared.open(configuration) };
}

async function changeHolds(
  states: StateStore,
  asset: string,
  { add, remove }: { readonly add?: Hold; readonly remove?: { readonly caseId: string; readonly action: string } },
): Promise<void> {
  const isSame = (hold: Hold, other: { readonly caseId: string; readonly action: string } | undefined): boolean =>
    hold.caseId === other?.caseId && hold.action === other.action;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const state = await states.get(asset);
    if (!state) return;
    if (add && state.holds.some((hold) => isSame(hold, add))) return;
    const kept = state.holds.filter((hold) => !isSame(hold, remove));
    if (!add && kept.length === state.holds.length) return;
    const holds = add ? [...kept.slice(1 - maxHolds), add] : kept;
    if (await states.put({ ...state, holds, version: state.version + 1 })) return;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt));
  }
  throw new ConflictError(`the state of ${asset} changed ${maxAttempts} times meanwhile`, { code: 'state-conflict' });
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
