/** Which of its looks an episode is called by: the one that somebody would have decided by. */
import { describe, expect, test } from '@jest/globals';
import { courseWords, EpisodeLog, type Look } from '../../../bin/commands/backtest-episodes.ts';
import type { PolicyTrial, TriedDecision } from '../../../bin/commands/backtest-policy.ts';
import type { FollowedRows } from '../../../lib/core/screening/follow.ts';

type Verdict = TriedDecision['verdict'];
interface Seen {
  readonly kind: string;
  readonly sure?: number;
  readonly verdict?: Verdict;
  readonly action?: string;
}

/** A policy that answers as it is told. */
const answers = (seen: readonly Seen[]): PolicyTrial | undefined => {
  if (seen.every(({ verdict }) => verdict === undefined)) return undefined;
  const decide = async ({ kind, atRow }: { kind: string; atRow: number }): Promise<TriedDecision> => ({
    verdict: seen[atRow]!.verdict!,
    ...(seen[atRow]!.action === undefined ? {} : { action: seen[atRow]!.action }),
    kind,
    atRow,
    policies: [],
    reasons: [],
  });
  return { decide } as unknown as PolicyTrial;
};

/** One episode with a look at each of its rows. */
async function episodeOf(seen: readonly Seen[]) {
  const log = new EpisodeLog(['a'], answers(seen), true);
  const rows = seen.length;
  const looks = seen.map(
    ({ kind, sure }, row): Look => ({
      row,
      kind,
      alarm: { onsetRow: 0, rowsSinceOnset: row, score: 3, topChannels: [{ channel: 0, share: 1 }] },
      sentence: `${kind} at row ${row}.`,
      ...(sure === undefined
        ? {}
        : { classification: { kind, probabilities: { [kind]: sure }, set: [kind], features: Float32Array.of(row) } }),
    }),
  );
  const screened = {
    alarms: new Uint8Array(rows).fill(1),
    scores: new Float64Array(rows).fill(3),
    pValues: new Float64Array(rows).fill(1e-3),
  };
  const series = {
    channels: [],
    timesMs: Float64Array.from({ length: rows }, (_, t) => t * 1000),
    values: new Float64Array(rows),
  };
  await log.add(series, screened as unknown as FollowedRows, looks);
  return log.episodes[0]!;
}

describe('an episode is called', () => {
  test.each<[string, Seen[], number]>([
    [
      'by the look at which the policy acted, though it asked before and a later look is surer',
      [
        { kind: 'burst', sure: 0.6, verdict: 'ask' },
        { kind: 'leak', sure: 0.9, verdict: 'act' },
        { kind: 'burst', sure: 0.99, verdict: 'observe' },
      ],
      1,
    ],
    [
      'by the first look at which it asked, where it never acted',
      [
        { kind: 'anomaly', verdict: 'observe' },
        { kind: 'leak', sure: 0.5, verdict: 'ask' },
        { kind: 'burst', sure: 0.9, verdict: 'ask' },
      ],
      1,
    ],
    [
      'by the first look at which it asked about something to be done, though it asked before with nothing to propose',
      [
        { kind: 'anomaly', verdict: 'ask' },
        { kind: 'leak', sure: 0.5, verdict: 'ask', action: 'raise-ticket' },
        { kind: 'burst', sure: 0.9, verdict: 'ask', action: 'raise-ticket' },
        { kind: 'anomaly', verdict: 'ask' },
      ],
      1,
    ],
    [
      'by the surest look, where it only observes',
      [
        { kind: 'leak', sure: 0.4, verdict: 'observe' },
        { kind: 'burst', sure: 0.8, verdict: 'observe' },
        { kind: 'leak', sure: 0.7, verdict: 'observe' },
      ],
      1,
    ],
    [
      'by a look with a named kind rather than one without',
      [{ kind: 'anomaly' }, { kind: 'leak', sure: 0.3 }, { kind: 'anomaly' }],
      1,
    ],
    ['by the last look, where there is no classifier', [{ kind: 'sensor-fault' }, { kind: 'anomaly' }], 1],
  ])('%s', async (_, seen, at) => {
    const episode = await episodeOf(seen);
    expect(episode.kind).toBe(seen[at]!.kind);
    expect(episode.sentence).toBe(`${seen[at]!.kind} at row ${at}.`);
    expect(episode.confidence).toBe(seen[at]!.sure);
    if (episode.decision && episode.decision.verdict !== 'observe') expect(episode.decision.kind).toBe(episode.kind);
  });

  test('and says what it was taken for over its course, where that changed', async () => {
    const changing = await episodeOf([
      { kind: 'leak', sure: 0.5, verdict: 'observe' },
      { kind: 'leak', sure: 0.6, verdict: 'act' },
      { kind: 'burst', sure: 0.9, verdict: 'act' },
    ]);
    expect(courseWords(changing)).toBe('In turn it looked like leak, burst.');
    // What is trained from is the last look, which saw most.
    expect(changing.features).toEqual([2]);
    const steady = await episodeOf([
      { kind: 'leak', sure: 0.5 },
      { kind: 'leak', sure: 0.6 },
    ]);
    expect(courseWords(steady)).toBe('');
  });
});
