/** The console's world as the function `api` has it, from its environment. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetPublicKeyCommand } from '@aws-sdk/client-kms';
import type { PublicKey } from '../../../contracts/api.ts';
import { modelCard } from '../../../contracts/model-card.ts';
import { namesOf } from '../../../contracts/names.ts';
import { DependencyError } from '../../../core/errors.ts';
import { Documents } from '../../../core/ingest/documents.ts';
import { allPacks, type Pack, type Packs } from '../../../core/pack.ts';
import { WindowStore } from '../../../core/window/window-store.ts';
import { modelsPath } from '../../models-folder.ts';
import { channelSecret } from '../../notification/configured.ts';
import { dynamoDb, kms, s3, secretsManager } from '../clients.ts';
import { environment } from '../environment.ts';
import { s3ObjectStore } from '../object-store.ts';
import { cachedSecret } from '../secrets.ts';
import { subjectWorld } from '../worlds.ts';
import type { ConsoleWorld, Invoked, ShownPack } from './world.ts';

/** Cells of readings that are kept in memory between requests: 16 MB. */
const maxCells = 1_000_000;
const maxDocumentBytes = 32 * 1024 * 1024;

export function consoleWorld(packs: Packs): ConsoleWorld {
  const env = environment(
    'GROUNDCREW_PREFIX',
    'TABLE_AUDIT',
    'TABLE_DECISIONS',
    'TABLE_CASES',
    'TABLE_LEDGER',
    'TABLE_STATE',
    'TABLE_STOP',
    'TABLE_SUBJECTS',
    'TABLE_SESSIONS',
    'TABLE_OPERATIONS',
    'BUCKET_DATA',
    'BUCKET_AUDIT',
    'CASE_FLOW_ARN',
    'CHANNELS',
    'DEAD_LETTERS_URL',
    'SIGNING_KEY_ID',
  );
  const objects = s3ObjectStore(s3(), env.BUCKET_DATA);
  const functions = namesOf(env.GROUNDCREW_PREFIX);
  let key: PublicKey | undefined;
  let secret: ReturnType<typeof cachedSecret> | undefined;
  let shown: Promise<Readonly<Record<string, ShownPack>>> | undefined;
  return {
    client: dynamoDb(),
    tables: {
      audit: env.TABLE_AUDIT,
      decisions: env.TABLE_DECISIONS,
      cases: env.TABLE_CASES,
      ledger: env.TABLE_LEDGER,
      state: env.TABLE_STATE,
      stop: env.TABLE_STOP,
      subjects: env.TABLE_SUBJECTS,
      sessions: env.TABLE_SESSIONS,
      operations: env.TABLE_OPERATIONS,
    },
    objects,
    documents: new Documents(objects, maxDocumentBytes),
    windows: new WindowStore(objects, maxCells),
    checkpoints: { client: s3(), bucket: env.BUCKET_AUDIT },
    subjects: subjectWorld(),
    packs: () => {
      shown ??= shownPacks(packs);
      return shown;
    },
    caseFlowArn: env.CASE_FLOW_ARN,
    channels: env.CHANNELS,
    channelSecret: async (name) => {
      secret ??= cachedSecret(secretsManager(), functions.secret(channelSecret(name)), Date.now);
      return await secret();
    },
    publicKey: async () => {
      key ??= await readPublicKey(env.SIGNING_KEY_ID);
      return key;
    },
    // Loaded with the first look at the figures.
    deadLetters: async () =>
      (await import('./dead-letters.ts')).deadLetters(env.DEAD_LETTERS_URL, process.env.AWS_REGION ?? '', Date.now()),
    invoke: async (name, payload) => await invoke(functions.fn(name), payload),
    sleep: async (ms) => void (await sleep(ms)),
    now: Date.now,
  };
}

const shownPacks = async (packs: Packs): Promise<Readonly<Record<string, ShownPack>>> =>
  Object.fromEntries((await allPacks(packs)).map((pack) => [pack.manifest.name, shownPack(pack.manifest.name, pack)]));

/** Loaded with the first order: most requests only read. */
const invoke = async (functionName: string, payload: unknown): Promise<Invoked> =>
  (await import('./invoke.ts')).invokeFunction(functionName, payload);

async function readPublicKey(keyId: string): Promise<PublicKey> {
  const { PublicKey: spki, KeyId } = await kms().send(new GetPublicKeyCommand({ KeyId: keyId }));
  if (!spki) throw new DependencyError(`KMS gave no public key for ${keyId}`, { code: 'kms-no-public-key' });
  return { keyId: KeyId ?? keyId, algorithm: 'ECDSA_SHA_256', spki: Buffer.from(spki).toString('base64') };
}

/** What lies beside the bundle of a pack: read when it is looked at first. */
function shownPack(name: string, { manifest, featureWords }: Pack): ShownPack {
  let files: ShownPack['policyFiles'] | undefined;
  let card: ShownPack['card'] | null | undefined;
  return {
    manifest,
    featureWords,
    get policyFiles() {
      files ??= readFiles(modelsPath(name, 'policies'), '.cedar');
      return files;
    },
    get card() {
      card ??= readCard(modelsPath(name, 'card.json'));
      return card ?? undefined;
    },
  };
}

function readFiles(folder: string, ending: string): Record<string, string> {
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(ending)) : [];
  return Object.fromEntries(names.sort().map((file) => [file, readFileSync(`${folder}/${file}`, 'utf8')]));
}

const readCard = (file: string): ShownPack['card'] | null =>
  existsSync(file) ? modelCard.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
