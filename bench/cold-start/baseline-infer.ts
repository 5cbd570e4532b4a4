/** What a stated flag's inference cannot do without: the runtime and the clients; no model is asked, so none is opened. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import * as ort from 'onnxruntime-node';

const clients = [new DynamoDBClient({}), new S3Client({})];

export const handler = async () => ({ runtime: typeof ort.InferenceSession, clients: clients.length });
