/** What models see and say here, against their cards: from the newest decisions, of which no more are read than it says. */

import type { PackDrift } from '../../../contracts/api/drift.ts';
import type { AnswerOf } from '../../../contracts/api.ts';
import { type Worded, worded } from '../../../core/console/case-view.ts';
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
    const items = Object.values(packs).flatMap(({ card, featureWords }) => {
      const found = card && driftOf(card, decisions);
      return found ? [inWords(found, worded(featureWords))] : [];
    });
    return { decisionLimit: driftSpan.decisions, days: driftSpan.days, items };
  });

/** With the features that moved most as people call them. */
const inWords = (drift: PackDrift, wordsOf: Worded): PackDrift => ({
  ...drift,
  features: { ...drift.features, most: drift.features.most.map((one) => ({ ...one, name: wordsOf(one.name) })) },
});
