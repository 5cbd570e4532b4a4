/** Moments as options give them. */
import { CommandFailure } from './failure.ts';

/** @throws CommandFailure for what names no moment, or leaves open in which time zone */
export function timeOf(option: string, text: string): number {
  const atMs = /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(atMs)) return atMs;
  throw new CommandFailure(`${option} ${text} is no time with its zone, such as 2026-05-04T08:00Z or …+02:00.`, 2);
}
