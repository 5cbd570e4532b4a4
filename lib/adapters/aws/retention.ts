/** What is kept longer and what is taken out sooner in the projections: for holds and erasures, by people's commands. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  paginateQuery,
  paginateScan,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { StopState } from '../../contracts/stop.ts';
import { decisionIdOf } from '../../core/decision/record.ts';
import { flagsOf } from './case-finder.ts';
import { listStops, replaceStop } from './stop-store.ts';

export interface Projections {
  readonly client: DynamoDBClient;
  readonly cases: string;
  readonly decisions: string;
  readonly stop: string;
}

/** What stands where a person's words stood. */
export const erasedText = '[erased]';

/**
 * Sets when the flags and decisions of a case expire.
 * @param ttlS seconds since the epoch; `undefined`: never
 * @returns how many items there are
 */
export async function setExpiry(
  at: Projections,
  { caseId, asset }: { readonly caseId: string; readonly asset: string },
  ttlS: number | undefined,
): Promise<number> {
  const flags = await flagsOf({ client: at.client, table: at.cases }, caseId);
  const wanted = new Set(flags.map(decisionIdOf));
  const keys: Pick<UpdateItemCommandInput, 'TableName' | 'Key'>[] = flags.map((flagId) => ({
    TableName: at.cases,
    Key: { pk: { S: `flag#${flagId}` }, sk: { S: 'flag' } },
  }));
  const pages = paginateQuery(
    { client: at.client },
    {
      TableName: at.decisions,
      ConsistentRead: true,
      KeyConditionExpression: 'asset = :asset',
      ProjectionExpression: 'sk',
      ExpressionAttributeValues: { ':asset': { S: asset } },
    },
  );
  for await (const page of pages)
    for (const { sk } of page.Items ?? [])
      if (wanted.has(sk?.S?.slice(14) ?? ''))
        keys.push({ TableName: at.decisions, Key: { asset: { S: asset }, sk: { S: sk?.S ?? '' } } });
  let kept = 0;
  for (const key of keys) if (await update(at.client, { ...key, ...expiryChange(ttlS) })) kept += 1;
  return kept;
}

const expiryChange = (ttlS: number | undefined) => ({
  ExpressionAttributeNames: { '#ttl': 'ttl' },
  ...(ttlS === undefined
    ? { UpdateExpression: 'REMOVE #ttl' }
    : { UpdateExpression: 'SET #ttl = :ttl', ExpressionAttributeValues: { ':ttl': { N: String(ttlS) } } }),
});

/** Takes a person's words out of the reviews and the stop switch. @returns how many records held some */
export async function scrubWords(at: Projections, subject: string): Promise<number> {
  let scrubbed = 0;
  const pages = paginateScan(
    { client: at.client },
    {
      TableName: at.cases,
      ConsistentRead: true,
      FilterExpression:
        'begins_with(sk, :review) AND (contains(#end, :subject) OR contains(#first, :subject) OR contains(takenBack, :subject) OR contains(withdrawn, :subject))',
      ExpressionAttributeNames: { '#end': 'end', '#first': 'first' },
      ExpressionAttributeValues: { ':review': { S: 'review#' }, ':subject': { S: subject } },
    },
  );
  // The answer, the first of two, and who took one of them back.
  for await (const page of pages)
    for (const { pk, sk, ...item } of page.Items ?? [])
      for (const name of ['end', 'first', 'takenBack', 'withdrawn'] as const) {
        const before = item[name];
        if (!pk || !sk || !before?.S?.includes(subject)) continue;
        const after = scrubbedText(before.S, subject);
        if (after === before.S) continue;
        const done = await update(at.client, {
          TableName: at.cases,
          Key: { pk, sk },
          UpdateExpression: 'SET #name = :scrubbed',
          ConditionExpression: '#name = :before',
          ExpressionAttributeNames: { '#name': name },
          ExpressionAttributeValues: {
            ':scrubbed': { S: after },
            ':before': before,
          },
        });
        if (done) scrubbed += 1;
      }
  const stop = { client: at.client, table: at.stop };
  for (const state of await listStops(stop)) {
    const next = scrubbedStop(state, subject);
    if (next && (await replaceStop(stop, state, next))) scrubbed += 1;
  }
  return scrubbed;
}

/** The record as JSON text, with whatever this person gave as a reason taken out, at any depth. */
const scrubbedText = (json: string, subject: string): string =>
  JSON.stringify(JSON.parse(json), (_, value: unknown) => {
    const words = value as { readonly by?: unknown; readonly reason?: unknown } | null;
    return typeof words === 'object' && words?.by === subject && typeof words.reason === 'string'
      ? { ...words, reason: erasedText }
      : value;
  });

/** The state without what this person wrote; undefined where they wrote nothing in it. */
function scrubbedStop(state: StopState, subject: string): StopState | undefined {
  const { resumeAsked: asked } = state;
  const isBy = state.by === subject && state.reason !== erasedText;
  const isAsked = asked?.by === subject && asked.reason !== erasedText;
  if (!isBy && !isAsked) return undefined;
  return {
    ...state,
    ...(isBy && { reason: erasedText }),
    ...(isAsked && { resumeAsked: { ...asked, reason: erasedText } }),
  };
}

/** One update of an item that is there; false where it is gone or was changed meanwhile. */
async function update(client: DynamoDBClient, input: UpdateItemCommandInput): Promise<boolean> {
  const there = Object.keys(input.Key ?? {})[0];
  try {
    await client.send(
      new UpdateItemCommand({
        ...input,
        ConditionExpression: [`attribute_exists(${there})`, input.ConditionExpression].filter(Boolean).join(' AND '),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
