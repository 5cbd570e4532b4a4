/** The kinds of faults, how often each strikes, and the schedule that a seed stands for. */
import type { FunctionName } from '../../lib/contracts/names.ts';
import { childRandom, integerBetween, type Random } from '../../lib/core/random.ts';
import type { Fault as EndpointFault } from '../stack/misbehave.ts';

/** Faults in 1,000 cases. None below 5; those that cost many seconds each are near it. */
const perThousand = {
  'function-killed-before-call': 30,
  'function-killed-after-call': 30,
  'function-killed-while-acting': 8,
  'function-called-twice': 30,
  'runtime-killed': 8,
  'tables-killed': 6,
  'dynamodb-throttled': 20,
  'dynamodb-failed-before': 20,
  'dynamodb-failed-after': 30,
  'service-failed-before': 15,
  'service-failed-after': 20,
  'event-dropped': 8,
  'event-duplicated': 15,
  'event-delayed': 15,
  'event-reordered': 10,
  'express-run-twice': 15,
  'execution-started-twice': 15,
  'index-stale': 15,
  'read-stale': 6,
  'clock-stepped': 12,
  'disk-full': 8,
  'mqtt-cut-before': 15,
  'mqtt-cut-after': 15,
  'endpoint-timeout-before': 6,
  'endpoint-timeout-after': 6,
  'endpoint-reset-before': 8,
  'endpoint-reset-after': 8,
  'endpoint-throttled': 10,
  'endpoint-unavailable': 8,
  'endpoint-slow-body': 6,
  'endpoint-cut-short': 6,
  'endpoint-oversized': 6,
  'endpoint-wrong-type': 6,
  'endpoint-garbage': 6,
  'endpoint-redirect': 6,
  'endpoint-in-flight': 6,
  'endpoint-key-conflict': 6,
  'endpoint-tls-expired': 8,
  'endpoint-down': 6,
  'stop-pressed': 10,
} as const;

export type FaultKind = keyof typeof perThousand;
export const faultKinds = Object.keys(perThousand) as FaultKind[];

/** Least of each kind in a thousand cases. */
export const fewestPerThousand = 5;

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Armed when the case with this ordinal is opened. */
  readonly atCase: number;
  /** So many occasions pass after that before it strikes. */
  readonly skip: number;
  /** Whom it strikes; anybody where it is absent. */
  readonly functionName?: FunctionName;
  /** How often in a row: more than a client repeats, or fewer. */
  readonly times: number;
  /** How long it lasts, or how far a clock is set. */
  readonly ms: number;
  /** What is stopped: everything, the site, or the asset whose case is opened. */
  readonly scope?: 'all' | 'site' | 'asset';
}

/** Functions that a case passes through, so that each has its occasion soon after a case is opened. */
const alongTheWay: readonly FunctionName[] = [
  'trigger',
  'infer',
  'guard',
  'record',
  'route',
  'case-load',
  'review-request',
  'review-answer',
  'review-timeout',
  'permit',
  'remediate',
  'close',
  'screen',
  'sweeper',
];
/** Those of them that write to a table. */
const writers = alongTheWay.filter((name) => !['infer', 'guard', 'permit', 'case-load'].includes(name));
/** Those that somebody else than a person calls. */
const called = alongTheWay.filter((name) => name !== 'sweeper');

/** What the endpoint does for each kind. */
export const endpointFaults: Partial<Record<FaultKind, EndpointFault>> = {
  'endpoint-timeout-before': 'hang-before',
  'endpoint-timeout-after': 'hang-after',
  'endpoint-reset-before': 'reset-before',
  'endpoint-reset-after': 'reset-after',
  'endpoint-throttled': { status: 429, headers: { 'retry-after': '1' } },
  'endpoint-unavailable': { status: 503 },
  'endpoint-slow-body': 'slow-body',
  'endpoint-cut-short': 'cut-short',
  'endpoint-oversized': 'oversized',
  'endpoint-wrong-type': 'html',
  'endpoint-garbage': 'garbage',
  'endpoint-redirect': 'redirect-same-method',
  'endpoint-in-flight': { status: 409, headers: { 'retry-after': '1' } },
  'endpoint-key-conflict': { status: 422 },
};

const pick = <T>(random: Random, from: readonly T[]): T => from[integerBetween(random, 0, from.length - 1)]!;

function details(kind: FaultKind, random: Random): Omit<PlannedFault, 'kind' | 'atCase'> {
  const once = { skip: 0, times: 1, ms: 0 };
  switch (kind) {
    case 'function-killed-before-call':
    case 'function-killed-after-call':
      return { ...once, functionName: pick(random, alongTheWay), skip: integerBetween(random, 0, 5) };
    case 'function-called-twice':
      return { ...once, functionName: pick(random, called) };
    case 'runtime-killed':
    case 'tables-killed':
      return { ...once, skip: integerBetween(random, 0, 60), ms: integerBetween(random, 0, 1) };
    case 'dynamodb-throttled':
    case 'dynamodb-failed-before':
      return {
        skip: integerBetween(random, 0, 4),
        functionName: pick(random, alongTheWay),
        times: integerBetween(random, 1, 6),
        ms: 0,
      };
    case 'dynamodb-failed-after':
      return {
        skip: integerBetween(random, 0, 3),
        functionName: pick(random, writers),
        times: integerBetween(random, 1, 5),
        ms: 0,
      };
    case 'service-failed-before':
    case 'service-failed-after':
      return { ...once, skip: integerBetween(random, 0, 12), times: integerBetween(random, 1, 5) };
    case 'event-delayed':
      return { ...once, ms: integerBetween(random, 500, 20_000) };
    case 'clock-stepped':
      return { ...once, ms: integerBetween(random, -60_000, 90_000) };
    case 'disk-full':
      return { ...once, ms: integerBetween(random, 300, 2_500) };
    case 'endpoint-tls-expired':
      return { ...once, times: integerBetween(random, 1, 3) };
    case 'endpoint-down':
      return { ...once, ms: 45_000 };
    case 'stop-pressed':
      return { ...once, ms: integerBetween(random, 300, 2_500), scope: pick(random, ['all', 'site', 'asset']) };
    case 'mqtt-cut-before':
    case 'mqtt-cut-after':
      return { ...once, skip: integerBetween(random, 0, 8) };
    default:
      return once;
  }
}

/**
 * The schedule of a seed. Ordinals only: of cases as they are opened, and of occasions after that. The strikes of a kind
 * are spread evenly over the cases, so that a short campaign sees each kind once and a long one sees none of them early.
 */
export function planOf(seed: number, cases: number): PlannedFault[] {
  const plan = faultKinds.flatMap((kind): PlannedFault[] => {
    const random = childRandom(seed, 'fault', kind);
    const count = Math.max(1, Math.round((perThousand[kind] * cases) / 1000));
    return Array.from({ length: count }, (_, at) => ({
      kind,
      atCase: Math.min(cases - 1, Math.floor(((at + random()) * cases) / count)),
      ...details(kind, random),
    }));
  });
  return plan.sort((a, b) => a.atCase - b.atCase);
}
