/** Grants that the end-to-end story does not need, each with the reason why it stays. */

import type { StackModel } from '../../local/assembly/model.ts';
import type { CountedCall } from '../../local/calls/call-log.ts';
import { functionGrants, type Grant, unusedGrants } from '../support/iam.ts';

export interface UnusedGrant {
  /** Function, as in `lib/contracts/names.ts`; absent where it holds for each that has the grant. */
  readonly fn?: string;
  readonly action: string;
  /** Part of the resource's ARN. @default any */
  readonly on?: string;
  readonly reason: string;
}

const byLambda = 'The Lambda service makes this call in the function’s name.';

export const unusedGrantsWithReason: readonly UnusedGrant[] = [
  { action: 'logs:CreateLogStream', reason: byLambda },
  { action: 'logs:PutLogEvents', reason: byLambda },
  ...[
    'DescribeStreamSummary',
    'GetRecords',
    'GetShardIterator',
    'ListShards',
    'SubscribeToShard',
    'DescribeStream',
    'ListStreams',
    'DescribeStreamConsumer',
  ].map((name) => ({ fn: 'screen', action: `kinesis:${name}`, on: 'stream/', reason: byLambda })),
  ...['notify', 'sample'].flatMap((fn) =>
    ['SendMessage', 'GetQueueAttributes', 'GetQueueUrl'].map((name) => ({
      fn,
      action: `sqs:${name}`,
      on: 'dead-letters',
      reason: `${byLambda} It sends the events there that the function could not take.`,
    })),
  ),
  ...['SendMessage', 'GetQueueAttributes', 'GetQueueUrl'].map((name) => ({
    fn: 'screen',
    action: `sqs:${name}`,
    on: 'dead-letters',
    reason: `${byLambda} It sends the batches there that failed too often.`,
  })),
  ...['screen', 'calibrate', 'infer', 'verify', 'api'].map((fn) => ({
    fn,
    action: 's3:ListBucket',
    on: 'data',
    reason: 'No call needs it, but without it S3 answers 403 instead of 404 for an object that is absent.',
  })),
  {
    action: 'dynamodb:GetItem',
    on: 'table/groundcrew-audit',
    reason: 'Asked only when two appends to one chain race for the same place.',
  },
  {
    fn: 'screen',
    action: 's3:GetObject',
    on: '/window/',
    reason: 'Asked only when a conditional put was refused: whether the chunk that stands there is the same.',
  },
  {
    fn: 'screen',
    action: 'dynamodb:GetItem',
    on: 'table/groundcrew-state',
    reason: 'Asked only when a conditional put was refused: whether what stands there is its own.',
  },
  {
    fn: 'screen',
    action: 's3:GetObject',
    on: '/open/',
    reason: 'It has what it wrote on its disk; a process that starts later has not.',
  },
  {
    fn: 'screen',
    action: 's3:PutObject',
    on: '/window/',
    reason: 'Written when an asset has filled a chunk, after 256 readings.',
  },
  {
    fn: 'screen',
    action: 'dynamodb:UpdateItem',
    on: 'table/groundcrew-decisions',
    reason: 'Parts of scores, written with a full chunk, after 256 readings.',
  },
  {
    fn: 'calibrate',
    action: 's3:GetObject',
    on: '/open/',
    reason:
      'Read when the readings of a warm-up came in several parts; on a slow machine they come in one, kept in the state.',
  },
  {
    fn: 'calibrate',
    action: 's3:GetObject',
    on: '/window/',
    reason: 'Read when a warm-up is longer than the chunk that is filling.',
  },
  {
    fn: 'calibrate',
    action: 's3:GetObject',
    on: '/calibration/',
    reason: 'Read when an asset is due for its next calibration, hours or days after the one before.',
  },
  ...[
    { fn: 'calibrate', action: 'dynamodb:PutItem', on: 'table/groundcrew-subjects' },
    { fn: 'calibrate', action: 'kms:GenerateDataKey', on: 'key/' },
  ].map((grant) => ({
    ...grant,
    reason: 'Makes the key of a person who speaks for the first time; whoever orders something else before has one.',
  })),
  ...[
    { action: 'dynamodb:GetItem', on: 'table/groundcrew-subjects' },
    { action: 'kms:Decrypt', on: 'key/' },
  ].map((grant) => ({
    fn: 'review-timeout',
    ...grant,
    reason: 'Records a first yes of two whose process died before, when nobody else has said yes in time.',
  })),
  {
    fn: 'review-request',
    action: 'dynamodb:UpdateItem',
    on: 'table/groundcrew-cases',
    reason: 'Renews the token when the state machine asks the same round again.',
  },
  {
    fn: 'notify',
    action: 'secretsmanager:GetSecretValue',
    on: 'notify-ops',
    reason: 'Read when a route leads to a channel with a webhook; `test/e2e/notify.test.ts` has one.',
  },
  ...[
    { fn: 'notify', action: 'secretsmanager:GetSecretValue', on: 'notify-phones' },
    { fn: 'notify', action: 'dynamodb:GetItem', on: 'table/groundcrew-subjects' },
    { fn: 'notify', action: 'kms:Decrypt', on: 'key/' },
    { fn: 'api', action: 'secretsmanager:GetSecretValue', on: 'notify-phones' },
  ].map((grant) => ({
    ...grant,
    reason: 'Needed where somebody turns on messages to a browser; `test/e2e/notify.test.ts` does.',
  })),
  ...['remediate', 'reconcile', 'api'].map((fn) => ({
    fn,
    action: 'secretsmanager:GetSecretValue',
    on: 'ticket',
    reason: 'Read when a ticket is raised, asked about or closed; `test/e2e/tickets.test.ts` has some.',
  })),
  {
    fn: 'permit',
    action: 'dynamodb:PutItem',
    on: 'table/groundcrew-ledger',
    reason: 'Takes the one probe of a half-open breaker, minutes after the endpoint failed repeatedly.',
  },
  {
    fn: 'reconcile',
    action: 'dynamodb:PutItem',
    on: 'table/groundcrew-state',
    reason: 'Sets the hold of an action that only reconciliation found done.',
  },
  ...['GetItem', 'PutItem'].map((name) => ({
    fn: 'close',
    action: `dynamodb:${name}`,
    on: 'table/groundcrew-ledger',
    reason: 'Keeps what a person said of an effect whose outcome nobody else could tell.',
  })),
  {
    fn: 'route',
    action: 'dynamodb:Query',
    on: 'table/groundcrew-cases',
    reason: 'Reads the questions of a case to which a surer decision came, which the story may have none of.',
  },
  {
    fn: 'sweeper',
    action: 'states:RedriveExecution',
    on: 'execution:groundcrew-case',
    reason: 'Goes on with a case whose flow failed, which the story has none of.',
  },
  {
    fn: 'api',
    action: 'dynamodb:BatchGetItem',
    on: 'table/groundcrew-ledger',
    reason: 'Reads the effects that are on their way while somebody looks, which those of the test seldom are.',
  },
  {
    fn: 'api',
    action: 'dynamodb:BatchGetItem',
    on: 'table/groundcrew-operations',
    reason: 'Reads the samples that wait for a person, of which there may be none when somebody looks.',
  },
  {
    fn: 'checkpoint',
    action: 's3:GetObject',
    on: 'checkpoints/',
    reason: 'Reads the checkpoint before, from the second ten minutes on.',
  },
];

/** Grants of the functions concerned that none of the calls needed and that have no reason to stay. */
export function unexplainedGrants(
  model: Pick<StackModel, 'functions' | 'roles'>,
  calls: readonly CountedCall[],
  isConcerned: (functionName: string) => boolean,
): Grant[] {
  const nameOf = new Map(model.functions.map(({ logicalId, name }) => [logicalId, name]));
  return unusedGrants(functionGrants(model), calls).filter(
    (grant) =>
      isConcerned(nameOf.get(grant.caller) ?? '') &&
      !unusedGrantsWithReason.some(
        ({ fn, action, on }) =>
          grant.action === action &&
          grant.resource.includes(on ?? '') &&
          (fn === undefined || nameOf.get(grant.caller) === `groundcrew-${fn}`),
      ),
  );
}
