/** Signs a Merkle root over the chains that changed and stores it where it cannot be overwritten. */
import { makeCheckpoint } from '../../lib/adapters/aws/checkpoint-run.ts';
import { dynamoDb, kms, s3 } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';

const env = environment('TABLE_AUDIT', 'BUCKET_AUDIT', 'SIGNING_KEY_ID');

export const handler = async () =>
  await makeCheckpoint(
    {
      audit: { client: dynamoDb(), table: env.TABLE_AUDIT },
      checkpoints: { client: s3(), bucket: env.BUCKET_AUDIT },
      kms: kms(),
      keyId: env.SIGNING_KEY_ID,
    },
    Date.now(),
  );
