/** All that only a question to a larger model needs. Loaded with the first one: its own bundle beside the function's. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Tier2 } from '../../contracts/configuration.ts';
import type { LargerModel } from '../../core/decision/larger-model.ts';
import { cachedSecret } from '../aws/secrets.ts';
import { elapsedMs } from '../elapsed.ts';
import { openInference } from './open-inference.ts';

export function connect({ url, allowPrivate, timeoutMs, secretArn }: Tier2): LargerModel['ask'] {
  const bounds = { maxAttempts: 2, requestHandler: { connectionTimeout: 1_000, requestTimeout: timeoutMs } };
  return openInference({
    url: new URL(url),
    allowPrivate,
    timeoutMs,
    elapsed: elapsedMs,
    ...(secretArn === undefined ? {} : { token: cachedSecret(new SecretsManagerClient(bounds), secretArn, elapsedMs) }),
  });
}
