/** An export that was made from the tables is checked from its files alone, and every change to them is named. */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { auditFolder, publicKeyFile, writeAuditFolder } from '../../../bin/commands/support/audit-folder.ts';
import { allChains, appendAudit, chainTexts, readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { makeCheckpoint } from '../../../lib/adapters/aws/checkpoint-run.ts';
import { listCheckpoints, readCheckpointText } from '../../../lib/adapters/aws/checkpoint-store.ts';
import { publicKeyPem } from '../../../lib/adapters/aws/signing.ts';
import { configuration } from '../../../lib/contracts/configuration.ts';
import type { Deployment } from '../../../lib/contracts/deployment.ts';
import { hashOf } from '../../../lib/core/audit/canonical.ts';
import { readPublicKey } from '../../../lib/core/audit/checkpoint.ts';
import { type AuditSource, verifyAudit } from '../../../lib/core/audit/report.ts';
import { startTables, type TestTables } from '../../support/tables.ts';

const bucketMs = 600_000;
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const objects = new Map<string, string>();
const archives = new Map<string, Uint8Array>();
/** Raw batches by key, and when they were stored. */
const batches = new Map<string, number>();
const deploymentWith = (given: object): Deployment => ({
  configuration: configuration.parse(given),
  configurationHash: hashOf(configuration.parse(given)),
  codeHash: 'c'.repeat(64),
  models: {},
  endpoint: 'https://plant.example',
  allowPrivateEndpoints: false,
});
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
    if (Key.startsWith('archive/')) archives.set(Key, Body);
    else objects.set(Key, String(Body));
    return {};
  });
  s3.on(ListObjectsV2Command).callsFake(({ Bucket, Prefix, StartAfter = '' }) => ({
    Contents:
      Bucket === 'd'
        ? [...batches]
            .filter(([key]) => key.startsWith(Prefix))
            .map(([Key, atMs]) => ({ Key, ETag: `"${Key.length}"`, LastModified: new Date(atMs) }))
        : [...objects.keys()].filter((key) => key > StartAfter).map((Key) => ({ Key })),
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
  const data = { client: new S3Client({}), bucket: 'd' };
  const deployed = deploymentWith({});
  const world = { audit, checkpoints, data, kms: new KMSClient({}), keyId: 'alias/k', deployed };
  const append = (chain: string, n: number, atMs: number) =>
    appendAudit(audit, { chain, type: 'flag-attached', key: [`${n}`], correlationId: 'c', body: { n } }, atMs);
  for (let bucket = 100; bucket < 103; bucket += 1) {
    for (let n = 0; n < 3; n += 1)
      for (const chain of ['case#a', 'asset#pump-1']) await append(chain, bucket * 10 + n, bucket * bucketMs + n);
    // The configuration changes in the last of them, and is there from the first on.
    const now = bucket === 102 ? { ...world, deployed: deploymentWith({ quotaPerAssetHour: 3 }) } : world;
    const storedMs = bucket * bucketMs + 1_000;
    const hour = new Date(storedMs).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
    batches.set(`raw/${hour}/b${bucket}.json.gz`, storedMs);
    expect(await makeCheckpoint(now, bucket * bucketMs + 500_000)).toMatchObject({
      heads: 3,
      batches: bucket === 100 ? 1 : 2,
      stored: true,
    });
    expect(await makeCheckpoint(now, bucket * bucketMs + 510_000)).toMatchObject({ stored: false });
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
afterEach(() => rmSync(folder, { recursive: true }));

const check = () => verifyAudit(auditFolder(folder), readPublicKey(readFileSync(join(folder, publicKeyFile), 'utf8')));
const chainPath = () => join(folder, 'chains', 'case-a.jsonl');
const linesOf = () => readFileSync(chainPath(), 'utf8').trimEnd().split('\n');
const write = (lines: readonly string[]) => writeFileSync(chainPath(), lines.map((line) => `${line}\n`).join(''));

describe('an exported audit', () => {
  test('verifies from its files, as the deployment itself does', async () => {
    const expected = { verified: true, chains: 4, entries: 21, facts: 21, checkpoints: 3, uncovered: 1, faults: [] };
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

  test('says what was deployed from when on, each change once', async () => {
    const entries = (await readChain(audit, 'system#configuration')).map(({ at, body }) => [
      at,
      (body as { configuration: { quotaPerAssetHour: number } }).configuration.quotaPerAssetHour,
    ]);
    expect(entries).toEqual([
      [100 * bucketMs + 500_000, 6],
      [102 * bucketMs + 500_000, 3],
    ]);
  });

  test('a changed batch list is found, and what was signed stands in the archive as it was', async () => {
    const names = readdirSync(join(folder, 'checkpoints')).sort();
    const file = join(folder, 'checkpoints', names[1]!);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('"batchCount":2');
    writeFileSync(file, text.replace('b101.json.gz', 'b999.json.gz'));
    expect(await check()).toMatchObject({
      checkpointFault: { checkpoint: names[1], detail: expect.stringContaining('batches') },
    });
    const lines = new Set(
      [...archives.values()].flatMap((bytes) => gunzipSync(bytes).toString('utf8').trimEnd().split('\n')),
    );
    for (const line of linesOf()) expect(lines).toContain(line);
  });

  test('a range looks at the chains that changed in it, each whole', async () => {
    const key = readPublicKey(pem);
    expect(await verifyAudit(source, key, { from: 103, to: 103 })).toMatchObject({ verified: true, chains: 4 });
    const early = { ...source, chains: async () => [] };
    expect(await verifyAudit(early, key, { from: 102, to: 102 })).toMatchObject({ verified: true, chains: 3 });
    expect(await verifyAudit(early, key, { from: 200, to: 300 })).toMatchObject({ verified: true, chains: 0 });
    const cut = { ...early, lines: () => (async function* () {})() };
    expect(await verifyAudit(cut, key, { from: 102, to: 102 })).toMatchObject({ verified: false });
  });

  test('does not go into a folder that holds something already', async () => {
    await expect(writeAuditFolder(folder, source, pem)).rejects.toThrow(/not empty/);
    expect(() => auditFolder(join(folder, 'checkpoints'))).toThrow(/not an exported audit/);
  });
});
