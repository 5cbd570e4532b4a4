/**
 * What people order by the console. Each order goes the way that a command's goes, under the name of who is logged in:
 * answers and reports to the functions that take them, stops by the code of the stop switch.
 */
import type {
  AcknowledgeBody,
  AnswerBody,
  Answered,
  Claim,
  ClaimBody,
  Resumed,
  StopBody,
  Stopped,
  TakeBackBody,
  TookBack,
  TriggerBody,
  Triggered,
} from '../../contracts/api.ts';
import { type NewNormalAnswer, type NewNormalBody, newNormalAnswer, tookBack, triggered } from '../../contracts/api.ts';
import { caseVersion, type TakeBackOrder } from '../../contracts/case.ts';
import { hashOf } from '../../core/audit/canonical.ts';
import type { AnsweredReview } from '../../core/case/review.ts';
import { type TakenBackReview, takeBackRefusal } from '../../core/case/take-back.ts';
import { answerOf, refusalOf } from '../../core/console/answer.ts';
import { ConflictError, DependencyError, type GroundcrewError, InvalidInputError } from '../../core/errors.ts';
import { resumeEffects, type StopPorts, stopEffects } from '../../core/guard/stop.ts';
import { stopReadMaxAgeMs } from '../../core/remediation/remediate.ts';
import { appendAudit } from '../aws/audit-store.ts';
import { caseParts } from '../aws/console/case-detail.ts';
import { putClaim } from '../aws/console/claims.ts';
import { namesOf } from '../aws/console/names.ts';
import { doingOf, shownStops } from '../aws/console/overview.ts';
import { type ConsoleWorld, type Invoked, tableAt } from '../aws/console/world.ts';
import { effectsWithin } from '../aws/effects-under-way.ts';
import { dynamoStateStore } from '../aws/state-store.ts';
import { stopPorts } from '../aws/stop-store.ts';
import { knownSubject, sealing, subjectOf } from '../aws/subject-store.ts';
import { ProblemError } from './problems.ts';

/** A read of the switch counts for a second; what follows it until the first byte leaves takes far less than this. */
const sendMarginMs = 500;

const personOf = (world: ConsoleWorld, username: string): Promise<string> =>
  subjectOf(world.subjects, username, world.now());
const personalAudit = (world: ConsoleWorld) => ({ ...tableAt(world, 'audit'), ...sealing(world.subjects) });

/** @throws ProblemError 409 `claimed-by-other`, `case-closed` */
export async function claimCase(
  world: ConsoleWorld,
  caseId: string,
  username: string,
  { leaseS }: ClaimBody,
): Promise<Claim> {
  const { record } = await caseParts(world, caseId);
  if (record.status === 'closed')
    throw new ProblemError(409, 'case-closed', 'The case is closed: nothing is to be done.');
  const by = await personOf(world, username);
  const untilMs = world.now() + leaseS * 1000;
  if (!(await putClaim(world, caseId, { by, untilMs })))
    throw new ProblemError(409, 'claimed-by-other', 'Somebody else has taken the case.');
  return { by: username, untilMs };
}

export async function releaseCase(world: ConsoleWorld, caseId: string, username: string): Promise<void> {
  const { claim } = await caseParts(world, caseId);
  if (!claim || claim.untilMs <= world.now()) return;
  if (!(await putClaim(world, caseId, { by: await personOf(world, username), untilMs: 0 })))
    throw new ProblemError(409, 'claimed-by-other', 'Somebody else has taken the case: only they give it back.');
}

/** Somebody has seen it. Once a person and case version: seeing the same thing twice is one fact. */
export async function acknowledgeCase(
  world: ConsoleWorld,
  caseId: string,
  username: string,
  { note }: AcknowledgeBody,
): Promise<void> {
  const { record } = await caseParts(world, caseId);
  const by = await personOf(world, username);
  await appendAudit(
    personalAudit(world),
    {
      chain: `case#${caseId}`,
      type: 'case-acknowledged',
      key: [caseId, by, String(record.rounds ?? 0), record.status, hashOf(note ?? '')],
      correlationId: record.correlationId,
      body: { by, status: record.status },
      ...(note !== undefined && { personal: { subject: by, data: { note } } }),
    },
    world.now(),
  );
}

/**
 * Checks what can be told beforehand, hands the answer on, and where it is refused looks again why: between the two
 * looks somebody may have been faster.
 */
export async function answerCase(
  world: ConsoleWorld,
  caseId: string,
  username: string,
  body: AnswerBody,
): Promise<Answered> {
  if (body.answer === 'override' && body.override === undefined)
    throw new ProblemError(422, 'body-invalid', 'An override names what shall be done instead: action and target.');
  const refuse = async (): Promise<number | undefined> => {
    const [parts, known] = await Promise.all([caseParts(world, caseId), knownSubject(world.subjects, username)]);
    const { record, reviews, claim } = parts;
    const refusal = refusalOf({ record, reviews, claim, me: known, nowMs: world.now() }, body);
    if (refusal) throw new ProblemError(409, refusal.code, refusal.why);
    return reviews.find(({ end }) => end.state === 'open')?.request.round;
  };
  const round = await refuse();
  const answer = await world.invoke('review-answer', { ...answerOf(caseId, username, body), round });
  if (answer.refused) {
    await refuse();
    throw refusedBy(answer.refused);
  }
  const { missing, answeredAtMs, takeBackUntilMs, ...done } = answer.answer as AnsweredReview;
  return {
    round: done.round,
    state: missing > 0 ? 'waiting-for-second' : 'answered',
    answeredAtMs,
    ...(takeBackUntilMs !== undefined && { takeBackUntilMs }),
  };
}

/**
 * A claim keeps nobody from it: like the stop switch it is the safe direction.
 * @throws ProblemError 409 `no-answer`, `taken-back`, `answer-stands`
 */
export async function takeBackAnswer(
  world: ConsoleWorld,
  caseId: string,
  username: string,
  body: TakeBackBody,
): Promise<TookBack> {
  const refuse = async (): Promise<void> => {
    const { record, reviews } = await caseParts(world, caseId);
    const review = reviews.find(({ request }) => request.round === body.round);
    const refusal = takeBackRefusal(record, review, body);
    if (refusal) throw new ProblemError(409, refusal.code, refusal.why);
  };
  await refuse();
  const order: TakeBackOrder = { v: caseVersion, caseId, answer: 'take-back', by: username, ...body };
  const done = await world.invoke('review-answer', order);
  if (done.refused) {
    await refuse();
    throw refusedBy(done.refused);
  }
  const { round, what } = done.answer as TakenBackReview;
  return tookBack.parse({ round, what });
}

export async function triggerCase(world: ConsoleWorld, username: string, body: TriggerBody): Promise<Triggered> {
  const answer = await world.invoke('trigger', { ...body, by: username });
  if (answer.refused) throw refusedBy(answer.refused);
  return triggered.parse(answer.answer);
}

export async function declareNormal(
  world: ConsoleWorld,
  username: string,
  asset: string,
  body: NewNormalBody,
): Promise<NewNormalAnswer> {
  const answer = await world.invoke('calibrate', { asset, newNormal: { ...body, by: username } });
  if (answer.refused) throw refusedBy(answer.refused);
  return newNormalAnswer.parse(answer.answer);
}

/** What a function said no with, as an answer. What may work later says so. */
export function refusedBy({ type, message }: NonNullable<Invoked['refused']>): GroundcrewError {
  if (type === 'NotFoundError') return new ProblemError(404, 'not-found', message);
  if (type === 'InvalidInputError') return new ProblemError(422, 'refused', message);
  return new DependencyError(message, { code: 'function-failed' });
}

const switchPorts = (world: ConsoleWorld): StopPorts =>
  stopPorts(tableAt(world, 'stop'), {
    audit: (draft) => appendAudit(personalAudit(world), draft, world.now()),
    known: (name) => knownSubject(world.subjects, name),
    person: (name) => personOf(world, name),
    now: world.now,
  });

/** Comes back when no call can leave any more that was cleared before, and names those that may be on their way. */
export async function stop(world: ConsoleWorld, username: string, body: StopBody): Promise<Stopped> {
  const state = await stopEffects(switchPorts(world), { ...body, by: username });
  await world.sleep(stopReadMaxAgeMs + sendMarginMs);
  const [[shown], inFlight] = await Promise.all([
    shownStops(world, [state]),
    effectsWithin(
      {
        ledger: tableAt(world, 'ledger'),
        states: dynamoStateStore(world.client, world.tables.state),
        documents: world.documents,
      },
      state.scope,
      world.now(),
    ),
  ]);
  return { stop: shown!, inFlight: inFlight.map(doingOf) };
}

/** @throws ProblemError 409 `not-stopped`, `same-person`, `stop-changed` */
export async function resume(world: ConsoleWorld, username: string, body: StopBody): Promise<Resumed> {
  try {
    const state = await resumeEffects(switchPorts(world), { ...body, by: username });
    return { state: state.stopped ? 'waiting-for-second' : 'resumed' };
  } catch (error) {
    if (!(error instanceof InvalidInputError || error instanceof ConflictError)) throw error;
    throw new ProblemError(409, error.code, await named(world, error.message));
  }
}

/** A message in which persons stand by their pseudonyms, with their names. */
async function named(world: ConsoleWorld, message: string): Promise<string> {
  const persons = message.match(/\bperson-[0-9a-f]{16}\b/g) ?? [];
  const nameOf = await namesOf(world, persons);
  return persons.reduce((text, person) => text.replaceAll(person, nameOf(person)), message);
}
