/** `audit replay` as people type it, on a running stack: its report, its words, how it ended, and what it asked of AWS. */
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { jest } from '@jest/globals';
import { Command } from 'commander';
import type { Stack } from '../../../bench/stack/stack.ts';
import { registerAudit } from '../../../bin/commands/audit.ts';
import type { CommandContext } from '../../../bin/commands/support/context.ts';
import type { ReplayReport } from '../../../bin/commands/support/replay-decision.ts';
import { s3ObjectStore } from '../../../lib/adapters/aws/object-store.ts';
import type { AuditEntry } from '../../../lib/contracts/audit.ts';
import { canonical } from '../../../lib/core/audit/canonical.ts';
import { isSame } from '../../../lib/core/decision/replay.ts';

export interface ReplayRun {
  readonly printed: string;
  readonly exitCode: number;
  /** Names of the calls, each once. */
  readonly calls: readonly string[];
}

export async function runReplay(stack: Stack, ...words: readonly string[]): Promise<ReplayRun> {
  let printed = '';
  const calls = new Set<string>();
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  // They go through: only their names are kept.
  const sent = [DynamoDBClient, S3Client].map((client) => jest.spyOn(client.prototype, 'send'));
  try {
    const program = new Command().exitOverride();
    registerAudit(program);
    process.exitCode = undefined;
    await program.parseAsync(['audit', 'replay', ...words, '--data', stack.data], { from: 'user' });
    for (const spy of sent) for (const [command] of spy.mock.calls) calls.add(command.constructor.name);
    return { printed, exitCode: Number(process.exitCode ?? 0), calls: [...calls].sort() };
  } finally {
    process.exitCode = undefined;
    for (const spy of [write, ...sent]) spy.mockRestore();
  }
}

export const replayReport = async (stack: Stack, ...words: readonly string[]): Promise<ReplayReport> =>
  JSON.parse((await runReplay(stack, ...words, '--json')).printed) as ReplayReport;

/** Points that are not as they were recorded, and how. */
export const notSame = ({ grounds, results }: ReplayReport): string[] =>
  [...grounds, ...results]
    .filter((point) => !isSame(point))
    .map(({ what, result, detail }) => `${what} ${result}: ${detail}`);

/** Another object of the data bucket, or none, until `then` is over. */
export async function whileObjectIs<T>(
  { s3, names }: CommandContext,
  { key, change }: { readonly key: string; readonly change: (bytes: Uint8Array) => Uint8Array | undefined },
  then: () => Promise<T>,
): Promise<T> {
  const objects = s3ObjectStore(s3(), names.dataBucket);
  const before = (await objects.get(key))!;
  const changed = change(before);
  if (changed) await objects.put(key, changed);
  else await s3().send(new DeleteObjectCommand({ Bucket: names.dataBucket, Key: key }));
  try {
    return await then();
  } finally {
    await objects.put(key, before);
  }
}

/** As nobody may and an administrator can. */
export const overwriteEntry = ({ dynamodb, names }: CommandContext, entry: AuditEntry) =>
  dynamodb().send(
    new UpdateItemCommand({
      TableName: names.table('audit'),
      Key: { chain: { S: entry.chain }, seq: { N: String(entry.seq) } },
      UpdateExpression: 'SET entry = :entry',
      ExpressionAttributeValues: { ':entry': { S: canonical(entry) } },
    }),
  );
