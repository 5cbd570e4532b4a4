/** The stop switch's table. Whoever acts reads all scopes that concern the asset, consistently. */
import { type DynamoDBClient, GetItemCommand, PutItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { type StopState, stopState } from '../../contracts/stop.ts';

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
  const states = await Promise.all(
    scopes.map(async (scope) => {
      const { Item } = await at.client.send(
        new GetItemCommand({ TableName: at.table, Key: { scope: { S: scope } }, ConsistentRead: true }),
      );
      return Item && parse(Item.json?.S);
    }),
  );
  return states.filter((state) => state?.stopped === true) as StopState[];
}

/** Sets a scope. The last writer wins: stopping twice is stopped, and a resume is as deliberate as a stop. */
export async function setStop(at: StopTable, state: StopState): Promise<void> {
  const checked = stopState.parse(state);
  await at.client.send(
    new PutItemCommand({
      TableName: at.table,
      Item: {
        scope: { S: checked.scope },
        stopped: { BOOL: checked.stopped },
        json: { S: JSON.stringify(checked) },
      },
    }),
  );
}

/** All scopes that were ever set. */
export async function listStops(at: StopTable): Promise<StopState[]> {
  const states: StopState[] = [];
  for await (const page of paginateScan({ client: at.client }, { TableName: at.table, ConsistentRead: true }))
    for (const item of page.Items ?? []) states.push(parse(item.json?.S));
  return states.sort((a, b) => (a.scope < b.scope ? -1 : 1));
}

const parse = (json: string | undefined): StopState => stopState.parse(JSON.parse(json ?? 'null'));
