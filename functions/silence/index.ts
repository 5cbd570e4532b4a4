/** Every minute: assets that have said nothing for longer than they should. */
import { z } from 'zod';
import { eventBridgeBus } from '../../lib/adapters/aws/bus.ts';
import { dynamoDb, eventBridge, s3 } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { dynamoFlagStore } from '../../lib/adapters/aws/flag-store.ts';
import { s3ObjectStore } from '../../lib/adapters/aws/object-store.ts';
import { ordersFrom } from '../../lib/adapters/aws/standing-order-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import { findSilent } from '../../lib/core/decision/silence.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('TABLE_STATE', 'TABLE_CASES', 'TABLE_OPERATIONS', 'BUCKET_DATA', 'BUS_NAME');
const operations = { client: dynamoDb(), table: env.TABLE_OPERATIONS };
const ports = {
  states: dynamoStateStore(dynamoDb(), env.TABLE_STATE),
  documents: new Documents(s3ObjectStore(s3(), env.BUCKET_DATA)),
  flags: dynamoFlagStore(dynamoDb(), env.TABLE_CASES),
  bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
  standingOrders: async (atMs: number) => (await ordersFrom(operations, atMs)).map(({ order }) => order),
  nowMs: Date.now,
};

export const handler = handle({
  name: 'silence',
  input: z.unknown(),
  run: async (_, { log, measure }) => {
    const onProblem = ({ asset, error }: { asset: string; error: unknown }) => log.warn(`asset ${asset}`, { error });
    const report = await findSilent({ ...ports, onProblem });
    measure({ assetsSilent: report.silent, flags: report.raised });
    return report;
  },
});
