/** An export that was made from the tables is checked from its files alone, and every change to them is named. */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { auditFolder, publicKeyFile, writeAuditFolder } from '../../../bin/commands/support/audit-folder.ts';
import { allChains, appendAudit, chainTexts } from '../../../lib/adapters/aws/audit-store.ts';
import { makeCheckpoint } from '../../../lib/adapters/aws/checkpoint-run.ts';
import { listCheckpoints, readCheckpointText } from '../../../lib/adapters/aws/checkpoint-store.ts';
import { publicKeyPem } from '../../../lib/adapters/aws/signing.ts';
import { readPublicKey } from '../../../lib/core/audit/checkpoint.ts';
import { type AuditSource, verifyAudit } from '../../../lib/core/audit/report.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

const bucketMs = 600_000;
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const objects = new Map<string, string>();
let tables: TestTables;
let audit: { client: TestTables['client']; table: string };
let source: AuditSource;
let pem: string;
let folder: string;

/** KMS and S3 are stood in for at the SDK's edge: what is signed and stored is real. */
function standIns() {
  const kms = mockClient(KMSClient);
  kms.on(SignCommand).callsFake(({ Message, SigningAlgorithm, KeyId }) => {
    expect(SigningAlgorithm).toBe('ECDSA_SHA_256');
    return { KeyId, Signature: sign('sha256', Message, privateKey) };
  });
  kms.on(GetPublicKeyCommand).resolves({ PublicKey: publicKey.export({ format: 'der', type: 'spki' }) });
  const s3 = mockClient(S3Client);
  s3.on(PutObjectCommand).callsFake(({ Key, Body, IfNoneMatch }) => {
    if (IfNoneMatch === '*' && objects.has(Key)) {
      const $metadata = { httpStatusCode: 412 };
      throw new S3ServiceException({ name: 'PreconditionFailed', $fault: 'client', $metadata });
    }
    objects.set(Key, String(Body));
    return {};
  });
  s3.on(ListObjectsV2Command).callsFake(({ StartAfter = '' }) => ({
    Contents: [...objects.keys()].filter((key) => key > StartAfter).map((Key) => ({ Key })),
  }));
  s3.on(GetObjectCommand).callsFake(({ Key }) => ({
    Body: { transformToString: async () => objects.get(Key) },
  }));
}

beforeAll(async () => {
  standIns();
  tables = await startTables();
  audit = { client: tables.client, table: (await tables.create('audit-cli')).audit! };
  const checkpoints = { client: new S3Client({}), bucket: 'b' };
  const world = { audit, checkpoints, kms: new KMSClient({}), keyId: 'alias/k' };
  const append = (chain: string, n: number, atMs: number) =>
    appendAudit(audit, { chain, type: 'flag-attached', key: [`${n}`], correlationId: 'c', body: { n } }, atMs);
  for (let bucket = 100; bucket < 103; bucket += 1) {
    for (let n = 0; n < 3; n += 1)
      for (const chain of ['case#a', 'asset#pump-1']) await append(chain, bucket * 10 + n, bucket * bucketMs + n);
    expect(await makeCheckpoint(world, bucket * bucketMs + 500_000)).toMatchObject({ heads: 2, stored: true });
    expect(await makeCheckpoint(world, bucket * bucketMs + 510_000)).toMatchObject({ stored: false });
  }
  await append('case#late', 1, 103 * bucketMs);
  source = {
    chains: () => allChains(audit),
    lines: (chain) => chainTexts(audit, chain),
    checkpoints: async () =>
      Promise.all(
        (await listCheckpoints(checkpoints)).map(async (key) => ({
          name: key.split('/').at(-1)!,
          text: await readCheckpointText(checkpoints, key),
        })),
      ),
  };
  pem = await publicKeyPem(new KMSClient({}), 'alias/k');
});
afterAll(() => tables.stop());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  await writeAuditFolder(folder, source, pem);
});

const check = () => verifyAudit(auditFolder(folder), readPublicKey(readFileSync(join(folder, publicKeyFile), 'utf8')));
const chainPath = () => join(folder, 'chains', 'case-a.jsonl');
const linesOf = () => readFileSync(chainPath(), 'utf8').trimEnd().split('\n');
const write = (lines: readonly string[]) => writeFileSync(chainPath(), lines.map((line) => `${line}\n`).join(''));

describe('an exported audit', () => {
  test('verifies from its files, as the deployment itself does', async () => {
    const expected = { verified: true, chains: 3, entries: 19, facts: 19, checkpoints: 3, uncovered: 1, faults: [] };
    expect(await check()).toEqual(expected);
    expect(await verifyAudit(source, createPublicKey(pem))).toEqual(expected);
  });

  test('a changed digit, a removed entry and a cut tail are named', async () => {
    const lines = linesOf();
    write(lines.with(4, lines[4]!.replace('"n":1011', '"n":1012')));
    expect(await check()).toMatchObject({
      verified: false,
      faults: [{ chain: 'case#a', line: 5, problem: 'changed' }],
    });
    write(lines.toSpliced(4, 1));
    expect(await check()).toMatchObject({ faults: [{ chain: 'case#a', line: 5, problem: 'missing' }] });
    write(lines.slice(0, -1));
    expect(await check()).toMatchObject({ faults: [{ chain: 'case#a', problem: 'truncated' }] });
  });

  test('a chain that was removed or renamed, and a checkpoint that was removed, are named', async () => {
    renameSync(chainPath(), join(folder, 'chains', 'case-z.jsonl'));
    const { faults } = await check();
    expect(faults.map(({ chain, problem }) => [chain, problem])).toEqual([
      ['case#a', 'truncated'],
      ['case#z', 'foreign'],
    ]);
    const names = readdirSync(join(folder, 'checkpoints')).sort();
    rmSync(join(folder, 'checkpoints', names[1]!));
    expect(await check()).toMatchObject({ verified: false, checkpointFault: { checkpoint: names[2] } });
  });

  test('does not go into a folder that holds something already', async () => {
    await expect(writeAuditFolder(folder, source, pem)).rejects.toThrow(/not empty/);
    expect(() => auditFolder(join(folder, 'checkpoints'))).toThrow(/not an exported audit/);
  });
});
