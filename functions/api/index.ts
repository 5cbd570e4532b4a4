/** The review API and the console's files, behind one address. */
import { fileURLToPath } from 'node:url';
import { createApi } from '../../lib/adapters/api/app.ts';
import { gatewayEvent, lambdaRun } from '../../lib/adapters/api/lambda.ts';
import { staticFiles } from '../../lib/adapters/api/static-files.ts';
import { frameFromEnvironment } from '../../lib/adapters/aws/api-frame.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { handle } from '../../lib/middleware/handle.ts';

const env = environment('GROUNDCREW_PREFIX');
const frame = frameFromEnvironment();
const files = staticFiles(fileURLToPath(new URL('web', import.meta.url)));

const run = lambdaRun((failed) =>
  createApi({ ...frame, files, failed, site: async () => ({ name: env.GROUNDCREW_PREFIX, timeZone: 'UTC' }) }),
);

export const handler = handle({ name: 'api', input: gatewayEvent, run });
