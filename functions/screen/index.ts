/** A batch of the telemetry stream: raw batch, flags, events, states; answers which records shall come again. */
import { eventBridgeBus } from '../../lib/adapters/aws/bus.ts';
import { dynamoDb, eventBridge, s3 } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { dynamoFlagStore } from '../../lib/adapters/aws/flag-store.ts';
import { dynamoScoreBook } from '../../lib/adapters/aws/score-store.ts';
import { screenStores } from '../../lib/adapters/aws/screen-stores.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import { modelsPath } from '../../lib/adapters/models-folder.ts';
import { openScreenEngine } from '../../lib/adapters/onnx/screen-engine.ts';
import { screenStreamBatch } from '../../lib/core/ingest/screen-batch.ts';
import { streamBatchOf, streamEvent } from '../../lib/core/ingest/stream-event.ts';
import { screenBatch } from '../../lib/core/screening/screen.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment(
  'TABLE_STATE',
  'TABLE_CASES',
  'TABLE_DECISIONS',
  'BUCKET_DATA',
  'BUS_NAME',
  'SCORE_RETENTION_DAYS',
);
const engine = openScreenEngine(modelsPath('screen', 'screen.onnx'));
const ports = {
  ...screenStores(s3(), env.BUCKET_DATA),
  states: dynamoStateStore(dynamoDb(), env.TABLE_STATE),
  scores: dynamoScoreBook({ client: dynamoDb(), table: env.TABLE_DECISIONS }, env.SCORE_RETENTION_DAYS),
  flags: dynamoFlagStore(dynamoDb(), env.TABLE_CASES),
  bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
  screen: async (requests: Parameters<typeof screenBatch>[1]) => screenBatch(await engine, requests),
  now: Date.now,
};

export const handler = handle({
  name: 'screen',
  input: streamEvent,
  run: async (event, { log, measure }) => {
    const onProblem = ({ asset, error }: { asset: string; error: unknown }) => log.warn(`asset ${asset}`, { error });
    const onSetBack = ({ asset, backMs }: { asset: string; backMs: number }) =>
      onProblem({ asset, error: `its clock was set back by ${backMs} ms` });
    const batch = streamBatchOf(event);
    const { failures, unpublished, ...counts } = await screenStreamBatch({ ...ports, onProblem, onSetBack }, batch);
    measure({ ...counts, flagsUnpublished: unpublished, recordsFailed: failures.length });
    return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
  },
});
