/** What the API's frame needs, from the environment of the function. */
import { randomBytes } from 'node:crypto';
import { sessionLimits } from '../../core/console/session.ts';
import type { ApiPorts } from '../api/ports.ts';
import { dynamoDb } from './clients.ts';
import { cognito } from './cognito.ts';
import { environment } from './environment.ts';
import { dynamoAttempts, dynamoOnce, dynamoSessions } from './sessions-table.ts';
import { userPoolAccounts } from './user-pool.ts';

/** Uses `TABLE_SESSIONS`, `USER_POOL_ID`, `USER_POOL_CLIENT_ID`, `SESSION_IDLE_MINUTES` and `CONSOLE_ORIGIN`. */
export function frameFromEnvironment(): Omit<ApiPorts, 'files' | 'site' | 'failed'> {
  const env = environment(
    'TABLE_SESSIONS',
    'USER_POOL_ID',
    'USER_POOL_CLIENT_ID',
    'SESSION_IDLE_MINUTES',
    'CONSOLE_ORIGIN',
  );
  const at = { client: dynamoDb(), table: env.TABLE_SESSIONS };
  return {
    sessions: dynamoSessions(at),
    once: dynamoOnce(at),
    attempts: dynamoAttempts(at),
    accounts: userPoolAccounts({ poolId: env.USER_POOL_ID, clientId: env.USER_POOL_CLIENT_ID, calls: cognito }),
    limits: { ...sessionLimits, idleMs: env.SESSION_IDLE_MINUTES * 60_000 },
    ...(env.CONSOLE_ORIGIN === undefined ? {} : { origin: env.CONSOLE_ORIGIN }),
    nowMs: Date.now,
    randomId: () => randomBytes(32).toString('base64url'),
  };
}
