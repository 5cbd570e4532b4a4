/** What a decision says of itself, in the console and by `groundcrew case show` alike. */
export const decisionStrings = {
  verdict: { act: 'may act by itself', ask: 'asks a person', observe: 'only observes' } as Record<string, string>,
  tier: 'Who told the kind',
  /** By `tier` of the inference. */
  tiers: ['Screening alone, or a person', 'The model of the pack', 'A larger model, asked by the router'],
  cost: 'What telling it cost',
};
