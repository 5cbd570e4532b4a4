/** What screening cannot do without: the runtime, its session, the clients of the services it calls. Nothing else. */
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import * as ort from 'onnxruntime-node';

const session = ort.InferenceSession.create(join(__dirname, 'models/screen/screen.onnx'), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const clients = [new DynamoDBClient({}), new EventBridgeClient({}), new S3Client({})];

export const handler = async () => ({ inputs: (await session).inputNames.length, clients: clients.length });
