/** What inference cannot do without: the runtime, the classifier's session, the clients of the services it calls. */
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import * as ort from 'onnxruntime-node';

const session = ort.InferenceSession.create(join(__dirname, 'models/water-network/model.onnx'), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const clients = [new DynamoDBClient({}), new S3Client({})];

export const handler = async () => ({ inputs: (await session).inputNames.length, clients: clients.length });
