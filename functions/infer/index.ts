/** What the models make of a flag, and what would be done about it. */
import { dynamoDb, s3 } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { s3ObjectStore } from '../../lib/adapters/aws/object-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import { elapsedMs } from '../../lib/adapters/elapsed.ts';
import { largerModel } from '../../lib/adapters/inference/larger-model.ts';
import { modelsPath } from '../../lib/adapters/models-folder.ts';
import { openModel } from '../../lib/adapters/onnx/session.ts';
import { infer, inferInput } from '../../lib/core/decision/infer.ts';
import { packModels } from '../../lib/core/decision/pack-models.ts';
import { isInDistribution } from '../../lib/core/guard/rails.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import { WindowStore } from '../../lib/core/window/window-store.ts';
import { handle } from '../../lib/middleware/handle.ts';
import { packs } from '../../models/index.ts';

const env = environment('TABLE_STATE', 'BUCKET_DATA', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'TIER2', 'WAYS');
const objects = s3ObjectStore(s3(), env.BUCKET_DATA);
const ports = {
  objects,
  states: dynamoStateStore(dynamoDb(), env.TABLE_STATE),
  documents: new Documents(objects),
  windows: new WindowStore(objects),
  ...packModels(packs, (pack, file, sha256) => openModel({ path: modelsPath(pack, file), sha256 })),
  larger: largerModel(env.TIER2),
  ways: env.WAYS,
  elapsed: elapsedMs,
  memoryMb: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
};

export const handler = handle({
  name: 'infer',
  input: inferInput,
  correlate: ({ flag }) => flag.correlationId,
  run: async ({ flag }, { measure }) => {
    const made = await infer(ports, flag);
    const { confidence, oodPValue, latencyMs, costUsd, tier } = made.inference;
    measure({ confidence, ood: oodPValue, inferLatencyMs: latencyMs, costUsd }, { pack: made.pack });
    // By nothing but the function: an alarm can watch no figure that it would have to search for by its packs.
    if (tier > 0) measure({ windowsUnknown: isInDistribution(made.inference) ? 0 : 1 });
    return made;
  },
});
