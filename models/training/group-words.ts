/** Names that an operator knows for the features that all packs have alike, by the first word of a feature's name. */
export const groupWords: Readonly<Record<string, string>> = {
  alarm: 'the channels that the alarm rests on',
  all: 'how far all channels moved',
  energy: 'the strength of the evidence',
  hours: 'how long the alarm stands',
  window: 'how long the alarm stands',
  jump: 'sudden steps',
  spikes: 'single spikes',
  missing: 'missing readings',
  others: 'what the other channels do meanwhile',
  togetherness: 'what the other channels do meanwhile',
  outside: 'readings beyond the usual range',
  peer: 'what channels say of each other',
  rough: 'how much readings scatter',
  run: 'readings that stand still',
  share: 'which kinds of channels there are',
  suspect: 'the channel that departs most',
};
