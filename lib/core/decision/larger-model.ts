/**
 * Tier 2: a larger model, asked where deciding by the pack's own would be expected to cost more than asking. It may
 * raise or shake the confidence and change the kind. It cannot make a set of kinds smaller, because its probabilities
 * were never held against held-out windows here, and it cannot bring a strange window into distribution. So an act needs
 * what the pack's own model says, also where the larger one agrees; where it fails, its answer counts for nothing.
 */
import type { Kind } from '../../contracts/common.ts';
import type { Inference, RemoteAnswer, Routing } from '../../contracts/decision.ts';
import type { DecisionLosses, PackManifest, RemoteModelName } from '../../contracts/pack.ts';
import { sha256 } from '../audit/canonical.ts';
import { isInDistribution, isSingleClass } from '../guard/rails.ts';

export interface RemoteQuestion {
  readonly model: RemoteModelName;
  /** In the order of the pack's manifest. */
  readonly features: Float32Array;
}

export interface RemoteReply {
  /** As the server names it, where it does. */
  readonly version?: string;
  /** In the order of the kinds of the pack's manifest. */
  readonly probabilities: readonly number[];
}

/** A deployment's larger model. Nothing is connected or loaded before `ask`. */
export interface LargerModel {
  /** Host, for the record. */
  readonly endpoint: string;
  readonly costUsd: number;
  readonly models: Readonly<Record<string, RemoteModelName>>;
  readonly losses?: DecisionLosses;
  /** Rejects for whatever is not a proper answer in time. */
  readonly ask: (question: RemoteQuestion) => Promise<RemoteReply>;
}

/** What wrong decisions cost where neither the pack nor the deployment says. */
export const defaultLosses: DecisionLosses = { wrongActUsd: 500, missedEventUsd: 2_000, personUsd: 20 };

/** A kind to which the larger model gives at least this cannot be excluded. */
const notExcluded = 0.05;
const sumTolerance = 0.01;

/** The parts of an inference that tiers speak about. */
export type TierAnswer = Pick<
  Inference,
  'kind' | 'confidence' | 'probabilities' | 'set' | 'oodPValue' | 'oodReasons' | 'tier' | 'explanation'
>;

/**
 * Expected loss of deciding by this answer alone: of acting, asking a person and observing, the cheapest.
 * @param canAct something is proposed that may happen without a person
 */
export function expectedLoss(
  answer: TierAnswer,
  canAct: boolean,
  losses: DecisionLosses,
): Pick<Routing, 'expectedLossUsd' | 'cheapest'> {
  const isNormal = answer.kind === 'normal';
  const options: [Routing['cheapest'], number][] = [
    ['ask', losses.personUsd],
    ['observe', (1 - (answer.probabilities['normal'] ?? 0)) * losses.missedEventUsd],
  ];
  if (canAct && !isNormal && isSingleClass(answer) && isInDistribution(answer)) {
    options.push(['act', (1 - answer.confidence) * losses.wrongActUsd]);
  }
  const [cheapest, expectedLossUsd] = options.reduce((best, one) => (one[1] < best[1] ? one : best));
  return { cheapest, expectedLossUsd };
}

export interface Asked {
  readonly answer: TierAnswer;
  readonly routing?: Routing;
  readonly remote?: RemoteAnswer;
}

export interface AskContext {
  readonly larger: LargerModel;
  readonly manifest: PackManifest;
  /** Of the pack's own model. */
  readonly features: Float32Array | undefined;
  readonly canAct: boolean;
  readonly elapsed: () => number;
}

/** Never rejects: where the larger model fails, the pack's own answer comes back as it was, and the record says why. */
export async function askLargerModel(own: TierAnswer, context: AskContext): Promise<Asked> {
  const { larger, manifest, features, canAct, elapsed } = context;
  const { models } = larger;
  const model = Object.hasOwn(models, manifest.name) ? models[manifest.name] : manifest.tier2;
  if (!model || !features) return { answer: own };
  const found = expectedLoss(own, canAct, larger.losses ?? manifest.losses ?? defaultLosses);
  const asked = found.expectedLossUsd > larger.costUsd;
  const routing: Routing = { ...found, askingUsd: larger.costUsd, asked };
  if (!asked) return { answer: own, routing };
  const startedMs = elapsed();
  const record = {
    replayable: false,
    endpoint: larger.endpoint.slice(0, 260),
    model: model.name,
    inputHash: sha256(Buffer.from(Float32Array.from(features).buffer)),
    costUsd: larger.costUsd,
  } as const;
  try {
    const { version, probabilities } = await larger.ask({ model, features });
    checkProbabilities(probabilities, manifest.kinds.length);
    const byKind = Object.fromEntries(manifest.kinds.map((kind, at) => [kind, within(probabilities[at]!)]));
    const named = version === undefined ? {} : { version: version.slice(0, 128) };
    const latencyMs = elapsed() - startedMs;
    return {
      answer: combine(own, manifest.kinds, byKind, model.name),
      routing,
      remote: { ...record, ...named, outcome: 'answered', probabilities: byKind, latencyMs },
    };
  } catch (error) {
    const failure = (error instanceof Error ? error.message : String(error)).slice(0, 300);
    const named = model.version === undefined ? {} : { version: model.version };
    return {
      answer: own,
      routing,
      remote: { ...record, ...named, outcome: 'failed', failure, latencyMs: elapsed() - startedMs },
    };
  }
}

const within = (value: number): number => Math.min(1, Math.max(0, value));

/** @throws RangeError for what are no probabilities of these kinds */
function checkProbabilities(values: readonly number[], count: number): void {
  if (values.length !== count) throw new RangeError(`${values.length} probabilities; the pack has ${count} kinds`);
  const wrong = values.find((value) => !(value >= -sumTolerance && value <= 1 + sumTolerance));
  if (wrong !== undefined) throw new RangeError(`${wrong} is no probability`);
  const sum = values.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) > sumTolerance)
    throw new RangeError(`the probabilities sum to ${sum.toPrecision(4)}, not to 1`);
}

/** The larger model's kind and confidence; of the set, whatever either cannot exclude. */
function combine(
  own: TierAnswer,
  kinds: readonly Kind[],
  probabilities: Readonly<Record<string, number>>,
  model: string,
): TierAnswer {
  const kind = kinds.reduce((best, one) => (probabilities[one]! > probabilities[best]! ? one : best));
  // A set without its own kind excludes nothing.
  const open = (one: Kind): boolean => own.set.includes(one) || !own.set.includes(own.kind);
  const set = kinds.filter((one) => open(one) || one === kind || probabilities[one]! >= notExcluded);
  const { sentence, contributions } = own.explanation;
  const differs = `The larger model ${model} finds ${kind} (${percent(probabilities[kind]!)}) where the pack’s own finds ${own.kind} (${percent(own.confidence)}).`;
  return {
    ...own,
    kind,
    confidence: probabilities[kind]!,
    probabilities,
    set,
    tier: 2,
    // What the confidence would be without a name was asked of the pack's own model, so it is left out here.
    explanation: { sentence: (kind === own.kind ? sentence : `${sentence} ${differs}`).slice(0, 1000), contributions },
  };
}

const percent = (probability: number): string => `${Math.round(100 * probability)} %`;
