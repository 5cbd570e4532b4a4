/** The functions' environment, parsed strictly and once. */
import { z } from 'zod';
import { ticketService } from '../../contracts/api/tickets.ts';
import { sha256Hex } from '../../contracts/common.ts';
import { type Tier2, tier2 } from '../../contracts/configuration.ts';
import { deployment } from '../../contracts/deployment.ts';
import { lazily } from '../../contracts/lazily.ts';
import { sampleRates } from '../../contracts/sample.ts';
import { InvalidInputError } from '../../core/errors.ts';

const name = lazily(() => z.string().min(1).max(255));
const seconds = lazily(() => z.coerce.number().int().min(1).max(2_592_000));
const quota = lazily(() => z.coerce.number().int().min(0).max(1000));

function jsonText(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' });
    return z.NEVER;
  }
}

const variables = {
  GROUNDCREW_PREFIX: name,
  TABLE_AUDIT: name,
  TABLE_DECISIONS: name,
  TABLE_CASES: name,
  TABLE_LEDGER: name,
  TABLE_STATE: name,
  TABLE_STOP: name,
  TABLE_SUBJECTS: name,
  TABLE_SESSIONS: name,
  TABLE_OPERATIONS: name,
  BUCKET_DATA: name,
  BUCKET_AUDIT: name,
  BUS_NAME: name,
  CONFIGURATION_HASH: sha256Hex,
  CODE_HASH: sha256Hex,
  CASE_FLOW_ARN: lazily(() => z.string().regex(/^arn:[^:]+:states:[^:]+:\d{12}:stateMachine:.+$/)),
  SIGNING_KEY_ID: name,
  SUBJECT_KEY_ID: name,
  USER_POOL_ID: name,
  USER_POOL_CLIENT_ID: name,
  SESSION_IDLE_MINUTES: lazily(() => z.coerce.number().int().min(5).max(480)),
  CONSOLE_ORIGIN: lazily(() => z.url({ protocol: /^https$/ }).optional()),
  /** What of the deployment no other variable says: `{configuration, models}` as JSON. */
  DEPLOYMENT: lazily(() =>
    z
      .string()
      .transform((text, problem) => {
        try {
          return JSON.parse(text) as unknown;
        } catch {
          problem.addIssue('not JSON');
          return z.NEVER;
        }
      })
      .pipe(deployment.pick({ configuration: true, models: true })),
  ),
  WEBHOOK_URL: lazily(() => z.url({ protocol: /^https?$/ })),
  WEBHOOK_ALLOW_PRIVATE: lazily(() => z.enum(['true', 'false']).transform((text) => text === 'true')),
  /** Settings of remediators, JSON by name; each checks its own. */
  REMEDIATORS: lazily(() => z.string().transform(jsonText).pipe(z.record(z.string(), z.json()))),
  /** Remediators by action, JSON. */
  WAYS: lazily(() => z.string().transform(jsonText).pipe(z.record(z.string(), z.string()))),
  /** Channels to people, JSON by name; each checks its own settings. */
  CHANNELS: lazily(() =>
    z
      .string()
      .transform(jsonText)
      .pipe(z.record(z.string(), z.looseObject({ by: z.string() }))),
  ),
  /** JSON by verdict. */
  SAMPLE_RATES: lazily(() => z.string().transform(jsonText).pipe(sampleRates)),
  /** Where tickets are raised, whose messages are heard; absent where none are. */
  TICKET_SERVICE: lazily(() => ticketService.optional()),
  TOPIC_ARN: lazily(() => z.string().regex(/^arn:[^:]+:sns:[^:]+:\d{12}:.+$/)),
  REVIEW_TIMEOUT_S: seconds,
  ESCALATION_TIMEOUT_S: seconds,
  /** Set by Lambda itself. */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: lazily(() => z.coerce.number().int().min(64).max(20_480).default(512)),
  /** A larger model as JSON, where the deployment has one. */
  TIER2: lazily(() =>
    z
      .string()
      .optional()
      .transform((text, context): Tier2 | undefined => {
        if (text === undefined) return undefined;
        const parsed = tier2.safeParse(parseJson(text));
        if (parsed.success) return parsed.data;
        context.addIssue(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
        return z.NEVER;
      }),
  ),
  QUOTA_PER_ASSET_HOUR: quota,
  QUOTA_PER_ZONE_HOUR: quota,
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type Environment = { readonly [K in keyof typeof variables]: z.infer<(typeof variables)[K]> };

/**
 * The variables that a function names; others are not looked at, since a function gets only what it uses.
 * @throws InvalidInputError naming every variable that is missing or wrong
 * @example const env = environment('TABLE_STATE', 'BUS_NAME');
 */
export function environment<K extends keyof Environment>(...names: readonly K[]): Pick<Environment, K> {
  const values: Partial<Record<keyof Environment, unknown>> = {};
  const problems: string[] = [];
  for (const key of names) {
    const parsed = variables[key].safeParse(process.env[key]);
    if (parsed.success) values[key] = parsed.data;
    else problems.push(`${key}: ${process.env[key] === undefined ? 'not set' : parsed.error.issues[0]!.message}`);
  }
  if (problems.length > 0) {
    throw new InvalidInputError(`The environment of this function is wrong. ${problems.join('; ')}.`, {
      code: 'environment-invalid',
    });
  }
  return values as Pick<Environment, K>;
}
