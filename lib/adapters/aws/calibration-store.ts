/** Why each asset is measured as it is: one partition of the operations table, an item an asset. */
import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { type CalibrationRecord, calibrationRecord } from '../../contracts/calibration.ts';
import type { CalibrationBook, StoredRecord } from '../../core/decision/fits.ts';
import { CorruptDataError } from '../../core/errors.ts';
import {
  getItem,
  type OperationsTable,
  putItem,
  readJsonOf,
  type VersionedItem,
  versioned,
} from './operations-table.ts';

const partition = 'calibrations';
const keyOf = (asset: string) => ({ pk: partition, sk: asset });

const storedOf = (item: VersionedItem, asset: string): StoredRecord => ({
  record: readJsonOf(calibrationRecord, item, `The record of ${asset}'s calibration`),
  version: item.version,
});

/** Read consistently; `undefined` where the asset has never been calibrated. @throws CorruptDataError */
export async function calibrationRecordAt(at: OperationsTable, asset: string): Promise<StoredRecord | undefined> {
  const item = await getItem(at, keyOf(asset));
  return item && storedOf(item, asset);
}

/** @example const records = dynamoCalibrationBook(dynamoDb(), env.TABLE_OPERATIONS); */
export function dynamoCalibrationBook(client: DynamoDBClient, table: string): CalibrationBook {
  const at = { client, table };
  return {
    get: (asset) => calibrationRecordAt(at, asset),

    async all() {
      const pages = paginateQuery(
        { client },
        {
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: partition } },
        },
      );
      const records = new Map<string, StoredRecord | CorruptDataError>();
      for await (const page of pages)
        for (const item of page.Items ?? []) {
          const asset = item.sk?.S ?? '';
          try {
            records.set(asset, storedOf(versioned(item), asset));
          } catch (error) {
            if (!(error instanceof CorruptDataError)) throw error;
            records.set(asset, error);
          }
        }
      return records;
    },

    put: (record: CalibrationRecord, version) =>
      putItem(at, keyOf(record.asset), { json: JSON.stringify(calibrationRecord.parse(record)), version }),
  };
}
