/** A person says that something is wrong. */
import { z } from 'zod';
import { assetId, humanText, kind } from '../../contracts/common.ts';
import { NotFoundError } from '../errors.ts';
import { type FlagStore, makeFlag, raiseFlags } from '../ingest/flags.ts';
import type { StateStore } from '../ingest/ports.ts';
import type { Bus } from '../ports.ts';

export const triggerInput = z.strictObject({
  asset: assetId,
  kind: kind
    .refine((name) => name !== 'normal' && name !== 'silence', 'a person reports neither normal nor silence')
    .default('manual'),
  by: humanText.max(128),
  note: humanText.optional(),
});
export type TriggerInput = z.infer<typeof triggerInput>;

export interface TriggerPorts {
  readonly states: Pick<StateStore, 'get'>;
  readonly flags: FlagStore;
  readonly bus: Bus;
  readonly nowMs: () => number;
}

/** Where an asset has not spoken yet, a flag names this boot. */
const noBoot = 'none';

/**
 * Raises a flag at the asset's newest reading. Saying the same thing twice at the same reading is one flag.
 * @throws NotFoundError for an asset that is not registered
 */
export async function trigger(ports: TriggerPorts, input: TriggerInput): Promise<{ flagId: string }> {
  const state = await ports.states.get(input.asset);
  if (!state) throw new NotFoundError(`There is no asset ${input.asset}: register it.`, { code: 'asset-unknown' });
  const nowMs = ports.nowMs();
  const [boot] = state.boots;
  const atMs = state.lastEventMs ?? nowMs;
  const flag = makeFlag({
    asset: input.asset,
    reason: 'manual',
    bootId: boot?.bootId ?? noBoot,
    seq: boot?.lastSeq ?? 0,
    atMs,
    sentAtMs: atMs,
    // The person's word is what is received, and it is fresh.
    receivedAtMs: nowMs,
    score: 0,
    pValue: 1,
    topChannels: [],
    statedKind: input.kind,
    statedBy: input.by,
    ...(input.note === undefined ? {} : { note: input.note }),
  });
  await raiseFlags(ports, [flag], nowMs);
  return { flagId: flag.flagId };
}
