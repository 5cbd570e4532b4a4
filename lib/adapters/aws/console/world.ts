/** What the console's routes read from and hand on to. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { PublicKey, WorkQueue } from '../../../contracts/api.ts';
import type { ModelCard } from '../../../contracts/model-card.ts';
import type { TableName } from '../../../contracts/names.ts';
import type { PackManifest } from '../../../contracts/pack.ts';
import type { Documents } from '../../../core/ingest/documents.ts';
import type { Clock, ObjectStore } from '../../../core/ports.ts';
import type { WindowStore } from '../../../core/window/window-store.ts';
import type { CheckpointBucket } from '../checkpoint-store.ts';
import type { Subjects } from '../subject-store.ts';

/** A pack as the console shows it. */
export interface ShownPack {
  readonly manifest: PackManifest;
  /** What people read for the names of its features. */
  readonly featureWords?: Readonly<Record<string, string>> | undefined;
  readonly card?: ModelCard | undefined;
  /** Text of each policy file by its name. */
  readonly policyFiles: Readonly<Record<string, string>>;
}

/** Functions that the console hands a person's word on to. */
export type InvokedFunction = 'review-answer' | 'trigger' | 'calibrate';

/** What a function refused, by the name and the message of its error. */
export type Invoked =
  | { readonly refused?: undefined; readonly answer: unknown }
  | { readonly refused: { readonly type: string; readonly message: string } };

export interface ConsoleWorld {
  readonly client: DynamoDBClient;
  readonly tables: Readonly<Record<TableName, string>>;
  readonly objects: ObjectStore;
  readonly documents: Documents;
  readonly windows: WindowStore;
  readonly checkpoints: CheckpointBucket;
  readonly subjects: Subjects;
  /** By name; loaded with the first question that needs them. */
  readonly packs: () => Promise<Readonly<Record<string, ShownPack>>>;
  /** Arn of the case flow; a case's execution has its id for a name. */
  readonly caseFlowArn: string;
  /** Channels to people by their names, as the template has them, beside the topic. */
  readonly channels: Readonly<Record<string, { readonly by: string }>>;
  /** Secret of a channel; only that of browsers may be read. */
  readonly channelSecret: (name: string) => Promise<string>;
  readonly publicKey: () => Promise<PublicKey>;
  /** How many could not be delivered, and how old the oldest is. */
  readonly deadLetters: () => Promise<WorkQueue>;
  readonly invoke: (name: InvokedFunction, payload: unknown) => Promise<Invoked>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: Clock;
}

export const tableAt = (world: ConsoleWorld, name: TableName) => ({ client: world.client, table: world.tables[name] });
