/** Browsers that people have turned messages on in: which of them count, and what a new one replaces. */
import { ConflictError } from '../errors.ts';

/** A browser counts for this long after somebody signed in used the console in it: who left is told nothing more. */
export const browserValidMs = 30 * 86_400_000;
const mostOfOne = 10;
/** They stand in one item, of which 400 KB may be. */
const mostOfAll = 120;

export interface KeptBrowser {
  readonly id: string;
  readonly sealed: { readonly subject: string };
  readonly untilMs: number;
}

/** Those that are not over. */
export const validBrowsers = <B extends KeptBrowser>(browsers: readonly B[], nowMs: number): B[] =>
  browsers.filter(({ untilMs }) => untilMs > nowMs);

/**
 * With one more. The same browser again is renewed, whoever used it before; the oldest one of a person makes room.
 * @throws ConflictError where the deployment has as many as it may
 */
export function withBrowser<B extends KeptBrowser>(browsers: readonly B[], added: B, nowMs: number): B[] {
  const others = validBrowsers(browsers, nowMs).filter(({ id }) => id !== added.id);
  const own = others.filter(({ sealed }) => sealed.subject === added.sealed.subject);
  const tooMany = own.sort((a, b) => b.untilMs - a.untilMs).slice(mostOfOne - 1);
  const kept = others.filter((each) => !tooMany.includes(each));
  if (kept.length >= mostOfAll)
    throw new ConflictError(
      `Messages are on in ${mostOfAll} browsers, as many as there may be: turn them off in one that is not used.`,
      { code: 'push-full' },
    );
  return [...kept, added];
}
