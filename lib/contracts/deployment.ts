/** What is deployed, as the audit keeps it: enough to make the same deployment again, and to tell one from another. */
import { z } from 'zod';
import { sha256Hex } from './common.ts';
import { configuration } from './configuration.ts';
import { lazily } from './lazily.ts';

export const deployment = lazily(() =>
  z.strictObject({
    configuration,
    /** SHA-256 of the configuration's canonical JSON; decisions name it. */
    configurationHash: sha256Hex,
    /** SHA-256 over every function's bundle; decisions name it. */
    codeHash: sha256Hex,
    /** SHA-256 of each model and policy file, by its path under `models/`. */
    models: z.record(z.string().max(200), sha256Hex),
    /** Scheme, host and port that remedies go to; the path may hold a secret and is not recorded. */
    endpoint: z.string().max(300),
    allowPrivateEndpoints: z.boolean(),
  }),
);
export type Deployment = z.infer<typeof deployment>;
