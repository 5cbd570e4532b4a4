/** What a request to an AWS service is about, read from its protocol. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

export interface AwsCall {
  /** Logical id of the function that calls. */
  readonly caller: string;
  readonly service: string;
  readonly operation: string;
  /** Of DynamoDB only: where it reads from, and whether it may see an older state. */
  readonly table: string | undefined;
  readonly index: string | undefined;
  readonly consistent: boolean;
  readonly body: Buffer;
}

const dynamoBody = z.object({
  TableName: z.string().optional(),
  IndexName: z.string().optional(),
  ConsistentRead: z.boolean().optional(),
});
const dynamoReads = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);

export function awsCallOf(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer): AwsCall {
  const scope = /Credential=([\w-]+)\/\d{8}\/[\w-]+\/([\w-]+)\//.exec(headers.authorization ?? '');
  const target = headers['x-amz-target'];
  const service = scope?.[2] ?? '-';
  const operation = typeof target === 'string' ? target.replace(/^.*\./, '') : `${method} ${url.split('/')[1] ?? ''}`;
  const isDynamo = service === 'dynamodb';
  const about = isDynamo ? dynamoBody.parse(JSON.parse(body.toString('utf8'))) : {};
  return {
    caller: scope?.[1] ?? '-',
    service,
    operation,
    table: about.TableName,
    index: about.IndexName,
    // Each table of a batch says for itself; all of ours are consistent.
    consistent:
      !isDynamo || !dynamoReads.has(operation) || operation === 'BatchGetItem' || about.ConsistentRead === true,
    body,
  };
}

/** Whether something may have changed after it; what only reads cannot fail "after it was done". */
export const isWrite = ({ service, operation }: AwsCall): boolean =>
  service === 'dynamodb' ? !dynamoReads.has(operation) : !/^(Get|List|Describe|GET |HEAD )/.test(operation);

const putEventsBody = z.object({
  Entries: z.array(z.object({ DetailType: z.string(), Detail: z.string() }).loose()),
});
export type BusEntries = z.infer<typeof putEventsBody>['Entries'];

/** Entries of a PutEvents call. */
export const entriesOf = (call: AwsCall): BusEntries | undefined =>
  call.operation === 'PutEvents' ? putEventsBody.parse(JSON.parse(call.body.toString('utf8'))).Entries : undefined;
