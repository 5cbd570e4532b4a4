/** What models see and say here, against their cards: from the newest decisions, of which no more are read than it says. */
import type { AnswerOf } from '../../../contracts/api.ts';
import { driftOf, driftSpan } from '../../../core/drift/drift.ts';
import { newestDecisions } from './decision-reader.ts';
import { remembered } from './figures-reader.ts';
import type { ConsoleWorld } from './world.ts';

const dayMs = 86_400_000;

export const drift = (world: ConsoleWorld): Promise<AnswerOf<'drift'>> =>
  remembered(world, 'drift', async () => {
    const toMs = world.now();
    const [{ decisions }, packs] = await Promise.all([
      newestDecisions(world, Math.max(0, toMs - driftSpan.days * dayMs), toMs, driftSpan.decisions),
      world.packs(),
    ]);
    const items = Object.values(packs).flatMap(({ card }) => (card && driftOf(card, decisions)) ?? []);
    return { decisionLimit: driftSpan.decisions, days: driftSpan.days, items };
  });
