/** Chooses decisions of the automation for a person to look at unlabelled. It blocks nothing and decides nothing. */
import { dynamoDb, secretsManager } from '../../lib/adapters/aws/clients.ts';
import { putSample } from '../../lib/adapters/aws/counted-samples.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { cachedSecret } from '../../lib/adapters/aws/secrets.ts';
import { decision } from '../../lib/contracts/decision.ts';
import { cloudEvent } from '../../lib/contracts/events.ts';
import { namesOf } from '../../lib/contracts/names.ts';
import { selected } from '../../lib/core/sampling/select.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('TABLE_OPERATIONS', 'GROUNDCREW_PREFIX', 'SAMPLE_RATES');
const table = { client: dynamoDb(), table: env.TABLE_OPERATIONS };
const key = cachedSecret(secretsManager(), namesOf(env.GROUNDCREW_PREFIX).samplingSecret, Date.now);

export const handler = handle({
  name: 'sample',
  input: cloudEvent,
  correlate: ({ correlationid }) => correlationid,
  run: async ({ data }) => {
    const nowMs = Date.now();
    const chosen = selected(decision.parse(data), { key: await key(), rates: env.SAMPLE_RATES, nowMs });
    return { selected: chosen !== undefined && (await putSample(table, chosen, 0, nowMs)) };
  },
});
