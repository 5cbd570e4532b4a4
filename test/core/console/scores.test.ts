import { describe, expect, test } from '@jest/globals';
import { maxScorePoints, scoreHistory } from '../../../lib/contracts/api.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import type { FlaggedSignal } from '../../../lib/contracts/flag.ts';
import { scoresOf } from '../../../lib/core/console/scores.ts';
import { flagAtMs, flagOf } from '../../support/decision-data.ts';

const decisionOf = ({ flagId }: FlaggedSignal): Decision =>
  ({ flagId, inference: { kind: 'leak' }, guard: { verdict: 'ask' } }) as Decision;
const dayMs = 86_400_000;
/** Flags a day apart, newest first. */
const flags = (count: number) =>
  Array.from({ length: count }, (_, at) => flagOf({ seq: count - at, atMs: flagAtMs - at * dayMs, score: 5 + at }));
const byId = (all: readonly FlaggedSignal[]) => new Map(all.map((flag) => [flag.flagId, flag]));
const always = { fromMs: 0, toMs: flagAtMs };

describe('scores over weeks', () => {
  test('are those of flags within the span, both ends included, oldest first', () => {
    const all = flags(30);
    const span = { fromMs: flagAtMs - 9 * dayMs, toMs: flagAtMs - 2 * dayMs };
    const shown = scoresOf(all.map(decisionOf), byId(all), span);
    expect(shown.points.map(({ score }) => score)).toEqual([14, 13, 12, 11, 10, 9, 8, 7]);
    expect(shown.points[0]).toEqual({ atMs: span.fromMs, score: 14, reason: 'onset', kind: 'leak', verdict: 'ask' });
    expect(shown.partial).toBe(false);
  });

  test('are in the order of the device, whatever the order of deciding', () => {
    const late = [flagOf({ seq: 2, atMs: flagAtMs - dayMs }), flagOf({ seq: 1, atMs: flagAtMs })];
    const { points } = scoresOf(late.toReversed().map(decisionOf), byId(late), always);
    expect(points.map(({ atMs }) => atMs)).toEqual([flagAtMs - dayMs, flagAtMs]);
  });

  test('leave out what was not screened, and flags that are not kept any more', () => {
    const all = [
      flagOf({ seq: 1, reason: 'silence', score: 0 }),
      flagOf({ seq: 2, reason: 'manual', score: 0, statedKind: 'leak' }),
      flagOf({ seq: 3, reason: 'growth' }),
      flagOf({ seq: 4 }),
    ];
    const { points } = scoresOf(all.map(decisionOf), byId(all.slice(0, 3)), always);
    expect(points.map(({ reason }) => reason)).toEqual(['growth']);
  });

  test('are at most so many, the newest, and it is said where there are more', () => {
    const all = flags(maxScorePoints + 1);
    const some = all.slice(0, maxScorePoints);
    expect(scoresOf(some.map(decisionOf), byId(some), always).partial).toBe(false);
    const shown = scoresOf(all.map(decisionOf), byId(all), always);
    expect(shown).toMatchObject({ partial: true });
    expect(shown.points).toHaveLength(maxScorePoints);
    expect(shown.points.at(-1)!.atMs).toBe(flagAtMs);
    expect(scoreHistory.safeParse(shown).success).toBe(true);
  });
});
