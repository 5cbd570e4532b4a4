/** Flags: what screening, silence and people raise, and how it is made sure that none is lost. */
import { type FlaggedSignal, flaggedSignal, flagVersion } from '../../contracts/flag.ts';
import { hashOf } from '../audit/canonical.ts';
import { makeEvent } from '../events.ts';
import type { Bus } from '../ports.ts';

export interface FlagStore {
  /** Puts a flag as pending unless it is there, whatever its state. Durable when it returns; false when it was there. */
  putIfAbsent(flag: FlaggedSignal, nowMs: number): Promise<boolean>;
}

export type FlagDraft = Omit<FlaggedSignal, 'v' | 'flagId' | 'correlationId'>;

/** Gives a flag its id: the same anomaly at the same reading is the same flag however often it is found. */
export function makeFlag(draft: FlagDraft): FlaggedSignal {
  const stated = draft.reason === 'manual' ? [draft.statedKind ?? null, draft.note ?? null] : [];
  return flaggedSignal.parse({
    ...draft,
    v: flagVersion,
    flagId: hashOf([draft.asset, draft.bootId, draft.seq, draft.reason, flagVersion, ...stated]),
    correlationId: correlationIdOf(draft),
  });
}

/** The same from the reading to the effect: the reading's own name. */
export const correlationIdOf = ({ asset, bootId, seq }: Pick<FlaggedSignal, 'asset' | 'bootId' | 'seq'>): string =>
  `${asset}/${bootId}/${seq}`;

export const flagEvent = (flag: FlaggedSignal, atMs: number) =>
  makeEvent('FlagRaised', flag, {
    atMs,
    correlationId: flag.correlationId,
    subject: flag.asset,
    key: flag.flagId,
  });

/**
 * Stores flags, then publishes them. Flags that the bus refuses are no error: they stay pending and the sweeper
 * publishes them again.
 * @returns how many were new, and how many the bus did not take
 */
export async function raiseFlags(
  ports: { readonly flags: FlagStore; readonly bus: Bus },
  flags: readonly FlaggedSignal[],
  nowMs: number,
): Promise<{ raised: number; unpublished: number }> {
  if (flags.length === 0) return { raised: 0, unpublished: 0 };
  const isNew = await Promise.all(flags.map((flag) => ports.flags.putIfAbsent(flag, nowMs)));
  // Repeats are published too: the first attempt may have died between the item and the event.
  const { failed } = await ports.bus.publish(flags.map((flag) => flagEvent(flag, nowMs)));
  return { raised: isNew.filter(Boolean).length, unpublished: failed.length };
}
