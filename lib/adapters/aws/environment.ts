/**
 * The functions' environment, parsed strictly and once. What is plain text or a number is read without a schema: every
 * function reads it before its first answer.
 */
import { z } from 'zod';
import type { TicketService } from '../../contracts/api/tickets.ts';
import { maxThinkAgainS } from '../../contracts/case.ts';
import { tier2 } from '../../contracts/configuration.ts';
import { deployment } from '../../contracts/deployment.ts';
import { lazily } from '../../contracts/lazily.ts';
import { sampleRates } from '../../contracts/sample.ts';
import { InvalidInputError } from '../../core/errors.ts';

/** @throws Error whose message says what is allowed */
type Reader<T> = (text: string | undefined) => T;

const maxTextLength = 255;

function text(value: string | undefined): string {
  if (value === undefined) throw new Error('not set');
  if (value === '' || value.length > maxTextLength) throw new Error(`1 to ${maxTextLength} characters are allowed`);
  return value;
}

const matching =
  (pattern: RegExp, what: string): Reader<string> =>
  (value) => {
    if (value === undefined) throw new Error('not set');
    if (!pattern.test(value)) throw new Error(`not ${what}`);
    return value;
  };

const integer =
  (low: number, high: number, otherwise?: number): Reader<number> =>
  (value) => {
    if (value === undefined && otherwise !== undefined) return otherwise;
    const number = /^\d{1,15}$/.test(value ?? '') ? Number(value) : Number.NaN;
    if (number >= low && number <= high) return number;
    throw new Error(value === undefined ? 'not set' : `a whole number from ${low} to ${high} is allowed`);
  };

function json(value: string | undefined): unknown {
  if (value === undefined) throw new Error('not set');
  try {
    return JSON.parse(value);
  } catch {
    throw new Error('not JSON');
  }
}

const by =
  <S extends z.ZodType>(schema: S, read: (value: string | undefined) => unknown): Reader<z.infer<S>> =>
  (value) => {
    const parsed = schema.safeParse(read(value));
    if (parsed.success) return parsed.data;
    throw new Error(parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '));
  };

const unlessUnset =
  <T>(read: Reader<T>): Reader<T | undefined> =>
  (value) =>
    value === undefined ? undefined : read(value);

/** Texts by name. */
function texts(value: string | undefined): Readonly<Record<string, string>> {
  const read = json(value);
  const isRecord = typeof read === 'object' && read !== null && !Array.isArray(read);
  if (!isRecord || Object.values(read).some((one) => typeof one !== 'string')) throw new Error('not texts by name');
  return read as Readonly<Record<string, string>>;
}

const plain = (value: string | undefined): string | undefined => value;
const sha256 = matching(/^[0-9a-f]{64}$/, '64 hexadecimal digits');
const seconds = integer(1, 2_592_000);
const thinkAgain = integer(0, maxThinkAgainS);
const quota = integer(0, 1000);

const variables = {
  GROUNDCREW_PREFIX: text,
  TABLE_AUDIT: text,
  TABLE_DECISIONS: text,
  TABLE_CASES: text,
  TABLE_LEDGER: text,
  TABLE_STATE: text,
  TABLE_STOP: text,
  TABLE_SUBJECTS: text,
  TABLE_SESSIONS: text,
  TABLE_OPERATIONS: text,
  BUCKET_DATA: text,
  BUCKET_AUDIT: text,
  BUS_NAME: text,
  CONFIGURATION_HASH: sha256,
  CODE_HASH: sha256,
  CASE_FLOW_ARN: matching(/^arn:[^:]+:states:[^:]+:\d{12}:stateMachine:.+$/, 'the ARN of a state machine'),
  SIGNING_KEY_ID: text,
  SUBJECT_KEY_ID: text,
  USER_POOL_ID: text,
  USER_POOL_CLIENT_ID: text,
  SESSION_IDLE_MINUTES: integer(5, 480),
  SCORE_RETENTION_DAYS: integer(1, 3653),
  CONSOLE_ORIGIN: unlessUnset(
    by(
      lazily(() => z.url({ protocol: /^https$/ })),
      plain,
    ),
  ),
  /** What of the deployment no other variable says: `{configuration, models}` as JSON. */
  DEPLOYMENT: by(
    lazily(() => deployment.pick({ configuration: true, models: true })),
    json,
  ),
  WEBHOOK_URL: by(
    lazily(() => z.url({ protocol: /^https?$/ })),
    plain,
  ),
  WEBHOOK_ALLOW_PRIVATE: (value: string | undefined): boolean =>
    matching(/^(true|false)$/, 'true or false')(value) === 'true',
  /** Settings of remediators, JSON by name; each checks its own. */
  REMEDIATORS: by(
    lazily(() => z.record(z.string(), z.json())),
    json,
  ),
  /** Remediators by action, JSON. */
  WAYS: texts,
  /** Usernames, JSON. */
  POLICY_AUTHORS: by(
    lazily(() => z.array(z.string().min(1).max(128)).max(64)),
    json,
  ),
  /** Channels to people, JSON by name; each checks its own settings. */
  CHANNELS: by(
    lazily(() => z.record(z.string(), z.looseObject({ by: z.string() }))),
    json,
  ),
  /** JSON by verdict. */
  SAMPLE_RATES: by(sampleRates, json),
  /** Where tickets are raised, whose messages are heard; absent where none are. */
  TICKET_SERVICE: unlessUnset(
    (value): TicketService => matching(/^(jira|servicenow)$/, 'jira or servicenow')(value) as TicketService,
  ),
  TOPIC_ARN: matching(/^arn:[^:]+:sns:[^:]+:\d{12}:.+$/, 'the ARN of a topic'),
  DEAD_LETTERS_URL: by(
    lazily(() => z.url({ protocol: /^https?$/ })),
    plain,
  ),
  REVIEW_TIMEOUT_S: seconds,
  ESCALATION_TIMEOUT_S: seconds,
  THINK_AGAIN_S: thinkAgain,
  /** Set by Lambda itself. */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: integer(64, 20_480, 512),
  /** A larger model as JSON, where the deployment has one. */
  TIER2: unlessUnset(by(tier2, json)),
  QUOTA_PER_ASSET_HOUR: quota,
  QUOTA_PER_ZONE_HOUR: quota,
};

export type Environment = { readonly [K in keyof typeof variables]: ReturnType<(typeof variables)[K]> };

/**
 * The variables that a function names; others are not looked at, since a function gets only what it uses.
 * @throws InvalidInputError naming every variable that is missing or wrong
 * @example const env = environment('TABLE_STATE', 'BUS_NAME');
 */
export function environment<K extends keyof Environment>(...names: readonly K[]): Pick<Environment, K> {
  const values: Partial<Record<keyof Environment, unknown>> = {};
  const problems: string[] = [];
  for (const key of names) {
    try {
      values[key] = variables[key](process.env[key]);
    } catch (error) {
      problems.push(`${key}: ${process.env[key] === undefined ? 'not set' : (error as Error).message}`);
    }
  }
  if (problems.length > 0) {
    throw new InvalidInputError(`The environment of this function is wrong. ${problems.join('; ')}.`, {
      code: 'environment-invalid',
    });
  }
  return values as Pick<Environment, K>;
}
