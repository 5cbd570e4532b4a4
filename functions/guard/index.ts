/** What may happen: act, ask or observe. Policies decide; whatever fails while checking asks. */
import { dynamoDb, s3 } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { s3ObjectStore } from '../../lib/adapters/aws/object-store.ts';
import { quotaLeft, quotaLimits } from '../../lib/adapters/aws/quotas.ts';
import { ordersFrom } from '../../lib/adapters/aws/standing-order-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import { scopesOf, stoppedScopes } from '../../lib/adapters/aws/stop-store.ts';
import { modelsPath, packsWithPolicies } from '../../lib/adapters/models-folder.ts';
import { cedarAuthorizers } from '../../lib/adapters/policy/cedar.ts';
import { guard, guardInput } from '../../lib/core/guard/guard.ts';
import type { QuotaPlace } from '../../lib/core/guard/quota.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('TABLE_STATE', 'TABLE_STOP', 'TABLE_LEDGER', 'TABLE_OPERATIONS', 'BUCKET_DATA');
const limits = quotaLimits();
const states = dynamoStateStore(dynamoDb(), env.TABLE_STATE);
const documents = new Documents(s3ObjectStore(s3(), env.BUCKET_DATA));
const stop = { client: dynamoDb(), table: env.TABLE_STOP };
const operations = { client: dynamoDb(), table: env.TABLE_OPERATIONS };
const ledger = { client: dynamoDb(), table: env.TABLE_LEDGER };
const ports = {
  authorizerOf: cedarAuthorizers((pack) => modelsPath(pack, 'policies'), packsWithPolicies()),
  assetOf: async (asset: string) => {
    const state = await states.get(asset);
    if (!state) throw new Error(`there is no asset ${asset}`);
    return { registration: await documents.registration(state.registrationHash), holds: state.holds };
  },
  stoppedScopes: async (asset: string, site: string) =>
    (await stoppedScopes(stop, scopesOf(asset, site))).map(({ scope }) => scope),
  standingOrders: async (atMs: number) => (await ordersFrom(operations, atMs)).map(({ order }) => order),
  quotaLeft: (place: QuotaPlace) => quotaLeft(ledger, place, limits, Date.now()),
  nowMs: Date.now,
};

export const handler = handle({
  name: 'guard',
  input: guardInput,
  correlate: ({ flag }) => flag.correlationId,
  run: async (input) => ({ guard: await guard(ports, input) }),
});
