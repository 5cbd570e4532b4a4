/**
 * The stop switch of a scope. Anybody may stop, at once. Resuming takes two people: the first asks, the second, who must
 * be another, completes. A new stop ends what was asked before it.
 */
import { type StopState, stopVersion } from '../../contracts/stop.ts';
import { hashOf } from '../audit/canonical.ts';
import type { AuditDraft } from '../audit/entry.ts';
import { ConflictError, InvalidInputError } from '../errors.ts';
import { samePerson } from '../people.ts';

/** Asking holds for so long: two people who resume shall look at the same situation. */
export const resumeAskMs = 3_600_000;

export interface StopOrder {
  readonly scope: string;
  readonly by: string;
  readonly reason: string;
}

export interface StopPorts {
  /** Read consistently; `undefined` where it was never set. */
  read(scope: string): Promise<StopState | undefined>;
  /** Sets it whatever stands there: a stop always wins. */
  set(state: StopState): Promise<void>;
  /** Writes `next` if the scope is still as `before` says; false when somebody was faster. */
  replace(before: StopState, next: StopState): Promise<boolean>;
  audit(draft: AuditDraft): Promise<unknown>;
  /** The pseudonym of somebody who is known; reads a table and nothing else. */
  known(name: string): Promise<string | undefined>;
  /** The pseudonym of a person, made at their first appearance. */
  person(name: string): Promise<string>;
  now(): number;
}

/** Stands in the switch until the pseudonym of somebody new is made: a stop waits for no key service. */
const somebodyNew = 'somebody new';

/** @returns what stands afterwards. It works first and is recorded second. */
export async function stopEffects(ports: StopPorts, { scope, by, reason }: StopOrder): Promise<StopState> {
  const atMs = ports.now();
  const stoppedBy = (person: string): StopState => ({ v: stopVersion, scope, stopped: true, by: person, reason, atMs });
  const known = await ports.known(by);
  await ports.set(stoppedBy(known ?? somebodyNew));
  const state = stoppedBy(known ?? (await ports.person(by)));
  if (known === undefined) await ports.set(state);
  await ports.audit(stopEntry(state));
  return state;
}

/**
 * One person's part in resuming. What resumes is recorded before it works; where it then does not work, because somebody
 * stopped again meanwhile, the state that stands is recorded after it.
 * @returns what stands: still stopped, with `resumeAsked`, after the first person; not stopped after the second
 * @throws InvalidInputError where nothing is stopped, or the one who asked would complete (`same-person`)
 * @throws ConflictError where the switch changed meanwhile
 */
export async function resumeEffects(ports: StopPorts, order: StopOrder): Promise<StopState> {
  const before = await ports.read(order.scope);
  const next = resumed(before, { ...order, by: await ports.person(order.by) }, ports.now());
  if (!next.stopped) await ports.audit(stopEntry(next));
  if (await ports.replace(before as StopState, next)) {
    if (next.stopped) await ports.audit(stopEntry(next));
    return next;
  }
  const stands = await ports.read(order.scope);
  if (!next.stopped && stands) {
    await ports.audit({ ...stopEntry(stands), key: [...stopEntry(stands).key, 'stands', ...stopEntry(next).key] });
  }
  throw new ConflictError(`${order.scope} was changed meanwhile: look with "groundcrew stop" and ask again.`, {
    code: 'stop-changed',
  });
}

/** The state after one person's part, pure. */
export function resumed(before: StopState | undefined, { scope, by, reason }: StopOrder, nowMs: number): StopState {
  if (!before?.stopped)
    throw new InvalidInputError(`${scope} is not stopped: there is nothing to resume.`, { code: 'not-stopped' });
  const { resumeAsked: asked, ...stop } = before;
  const isAsked = asked !== undefined && nowMs - asked.atMs <= resumeAskMs;
  if (!isAsked) return { ...stop, resumeAsked: { by, reason, atMs: nowMs } };
  if (samePerson(asked.by, by))
    throw new InvalidInputError(
      `${asked.by} has already asked to resume ${scope}: another person must complete it, within an hour.`,
      { code: 'same-person' },
    );
  return { v: stopVersion, scope, stopped: false, by, reason, atMs: nowMs, resumeAsked: asked };
}

/** Who it was is a pseudonym; the reason that they gave is theirs and is sealed under their key. */
function stopEntry({ reason, resumeAsked, ...state }: StopState): AuditDraft {
  const asked = resumeAsked && { by: resumeAsked.by, atMs: resumeAsked.atMs };
  const body = { ...state, ...(asked && { resumeAsked: asked }) };
  const isAsking = state.stopped && resumeAsked !== undefined;
  return {
    chain: 'system#stop',
    type: 'stop-changed',
    key: [hashOf(body)],
    correlationId: `stop-${state.atMs}`,
    body,
    personal: isAsking
      ? { subject: resumeAsked.by, data: { reason: resumeAsked.reason } }
      : { subject: state.by, data: { reason } },
  };
}
