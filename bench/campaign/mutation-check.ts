/** Switches off one safeguard after the other and sees whether a campaign notices; and that it finds nothing otherwise. */
import { Armory } from './armory.ts';
import { campaignAssembly, openCampaign } from './campaign.ts';
import { type Mutation, mutate, mutations } from './mutations.ts';
import { provocations } from './provocations.ts';

export interface MutationResult {
  readonly mutation: string;
  readonly says: string;
  readonly caught: boolean;
  /** What was found with the safeguard off. */
  readonly by: readonly string[];
  /** What was found with it on: a promise that is broken anyway, and so no catch. */
  readonly falseAlarms: readonly string[];
}

const drainForMs = 20_000;

/** @param tell takes lines of progress */
export async function checkMutations(
  names: readonly string[],
  tell: (line: string) => void,
): Promise<MutationResult[]> {
  const results: MutationResult[] = [];
  for (const mutation of mutations.filter(({ name }) => names.includes(name))) {
    tell(`${mutation.name}: as it is`);
    const falseAlarms = await provoke(mutation, false);
    tell(`${mutation.name}: ${mutation.says}`);
    const by = await provoke(mutation, true);
    const caught = by.length > 0 && falseAlarms.length === 0;
    results.push({ mutation: mutation.name, says: mutation.says, caught, by, falseAlarms });
    tell(`${mutation.name}: ${caught ? `caught: ${by[0]}` : 'NOT CAUGHT'}`);
    for (const alarm of falseAlarms) tell(`${mutation.name}: a false alarm: ${alarm}`);
  }
  return results;
}

async function provoke(mutation: Mutation, isOff: boolean): Promise<readonly string[]> {
  const assembly = await campaignAssembly();
  const mutated = isOff ? await mutate(mutation, assembly) : { assembly, nodeArguments: [] };
  const armory = new Armory([]);
  const campaign = await openCampaign({ ...mutated, armory, seed: 1, cases: 1, posts: 1, untilMs: 0 });
  try {
    await campaign.load.prepare();
    const seen = await provocations[mutation.name]({
      stage: campaign.stage,
      armory,
      load: campaign.load,
      asset: 'post-00',
    });
    const { broken } = await campaign.conclude(drainForMs);
    return [...seen, ...broken];
  } finally {
    await campaign.close(false);
  }
}
