/** Calls that carry a secret: fetched again once where the endpoint says 401, and withheld from all that is recorded. */
import type {
  CallResult,
  OpenRemediator,
  RemediatorSurroundings,
  SecretReader,
} from '../../core/remediation/remediator.ts';
import type { HttpAnswer } from './http-call.ts';

/** Below this a second try after a 401 could not end in time. */
const leastTimeMs = 1_000;

/**
 * Asks with the current secret. A 401 proves that nothing was done; the secret may have been rotated, so it is fetched
 * again and the call repeated, once, within the same deadline.
 */
export async function withSecret(
  read: SecretReader,
  { deadlineMs, now }: { readonly deadlineMs: number; readonly now: () => number },
  ask: (secret: string, timeoutMs: number) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const answer = await ask(await read(), Math.max(1, deadlineMs - now()));
  const leftMs = deadlineMs - now();
  if (answer.status !== 401 || leftMs <= leastTimeMs) return answer;
  return await ask(await read({ refetch: true }), leftMs);
}

/** `Authorization` of a secret `user:password` (Basic) or of a bare token (Bearer). */
export const authorizationOf = (secret: string): string =>
  secret.includes(':') ? `Basic ${Buffer.from(secret, 'utf8').toString('base64')}` : `Bearer ${secret}`;

/** Shorter parts of a secret (a user's name, say) are not withheld: they would blot out innocent words. */
const leastSecretCharacters = 8;

/** Everything that gives a secret away: itself, its parts, and how it is written into headers and JSON. */
function formsOf(secret: string): string[] {
  const parts = [secret, secret.replace(/^whsec_/, ''), ...secret.split(/[:\s"]+/)];
  return parts
    .flatMap((part) => [part, Buffer.from(part, 'utf8').toString('base64'), encodeURIComponent(part)])
    .filter((form) => form.length >= leastSecretCharacters);
}

/**
 * Opens a remediator whose results and errors never hold a secret that it has read, even if an endpoint answers with
 * the headers that it was sent: results go into the ledger, the audit, events and logs.
 */
export function withholding(
  open: (surroundings: RemediatorSurroundings) => OpenRemediator,
  surroundings: RemediatorSurroundings,
): OpenRemediator {
  const seen = new Set<string>();
  const clean = (text: string): string =>
    [...seen].sort((a, b) => b.length - a.length).reduce((left, form) => left.replaceAll(form, '[withheld]'), text);
  const cleanResult = <T extends CallResult | undefined>(result: T): T =>
    result && {
      ...result,
      message: clean(result.message),
      ...('reference' in result && result.reference !== undefined && { reference: clean(result.reference) }),
    };
  const opened = open({
    ...surroundings,
    secret: (name) => {
      const read = surroundings.secret(name);
      return async (options) => {
        const value = await read(options);
        for (const form of formsOf(value)) seen.add(form);
        return value;
      };
    },
  });
  const guarded = async <T extends CallResult | undefined>(call: () => Promise<T>): Promise<T> => {
    try {
      return cleanResult(await call());
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (clean(message) === message) throw error;
      throw new Error(clean(message));
    }
  };
  const { query } = opened;
  return {
    send: (request, options) => guarded(() => opened.send(request, options)),
    ...(query && { query: (request, options) => guarded(() => query(request, options)) }),
  };
}
