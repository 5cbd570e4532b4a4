/** Secrets: fetched once, kept for a while, fetched again when an endpoint says they are wrong. Never logged. */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CorruptDataError } from '../../core/errors.ts';

const keepMs = 300_000;
/** A flood of refusals must not become a flood of requests to Secrets Manager. */
const refetchAtMostEveryMs = 5_000;

/** @returns reads the current value; `refetch` asks past the cache, at most every five seconds */
export function cachedSecret(
  client: SecretsManagerClient,
  secretId: string,
  now: () => number,
): (options?: { readonly refetch: boolean }) => Promise<string> {
  let cached: { readonly value: string; readonly atMs: number } | undefined;
  return async (options) => {
    const freshForMs = options?.refetch ? refetchAtMostEveryMs : keepMs;
    if (cached && now() - cached.atMs < freshForMs) return cached.value;
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    if (!SecretString) throw new CorruptDataError(`secret ${secretId} has no text value`, { code: 'secret-empty' });
    cached = { value: SecretString, atMs: now() };
    return SecretString;
  };
}
