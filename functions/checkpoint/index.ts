/** Signs a Merkle root over the chains that changed and stores it where it cannot be overwritten. */
import { z } from 'zod';
import { makeCheckpoint } from '../../lib/adapters/aws/checkpoint-run.ts';
import { dynamoDb, kms, s3 } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('TABLE_AUDIT', 'BUCKET_AUDIT', 'BUCKET_DATA', 'SIGNING_KEY_ID');
const now = environment('DEPLOYMENT', 'CONFIGURATION_HASH', 'CODE_HASH', 'WEBHOOK_URL', 'WEBHOOK_ALLOW_PRIVATE');

const world = {
  audit: { client: dynamoDb(), table: env.TABLE_AUDIT },
  checkpoints: { client: s3(), bucket: env.BUCKET_AUDIT },
  data: { client: s3(), bucket: env.BUCKET_DATA },
  kms: kms(),
  keyId: env.SIGNING_KEY_ID,
  deployed: {
    ...now.DEPLOYMENT,
    configurationHash: now.CONFIGURATION_HASH,
    codeHash: now.CODE_HASH,
    endpoint: new URL(now.WEBHOOK_URL).origin,
    allowPrivateEndpoints: now.WEBHOOK_ALLOW_PRIVATE,
  },
};

export const handler = handle({
  name: 'checkpoint',
  input: z.strictObject({}),
  run: async () => await makeCheckpoint(world, Date.now()),
});
