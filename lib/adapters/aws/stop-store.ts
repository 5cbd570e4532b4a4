/** The stop switch's table. Whoever acts reads all scopes that concern the asset, consistently. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import { type StopState, stopState } from '../../contracts/stop.ts';
import type { StopPorts } from '../../core/guard/stop.ts';

export interface StopTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** Scopes that can stop an asset. */
export const scopesOf = (asset: string, site: string): string[] => ['all', `site#${site}`, `asset#${asset}`];

/**
 * The scopes among `scopes` that are stopped now. Every scope is read consistently; where one cannot be read this
 * throws, because an unread switch must not count as off.
 */
export async function stoppedScopes(at: StopTable, scopes: readonly string[]): Promise<StopState[]> {
  const states = await Promise.all(scopes.map((scope) => readStop(at, scope)));
  return states.filter((state) => state?.stopped === true) as StopState[];
}

/** A scope as it is now, read consistently; `undefined` where it was never set. */
export async function readStop(at: StopTable, scope: string): Promise<StopState | undefined> {
  const { Item } = await at.client.send(
    new GetItemCommand({ TableName: at.table, Key: { scope: { S: scope } }, ConsistentRead: true }),
  );
  return Item && parse(Item.json?.S);
}

/** Sets a scope, whatever stands there: a stop always wins. */
export async function setStop(at: StopTable, state: StopState): Promise<void> {
  await at.client.send(new PutItemCommand({ TableName: at.table, Item: itemOf(state) }));
}

/** Writes `next` if the scope still is as `before` says; false when somebody was faster. */
export async function replaceStop(at: StopTable, before: StopState, next: StopState): Promise<boolean> {
  const item = itemOf(next);
  try {
    await at.client.send(
      new PutItemCommand({
        TableName: at.table,
        Item: item,
        ConditionExpression: 'json = :before',
        ExpressionAttributeValues: { ':before': itemOf(before).json },
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // After a lost answer the SDK's own repeat is refused by the first write.
    const stands = await readStop(at, next.scope);
    return stands !== undefined && JSON.stringify(stands) === item.json.S;
  }
}

/** The table's part, and what the switch needs beside it. */
export const stopPorts = (at: StopTable, others: Pick<StopPorts, 'audit' | 'known' | 'person' | 'now'>): StopPorts => ({
  read: (scope) => readStop(at, scope),
  set: (state) => setStop(at, state),
  replace: (before, next) => replaceStop(at, before, next),
  ...others,
});

/** All scopes that were ever set. */
export async function listStops(at: StopTable): Promise<StopState[]> {
  const states: StopState[] = [];
  for await (const page of paginateScan({ client: at.client }, { TableName: at.table, ConsistentRead: true }))
    for (const item of page.Items ?? []) states.push(parse(item.json?.S));
  return states.sort((a, b) => (a.scope < b.scope ? -1 : 1));
}

function itemOf(state: StopState) {
  const checked = stopState.parse(state);
  return { scope: { S: checked.scope }, stopped: { BOOL: checked.stopped }, json: { S: JSON.stringify(checked) } };
}

const parse = (json: string | undefined): StopState => stopState.parse(JSON.parse(json ?? 'null'));
