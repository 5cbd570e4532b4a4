/**
 * A decision made again from what was kept of it, by the functions that made it: what is the same, and what differs by how
 * much. Nothing is written and nobody is asked: what a larger model said is taken from the record.
 */
import type { Decision, Inference, RemoteAnswer } from '../../contracts/decision.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { type FlaggedSignal, flagVersion } from '../../contracts/flag.ts';
import { operationsVersion, type StandingOrder } from '../../contracts/operations.ts';
import type { Hold } from '../case/holds.ts';
import { type GuardPorts, type GuardVerdict, guard } from '../guard/guard.ts';
import { compare } from './compare.ts';
import { decidedOn, type Found as Finding, ordered, stated, statedAs } from './infer.ts';
import type { LargerModel } from './larger-model.ts';
import { type Found, findGrounds, type ReplayPoint, type ReplayPorts } from './replay-grounds.ts';

export interface Replayed {
  /** Whether what it was made from is there and is what it was. */
  readonly grounds: readonly ReplayPoint[];
  /** What was made of it again, beside what was recorded. */
  readonly results: readonly ReplayPoint[];
}

const good: ReadonlySet<ReplayPoint['result']> = new Set(['same', 'close', 'taken']);

/** Whether a point is as it was recorded, but for rounding. */
export const isSame = ({ result }: ReplayPoint): boolean => good.has(result);

export async function replay(ports: ReplayPorts, decision: Decision): Promise<Replayed> {
  const found = await findGrounds(ports, decision);
  const made = await inferred(ports.deployment, decision, found);
  const results = made ? inferencePoints(decision, made) : [notMade('inference', found.points)];
  return { grounds: found.points, results: [...results, ...(await guardPoints(decision, found, made))] };
}

const notMade = (what: string, points: readonly ReplayPoint[]): ReplayPoint => {
  const lacking = points.filter((point) => !isSame(point)).map((point) => point.what);
  return { what, result: 'not-made', detail: `It needs what is not as it was: ${lacking.join(', ')}.` };
};

type Made = Pick<Decision, 'proposal'> & { readonly inference: Finding['inference'] };

/** The inference and what is proposed; `undefined` where something that it is made from is not there. */
async function inferred(
  deployment: Deployment | undefined,
  decision: Decision,
  { raisedBy, registration, pack, window, calibration, model }: Found,
): Promise<Made | undefined> {
  if (!raisedBy || !registration || !pack) return undefined;
  const flag = flagOf(decision, raisedBy);
  const { inference } = decision;
  let finding: Finding;
  if (raisedBy.reason === 'silence') finding = stated(flag, registration);
  else if (raisedBy.reason === 'manual')
    finding = statedAs(registration, inference.kind, inference.explanation.sentence);
  else if (window && calibration && model !== undefined)
    finding = await decidedOn(
      { larger: recordedAnswer(decision, pack.manifest.kinds, deployment), elapsed: () => 0 },
      {
        flag,
        registration,
        pack,
        model: model ?? undefined,
        calibration,
        calibrationHash: inference.calibrationHash!,
        // As it was read for the first time: with the calibration's own channels, which are what the evidence's head says.
        window: { ...window, series: { ...window.series, channels: calibration.channels } },
        ref: inference.window!,
      },
    );
  else return undefined;
  const { proposal } = finding;
  const ways = deployment?.configuration.ways ?? {};
  return { inference: finding.inference, ...(proposal && { proposal: ordered(proposal, pack.manifest, ways) }) };
}

/** The flag as far as anything is made of it. */
const flagOf = (
  { flagId, correlationId, asset, inference }: Decision,
  raisedBy: Required<Found>['raisedBy'],
): FlaggedSignal => ({
  v: flagVersion,
  flagId,
  correlationId,
  asset,
  bootId: inference.window?.bootId ?? 'none',
  seq: inference.window?.seq ?? 0,
  ...raisedBy,
  ...(inference.calibrationHash !== undefined && { calibrationHash: inference.calibrationHash }),
});

/** Answers what the larger model answered then; `undefined` where the deployment had none. */
function recordedAnswer(
  { inference, pack }: Decision,
  kinds: readonly string[],
  deployment: Deployment | undefined,
): LargerModel | undefined {
  const { routing, remote } = inference;
  if (!routing) return undefined;
  const { models, losses } = deployment?.configuration.tier2 ?? {};
  return {
    endpoint: remote?.endpoint ?? '',
    costUsd: routing.askingUsd,
    models: models ?? (remote ? { [pack]: { name: remote.model, input: '', output: '' } } : {}),
    ...(losses && { losses }),
    ask: async () => {
      if (!remote?.probabilities) throw new Error(remote?.failure ?? 'it was not asked then');
      const { version, probabilities } = remote;
      return {
        ...(version !== undefined && { version }),
        probabilities: kinds.map((kind) => probabilities[kind] ?? 0),
      };
    },
  };
}

function inferencePoints({ inference, proposal, raisedBy }: Decision, made: Made): ReplayPoint[] {
  const found = made.inference;
  const point = (what: string, part: (one: Finding['inference']) => unknown): ReplayPoint => ({
    what,
    ...compare(part(inference), part(found)),
  });
  const isManual = raisedBy?.reason === 'manual';
  return [
    point('kind', ({ kind, tier }) => ({ kind, tier })),
    point('probabilities', ({ confidence, probabilities }) => ({ confidence, probabilities })),
    point('set', ({ set }) => set),
    point('p-value', ({ oodPValue, oodReasons }) => ({ oodPValue, oodReasons })),
    isManual
      ? { what: 'sentence', result: 'taken', detail: 'It is what a person said.' }
      : point('sentence', ({ explanation }) => explanation.sentence),
    point('explanation', ({ explanation: { contributions, without }, zone }) => ({ contributions, without, zone })),
    point('places', ({ places }) => places),
    ...(inference.routing ? [largerPoint(inference, found)] : []),
    { what: 'proposal', ...compare(proposal, made.proposal) },
  ];
}

function largerPoint(recorded: Decision['inference'], found: Finding['inference']): ReplayPoint {
  const part = ({ routing, remote }: Pick<Inference, 'routing' | 'remote'>) => ({
    routing,
    remote: remote && withoutTime(remote),
  });
  const compared = compare(part(recorded), part(found));
  return {
    what: 'larger model',
    ...compared,
    ...(compared.result === 'same' &&
      recorded.remote && {
        result: 'taken',
        detail: `${recorded.remote.model} is asked for the same features; its answer cannot be made again and is the recorded one.`,
      }),
  };
}

const withoutTime = ({ latencyMs: _, ...rest }: RemoteAnswer) => rest;

async function guardPoints(
  decision: Decision,
  { raisedBy, registration, authorizer, points }: Found,
  made: Made | undefined,
): Promise<ReplayPoint[]> {
  if (!raisedBy || !registration || !authorizer)
    return [
      notMade(
        'verdict',
        points.filter(({ what }) => guards.has(what)),
      ),
    ];
  const recorded = decision.guard;
  const ports = momentPorts(decision, { registration, authorizer });
  if (!ports)
    return [{ what: 'verdict', result: 'missing', detail: 'What was so at that moment is not in the record.' }];
  const { latencyMs, costUsd } = decision.inference;
  const from = made ?? decision;
  const found = await guard(ports, {
    flag: flagOf(decision, raisedBy),
    inference: { ...from.inference, latencyMs, costUsd },
    ...(from.proposal && { proposal: from.proposal }),
    pack: decision.pack,
  });
  const point = (what: string, part: (one: GuardVerdict) => unknown): ReplayPoint => ({
    what,
    ...compare(part(recorded), part(found)),
  });
  const verdict = point('verdict', (one) => ({ verdict: one.verdict, policies: one.policies }));
  return [
    made || verdict.detail !== undefined ? verdict : { ...verdict, detail: 'From the inference as it was recorded.' },
    // What was so at the moment went in as it was recorded: nothing can be told by comparing it.
    point('reasons', ({ reasons, counterfactual, expected, withheld, place }) => ({
      reasons,
      counterfactual,
      expected,
      withheld,
      place,
    })),
  ];
}

/** What the guard needs, by the names of their points. */
const guards = new Set(['alarm', 'registration', 'policies']);

/** The guard's view of the moment of the decision, from the record; `undefined` where that does not say enough. */
function momentPorts(
  { guard: recorded, atMs }: Decision,
  { registration, authorizer }: Required<Pick<Found, 'registration' | 'authorizer'>>,
): GuardPorts | undefined {
  const { expected = [], withheld = [], moment } = recorded;
  if (!moment && expected.length === 0 && withheld.length === 0) return undefined;
  // An order that held then held until its end, which may have come before the decision was written down.
  const nowMs = moment?.atMs ?? Math.min(atMs, ...withheld.map(({ toMs }) => toMs - 1));
  const holds = expected.map(({ channels, ...hold }): Hold => ({ ...hold, expectedChannels: channels }));
  // One that explained nothing of the flag: which channels it is expected to move does not matter.
  const other: Hold = { caseId: '', action: '', target: '', expectedChannels: [] };
  return {
    authorizerOf: () => authorizer,
    assetOf: async () => ({ registration, holds: moment?.held === true ? [other] : holds }),
    stoppedScopes: async () => moment?.stopped ?? [],
    standingOrders: async () => withheld.map(orderOf),
    quotaLeft: async () => moment?.quotaLeft ?? 0,
    nowMs: () => nowMs,
  };
}

const orderOf = ({ order: id, ...order }: NonNullable<GuardVerdict['withheld']>[number]): StandingOrder => ({
  ...order,
  v: operationsVersion,
  id,
  by: '',
  reason: '',
  createdAtMs: order.fromMs,
});
