/** Cognito's client for a function: loaded with the first request that needs it, which most do not. */
import type { CognitoCalls } from './cognito-calls.ts';

let calls: Promise<CognitoCalls> | undefined;

export function cognito(): Promise<CognitoCalls> {
  calls ??= import('./cognito-calls.ts').then((late) => late.cognitoCalls());
  return calls;
}
