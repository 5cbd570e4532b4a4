/** The deployment's larger model, from the environment of a function. Nothing of it is loaded before it is asked. */
import type { Tier2 } from '../../contracts/configuration.ts';
import type { LargerModel } from '../../core/decision/larger-model.ts';

/** @param settings as the stack wrote them; `undefined` for a deployment without a larger model */
export function largerModel(settings: Tier2 | undefined): LargerModel | undefined {
  if (!settings) return undefined;
  const { url, costUsd, models, losses } = settings;
  let connected: Promise<LargerModel['ask']> | undefined;
  return {
    endpoint: new URL(url).host,
    costUsd,
    models,
    ...(losses ? { losses } : {}),
    ask: async (question) => {
      connected ??= import('./connect.ts').then(({ connect }) => connect(settings));
      // What could not be loaded is tried again with the next question.
      connected.catch(() => {
        connected = undefined;
      });
      return await (await connected)(question);
    },
  };
}
