/**
 * States of assets: one item each, written only where the version is the one that was read. The item is deflated with a
 * dictionary of the contract's own words, because a state is written for every batch and a write costs by the kilobyte:
 * a state of 40 channels so stays within one.
 */
import { randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import { type AssetState, assetState } from '../../contracts/asset.ts';
import { CorruptDataError } from '../../core/errors.ts';
import type { StateStore } from '../../core/ingest/ports.ts';
import { batchGet } from './batch-get.ts';

const maxStateBytes = 256 * 1024;

// Never change it: items that were written with it could no longer be read. A new one needs a new attribute.
const dictionary = Buffer.from(
  '","bootId":"","lastSeq":,"missing":[[],"action":"close-valve","target":"","expectedChannels":["],"holds":[{"caseId":"' +
    '"silentSinceMs":1"alarm":{"bootId":"","seq":,"atMs":1,"score":"screen":{"v":1,"calibration":"","lastMs":1,"rows":,' +
    '"floats":"AAAAAAAA"},{"v":1,"asset":"","version":1,"registrationHash":"","calibrationHash":"","boots":[{"bootId":"' +
    '","lastSeq":1,"missing":[]}],"firstEventMs":1,"lastEventMs":1,"lastReceivedMs":1,"readings":1,"nextChunk":1,' +
    '"openPart":1,"openRows":1,"tailRows":1,"tail":["20","holds":[]}',
);

/** The bytes of a state as its item holds them. */
export const encodeState = (state: AssetState): Uint8Array =>
  deflateRawSync(JSON.stringify(assetState.parse(state)), { dictionary, level: 6 });

/** @throws CorruptDataError when the bytes are not a state */
export function decodeState(bytes: Uint8Array): AssetState {
  try {
    const text = inflateRawSync(bytes, { dictionary, maxOutputLength: maxStateBytes }).toString('utf8');
    return assetState.parse(JSON.parse(text));
  } catch (cause) {
    throw new CorruptDataError('An asset state does not read back as it was written.', {
      code: 'state-corrupt',
      cause,
    });
  }
}

type Item = Record<string, AttributeValue>;

/** A state as its item holds it. @throws CorruptDataError */
export function stateOf(item: Item): AssetState {
  const state = decodeState(item.state?.B ?? new Uint8Array());
  if (state.asset === item.asset?.S && String(state.version) === item.version?.N) return state;
  throw new CorruptDataError(`The state of ${item.asset?.S} contradicts its own item.`, { code: 'state-corrupt' });
}

/**
 * The state table.
 * @example const states = dynamoStateStore(dynamoDb(), env.TABLE_STATE);
 */
export function dynamoStateStore(client: DynamoDBClient, table: string): StateStore {
  const keyOf = (asset: string) => ({ asset: { S: asset } });

  return {
    async get(asset) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: keyOf(asset), ConsistentRead: true }),
      );
      return Item === undefined ? undefined : stateOf(Item);
    },

    async getMany(assets) {
      const states = new Map<string, AssetState | CorruptDataError>();
      for (const item of await batchGet(client, table, assets.map(keyOf))) {
        try {
          states.set(item.asset!.S!, stateOf(item));
        } catch (error) {
          if (!(error instanceof CorruptDataError)) throw error;
          states.set(item.asset!.S!, error);
        }
      }
      return states;
    },

    async put(state) {
      const item: Item = {
        ...keyOf(state.asset),
        version: { N: String(state.version) },
        state: { B: encodeState(state) },
        // Tells this put from another one that would write the very same state.
        put: { B: randomBytes(8) },
        ...(state.lastReceivedMs === undefined ? {} : { lastReceivedMs: { N: String(state.lastReceivedMs) } }),
      };
      const isFirst = state.version === 0;
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: item,
            ConditionExpression: isFirst ? 'attribute_not_exists(asset)' : '#version = :before',
            ...(isFirst
              ? {}
              : {
                  ExpressionAttributeNames: { '#version': 'version' },
                  ExpressionAttributeValues: { ':before': { N: String(state.version - 1) } },
                }),
          }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return isOurs(item);
      }
    },

    async *list() {
      const pages = paginateScan({ client }, { TableName: table, ProjectionExpression: 'asset, lastReceivedMs' });
      for await (const page of pages) {
        for (const item of page.Items ?? []) {
          const lastReceivedMs = item.lastReceivedMs?.N;
          yield {
            asset: item.asset!.S!,
            ...(lastReceivedMs === undefined ? {} : { lastReceivedMs: Number(lastReceivedMs) }),
          };
        }
      }
    },
  };

  /** After a lost answer the client sends a put twice; then what stands in the way is our own item. */
  async function isOurs(item: Item): Promise<boolean> {
    const { Item: there } = await client.send(
      new GetItemCommand({ TableName: table, Key: { asset: item.asset! }, ConsistentRead: true }),
    );
    const put = there?.put?.B;
    return put !== undefined && Buffer.compare(put, item.put!.B!) === 0;
  }
}
