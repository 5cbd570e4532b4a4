/** The console's routes on real tables, with orders carried out by the code that the functions run. */

import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { z } from 'zod';
import { consoleRoutes } from '../../lib/adapters/api/console-routes.ts';
import { pushRoutes, shutOut } from '../../lib/adapters/api/push-routes.ts';
import { type TicketSystem, ticketRoutes } from '../../lib/adapters/api/ticket-door.ts';
import { dynamoAudit } from '../../lib/adapters/aws/audit.ts';
import { appendAudit } from '../../lib/adapters/aws/audit-store.ts';
import { dynamoCalibrationBook } from '../../lib/adapters/aws/calibration-store.ts';
import { reviewPorts } from '../../lib/adapters/aws/case-ports.ts';
import { restoreCase } from '../../lib/adapters/aws/case-store.ts';
import type { ConsoleWorld, Invoked } from '../../lib/adapters/aws/console/world.ts';
import { putSample } from '../../lib/adapters/aws/counted-samples.ts';
import { dynamoDecisionStore } from '../../lib/adapters/aws/decision-store.ts';
import { dynamoFlagStore } from '../../lib/adapters/aws/flag-store.ts';
import { giveOrder } from '../../lib/adapters/aws/give-order.ts';
import { putHandover } from '../../lib/adapters/aws/handover-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import { type Subjects, sealing, subjectOf } from '../../lib/adapters/aws/subject-store.ts';
import type { AssetRegistration, AssetState } from '../../lib/contracts/asset.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import { reviewAnswer, takeBackOrder } from '../../lib/contracts/case.ts';
import type { TableName } from '../../lib/contracts/names.ts';
import type { HandoverNote, StandingOrder } from '../../lib/contracts/operations.ts';
import type { Sample } from '../../lib/contracts/sample.ts';
import { sha256 } from '../../lib/core/audit/canonical.ts';
import type { ReviewPorts } from '../../lib/core/case/ports.ts';
import { answerReview, requestReview } from '../../lib/core/case/review.ts';
import { takeBack } from '../../lib/core/case/take-back.ts';
import { calibrate, calibrateInput } from '../../lib/core/decision/calibrate.ts';
import { trigger, triggerInput } from '../../lib/core/decision/trigger.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import { handover } from '../../lib/core/operations/handover.ts';
import { newHandover } from '../../lib/core/operations/handover-note.ts';
import type { Bus, BusEvent } from '../../lib/core/ports.ts';
import { WindowStore } from '../../lib/core/window/window-store.ts';
import waterNetwork from '../../models/water-network/index.ts';
import { type ApiWorld, apiWorld } from './api-world.ts';
import { decisionFor, registrationOf, segmentUntil, windowRows } from './console-data.ts';
import { flagOf } from './decision-data.ts';
import { fakeKms } from './kms.ts';
import { memoryObjects } from './memory-objects.ts';
import { caseFor, proposalFor } from './remediation-world.ts';
import type { TestTables } from './tables.ts';

export const pushSecret = 'the-secret-text-of-the-channel-to-browsers';
const channels = {
  ops: { by: 'slack' },
  phones: { by: 'web-push', hosts: ['push.example'], contact: 'mailto:operators@example.org' },
};

export interface ConsoleTest {
  readonly api: ApiWorld;
  readonly world: ConsoleWorld;
  readonly reviews: ReviewPorts;
  readonly events: BusEvent[];
  /** Texts of checkpoints by their key. */
  readonly checkpoints: Map<string, string>;
  readonly publicKey: KeyObject;
  /** The cookie of the person named for a group; signed in once, because signing in too often is refused. */
  cookie(username: string): Promise<string>;
  /** How often the flow was woken. */
  woken(): number;
  /** Called before an order reaches its function. */
  beforeInvoke: (() => Promise<void>) | undefined;
  /** An asset with a window of readings that ends now; its flow channel has a gap and a missing cell. */
  asset(asset: string, change?: Partial<AssetRegistration>): Promise<AssetState>;
  /** A case that was opened for a decision of the asset, with its chain. */
  opened(id: string, change?: Partial<CaseRecord>): Promise<CaseRecord>;
  /** As `opened`, then asks people. */
  asked(id: string, change?: Partial<CaseRecord>, timeoutS?: number, thinkAgainS?: number): Promise<CaseRecord>;
  /** Usernames of those who edit the policies. */
  policyAuthors: readonly string[];
  /** A kind that is shelved on plant-1 for an hour. */
  shelved(kind: string): Promise<StandingOrder>;
  /** A note from shift to shift of somebody. */
  wrote(who: string): Promise<HandoverNote>;
  /** A decision of plant-1 by the automation alone, `leak`, chosen to be looked at. */
  sampled(id: string): Promise<Sample>;
  closed(record: CaseRecord, resolution: NonNullable<CaseRecord['resolution']>, atMs?: number): Promise<CaseRecord>;
}

/** @param tickets where the deployment raises tickets; absent where it raises none */
export async function consoleTest(tables: TestTables, prefix: string, tickets?: TicketSystem): Promise<ConsoleTest> {
  fakeKms();
  const names = (await tables.create(prefix)) as Readonly<Record<TableName, string>>;
  const objects = memoryObjects();
  const checkpoints = new Map<string, string>();
  standInForS3(checkpoints);
  const subjects: Subjects = { client: tables.client, table: names.subjects, kms: new KMSClient({}), keyId: 'k' };
  const events: BusEvent[] = [];
  const bus: Bus = {
    async publish(published) {
      events.push(...published);
      return { failed: [] };
    },
  };
  let woken = 0;
  const cookies = new Map<string, string>();
  const flows = {
    send: async () => {
      woken += 1;
    },
  } as unknown as SFNClient;
  const now = (): number => test.api.nowMs();
  const reviews = reviewPorts(
    { client: tables.client, cases: names.cases, audit: names.audit, subjects, bus, now },
    flows,
  );
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const states = dynamoStateStore(tables.client, names.state);
  const flags = dynamoFlagStore(tables.client, names.cases);
  const invoke = async (name: string, payload: unknown): Promise<Invoked> => {
    await test.beforeInvoke?.();
    try {
      if (name === 'trigger') {
        const input = triggerInput.parse(payload);
        const by = await subjectOf(subjects, input.by, now());
        return { answer: await trigger({ states, flags, bus, nowMs: now }, { ...input, by }) };
      }
      if (name === 'calibrate') {
        const pseudonymOf = (person: string) => subjectOf(subjects, person, now());
        const ports = {
          states,
          bus,
          objects,
          pseudonymOf,
          nowMs: now,
          hasPack: () => true,
          onProblem: () => undefined,
        };
        const { documents, windows } = world;
        const records = dynamoCalibrationBook(tables.client, names.operations);
        const audit = dynamoAudit(tables.client, names.audit, sealing(subjects));
        const input = calibrateInput.parse(payload);
        return { answer: (await calibrate({ ...ports, documents, windows, records, audit }, input)).result };
      }
      const order = z.discriminatedUnion('answer', [reviewAnswer, takeBackOrder]).parse(payload);
      const by = await subjectOf(subjects, order.by, now());
      return {
        answer:
          order.answer === 'take-back'
            ? await takeBack(reviews, { ...order, by })
            : await answerReview(reviews, { ...order, by }, test.policyAuthors.includes(order.by)),
      };
    } catch (error) {
      return { refused: { type: (error as Error).name, message: (error as Error).message } };
    }
  };
  const world: ConsoleWorld = {
    client: tables.client,
    tables: names,
    objects,
    documents: new Documents(objects),
    windows: new WindowStore(objects),
    checkpoints: { client: new S3Client({}), bucket: 'audit' },
    subjects,
    packs: async () => ({
      'water-network': {
        manifest: waterNetwork.manifest,
        featureWords: waterNetwork.featureWords,
        policyFiles: { 'ask.cedar': '// Head.\n\n// Why.\n@id("ask-all")\npermit (principal, action, resource);\n' },
      },
    }),
    caseFlowArn: 'arn:aws:states:eu-central-1:123456789012:stateMachine:groundcrew-case',
    channels,
    channelSecret: async () => pushSecret,
    publicKey: async () => ({
      keyId: 'k',
      algorithm: 'ECDSA_SHA_256',
      spki: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    }),
    deadLetters: async () => ({ name: 'dead-letters', waiting: 0, complete: true }),
    invoke,
    sleep: async () => undefined,
    now,
  };
  const audit = { client: tables.client, table: names.audit, ...sealing(subjects) };
  const operations = { client: tables.client, table: names.operations };
  const test: ConsoleTest = {
    api: apiWorld([...consoleRoutes(world), ticketRoutes(world, tickets), pushRoutes(world)], {
      shutOut: shutOut(world),
    }),
    world,
    reviews,
    events,
    checkpoints,
    publicKey,
    policyAuthors: [],
    woken: () => woken,
    async cookie(username) {
      const cookie = cookies.get(username) ?? (await test.api.signIn(username));
      cookies.set(username, cookie);
      return cookie;
    },
    beforeInvoke: undefined,
    async asset(asset, change = {}) {
      const registration: AssetRegistration = { ...registrationOf(asset), ...change };
      const registrationHash = await world.documents.putRegistration(registration);
      const endMs = now() - 5_000;
      const segment = segmentUntil(
        endMs,
        registration.channels.map(({ name }) => name),
      );
      const ref = `2027011500/${asset}`;
      await world.windows.putRawBatch(ref, new Map([[asset, [segment]]]));
      const state: AssetState = {
        v: 1,
        asset,
        version: 0,
        registrationHash,
        boots: [{ bootId: segment.bootId, lastSeq: windowRows - 1, missing: [[3, 5]] }],
        firstEventMs: segment.rows[0]![0]!,
        lastEventMs: endMs,
        lastReceivedMs: now() - 4_000,
        readings: windowRows,
        nextChunk: 0,
        openPart: 0,
        openRows: 0,
        tailRows: windowRows,
        tail: [ref],
        holds: [],
      };
      await states.put(state);
      return state;
    },
    async opened(id, change = {}) {
      const asset = change.asset ?? 'plant-1';
      const flag = flagOf({ asset, seq: Number.parseInt(sha256(id).slice(0, 6), 16), atMs: now() - 5_000 });
      await flags.putIfAbsent(flag, now());
      const proposal = proposalFor(asset);
      const decision = await decisionFor(world, asset, flag.flagId, now() - 1_000);
      await dynamoDecisionStore(tables.client, names.decisions).put(decision);
      const record = caseFor(id, {
        asset,
        openedAtMs: now(),
        updatedAtMs: now(),
        decisionId: decision.decisionId,
        openingFlagId: flag.flagId,
        evidence: { atMs: now() - 5_000, sentAtMs: now() - 4_500, receivedAtMs: now() - 4_000 },
        verdict: 'ask',
        ...(change.proposal === undefined && { proposal, proposalHash: caseFor(id).proposalHash! }),
        ...change,
      });
      await restoreCase({ client: tables.client, table: names.cases }, record, [flag.flagId], undefined);
      await appendAudit(
        audit,
        {
          chain: `case#${record.caseId}`,
          type: 'case-opened',
          key: [record.caseId],
          correlationId: record.correlationId,
          body: { ...record },
        },
        now(),
      );
      return record;
    },
    async asked(id, change = {}, timeoutS = 3_600, thinkAgainS = 0) {
      const record = await test.opened(id, change);
      await requestReview(reviews, { caseId: record.caseId, round: 0, token: `token-of-${id}`, timeoutS, thinkAgainS });
      return record;
    },
    async shelved(kind) {
      const wish = {
        what: 'shelving' as const,
        scope: 'asset#plant-1',
        kind,
        fromMs: now(),
        toMs: now() + 3_600_000,
        by: await subjectOf(subjects, 'who-shelved', now()),
        reason: 'a known nuisance',
      };
      return await giveOrder({ operations, audit }, wish, now());
    },
    async wrote(who) {
      const by = await subjectOf(subjects, who, now());
      const shift = handover({ fromMs: now() - 1, toMs: now(), operators: 1, cases: [], orders: [], stops: [] });
      const { note } = newHandover(shift, { operators: 1, note: 'all is quiet', by });
      await putHandover(operations, note, 0);
      return note;
    },
    async sampled(id) {
      const decision = await decisionFor(world, 'plant-1', sha256(id), now() - 1_000);
      const sample: Sample = {
        v: 1,
        decisionId: decision.decisionId,
        asset: 'plant-1',
        pack: 'water-network',
        window: decision.inference.window!,
        stratum: 'observe',
        rate: 0.02,
        said: 'leak',
        selectedAtMs: now() - 1_000,
      };
      await putSample(operations, sample, 0, now());
      return sample;
    },
    async closed(record, resolution, atMs = now()) {
      await reviews.audit({
        chain: `case#${record.caseId}`,
        type: 'case-closed',
        key: [record.caseId],
        correlationId: record.correlationId,
        body: { resolution },
      });
      return reviews.changeCase(record.caseId, (is) => ({ ...is, status: 'closed', resolution, closedAtMs: atMs }));
    },
  };
  return test;
}

function standInForS3(checkpoints: ReadonlyMap<string, string>): void {
  const s3 = mockClient(S3Client);
  s3.on(ListObjectsV2Command).callsFake(({ Prefix, StartAfter = '' }) => ({
    Contents: [...checkpoints]
      .filter(([key]) => key.startsWith(Prefix) && key > StartAfter)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([Key, text]) => ({
        Key,
        Size: Buffer.byteLength(text),
        LastModified: new Date(1_800_000_000_000),
        ETag: createHash('md5').update(text).digest('hex'),
      })),
  }));
  s3.on(GetObjectCommand).callsFake(({ Key }) => {
    const text = checkpoints.get(Key);
    if (text === undefined) throw new NoSuchKey({ message: 'none', $metadata: {} });
    return { Body: { transformToString: async () => text } };
  });
}
