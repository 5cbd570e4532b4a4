/** A little of S3, EventBridge and Step Functions over HTTP, in memory: what the handlers call beside DynamoDB. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AwsEndpoint {
  readonly url: string;
  readonly objects: Map<string, Buffer>;
  readonly events: { DetailType: string; Detail: string }[];
  readonly executions: { name: string; input: string }[];
  /** Entries of PutEvents that are refused, although the call succeeds. */
  refuseEntries: number;
  stop(): Promise<void>;
}

export async function startAwsEndpoint(): Promise<AwsEndpoint> {
  const objects = new Map<string, Buffer>();
  const events: AwsEndpoint['events'] = [];
  const executions: AwsEndpoint['executions'] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      const target = String(request.headers['x-amz-target'] ?? '');
      const path = decodeURIComponent(request.url!.split('?')[0]!);
      const json = (status: number, value: unknown) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
      };
      if (target.endsWith('PutEvents')) {
        const entries = JSON.parse(body.toString()).Entries as AwsEndpoint['events'];
        const Entries = entries.map((entry) => {
          if (endpoint.refuseEntries > 0) {
            endpoint.refuseEntries -= 1;
            return { ErrorCode: 'ThrottlingException' };
          }
          events.push(entry);
          return { EventId: String(events.length) };
        });
        json(200, { FailedEntryCount: 0, Entries });
      } else if (target.endsWith('StartExecution')) {
        const { name, input } = JSON.parse(body.toString());
        if (executions.some((one) => one.name === name)) json(400, { __type: 'ExecutionAlreadyExists' });
        else {
          executions.push({ name, input });
          json(200, { executionArn: 'arn', startDate: 1 });
        }
      } else if (target.endsWith('ListExecutions')) json(200, { executions: [] });
      else if (request.method === 'PUT') {
        objects.set(path, body);
        response.writeHead(200, { etag: '"x"' }).end();
      } else if (objects.has(path)) response.writeHead(200).end(objects.get(path));
      else response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: AwsEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    events,
    executions,
    refuseEntries: 0,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return endpoint;
}
