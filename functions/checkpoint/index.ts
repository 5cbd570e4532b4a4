/** Signs a Merkle root over the chains that changed and stores it where it cannot be overwritten. */
import { z } from 'zod';
import { makeCheckpoint } from '../../lib/adapters/aws/checkpoint-run.ts';
import { dynamoDb, kms, s3 } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('TABLE_AUDIT', 'BUCKET_AUDIT', 'SIGNING_KEY_ID');

const world = {
  audit: { client: dynamoDb(), table: env.TABLE_AUDIT },
  checkpoints: { client: s3(), bucket: env.BUCKET_AUDIT },
  kms: kms(),
  keyId: env.SIGNING_KEY_ID,
};

export const handler = handle({
  name: 'checkpoint',
  input: z.strictObject({}),
  run: async () => await makeCheckpoint(world, Date.now()),
});
