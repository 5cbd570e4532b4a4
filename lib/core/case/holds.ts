/**
 * Actions that hold on an asset. While one holds, what it is expected to move is masked by name. Undoing it takes the mask
 * away and restores the baseline of before: the calibration is the old one, because nothing calibrates an asset on which
 * an action holds, and what screening remembers of the time in between is forgotten.
 */
import type { AssetState } from '../../contracts/asset.ts';

export type Hold = AssetState['holds'][number];

const maxHolds = 8;

/** The state with the hold; the same object where it holds already. */
export function withHold(state: AssetState, hold: Hold): AssetState {
  if (state.holds.some((one) => isOf(one, hold))) return state;
  return { ...state, holds: [...state.holds.slice(1 - maxHolds), hold] };
}

/** The state without a case's action; the same object where it does not hold. */
export function withoutHold(state: AssetState, action: Pick<Hold, 'caseId' | 'action'>): AssetState {
  const holds = state.holds.filter((one) => !isOf(one, action));
  if (holds.length === state.holds.length) return state;
  // A standing alarm is one about the state that the action made; its peak would hide smaller news of the old state.
  const { screen: _, alarm: __, ...kept } = state;
  return { ...kept, holds };
}

const isOf = (hold: Hold, { caseId, action }: Pick<Hold, 'caseId' | 'action'>): boolean =>
  hold.caseId === caseId && hold.action === action;
