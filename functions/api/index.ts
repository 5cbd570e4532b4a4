/** The review API and the console's files, behind one address. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createApi } from '../../lib/adapters/api/app.ts';
import { consoleRoutes } from '../../lib/adapters/api/console-routes.ts';
import { gatewayEvent, lambdaRun } from '../../lib/adapters/api/lambda.ts';
import { staticFiles } from '../../lib/adapters/api/static-files.ts';
import { dynamoDb } from '../../lib/adapters/aws/clients.ts';
import { cognito } from '../../lib/adapters/aws/cognito.ts';
import { consoleWorld } from '../../lib/adapters/aws/console/from-environment.ts';
import { readSettings } from '../../lib/adapters/aws/console/settings.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { dynamoAttempts, dynamoOnce, dynamoSessions } from '../../lib/adapters/aws/sessions-table.ts';
import { userPoolAccounts } from '../../lib/adapters/aws/user-pool.ts';
import { sessionLimits } from '../../lib/core/console/session.ts';
import { handle } from '../../lib/middleware/handle.ts';
import { packs } from '../../models/index.ts';

const env = environment('GROUNDCREW_PREFIX', 'TABLE_SESSIONS', 'USER_POOL_ID', 'USER_POOL_CLIENT_ID');
const world = consoleWorld(packs);
const sessions = { client: dynamoDb(), table: env.TABLE_SESSIONS };

const run = lambdaRun((failed) => {
  const ports = {
    sessions: dynamoSessions(sessions),
    once: dynamoOnce(sessions),
    attempts: dynamoAttempts(sessions),
    accounts: userPoolAccounts({ poolId: env.USER_POOL_ID, clientId: env.USER_POOL_CLIENT_ID, calls: cognito }),
    files: staticFiles(fileURLToPath(new URL('web', import.meta.url))),
    site: async () => ({ name: env.GROUNDCREW_PREFIX, timeZone: (await readSettings(world)).timeZone }),
    limits: sessionLimits,
    nowMs: Date.now,
    randomId: () => randomBytes(32).toString('base64url'),
    failed,
  };
  return createApi(ports, consoleRoutes(world));
});

export const handler = handle({ name: 'api', input: gatewayEvent, run });
