/** What functions of the case side are wired with, from their environment. */
import { namesOf, ticketWebhookSecret } from '../../contracts/names.ts';
import { Documents } from '../../core/ingest/documents.ts';
import { WindowStore } from '../../core/window/window-store.ts';
import type { TicketSystem } from '../api/ticket-door.ts';
import { checkSettings } from '../remediation/configured.ts';
import { eventBridgeBus } from './bus.ts';
import type { CaseWorld } from './case-ports.ts';
import { dynamoDb, eventBridge, kms, s3, secretsManager } from './clients.ts';
import { environment } from './environment.ts';
import { s3ObjectStore } from './object-store.ts';
import type { PermitWorld, RemediationWorld } from './remediation-ports.ts';
import { cachedSecret } from './secrets.ts';
import { dynamoStateStore } from './state-store.ts';
import type { Subjects } from './subject-store.ts';
import type { VerificationWorld } from './verify-check.ts';

/** Uses `TABLE_CASES`, `TABLE_AUDIT`, `BUS_NAME`. */
export function caseWorld(): CaseWorld {
  const env = environment('TABLE_CASES', 'TABLE_AUDIT', 'BUS_NAME');
  return {
    client: dynamoDb(),
    cases: env.TABLE_CASES,
    audit: env.TABLE_AUDIT,
    bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
    now: Date.now,
  };
}

/** Uses `TABLE_SUBJECTS` and `SUBJECT_KEY_ID`: for functions that take a person's word. */
export function subjectWorld(): Subjects {
  const env = environment('TABLE_SUBJECTS', 'SUBJECT_KEY_ID');
  return { client: dynamoDb(), table: env.TABLE_SUBJECTS, kms: kms(), keyId: env.SUBJECT_KEY_ID };
}

/** Also uses `TABLE_LEDGER`, `TABLE_STOP`, `TABLE_STATE`, `BUCKET_DATA` and `REMEDIATORS`. */
export function permitWorld(): PermitWorld {
  const env = environment('TABLE_LEDGER', 'TABLE_STOP', 'TABLE_STATE', 'BUCKET_DATA', 'REMEDIATORS');
  checkSettings(env.REMEDIATORS);
  return {
    ...caseWorld(),
    ledger: env.TABLE_LEDGER,
    stop: env.TABLE_STOP,
    states: dynamoStateStore(dynamoDb(), env.TABLE_STATE),
    documents: new Documents(s3ObjectStore(s3(), env.BUCKET_DATA)),
    settings: env.REMEDIATORS,
  };
}

/** Also uses the webhook's variables, `BUS_NAME` and `GROUNDCREW_PREFIX`, with which secrets' names begin. */
export function remediationWorld(): RemediationWorld {
  const env = environment('WEBHOOK_URL', 'WEBHOOK_ALLOW_PRIVATE', 'BUS_NAME', 'GROUNDCREW_PREFIX');
  const world = permitWorld();
  return {
    ...world,
    surroundings: {
      webhookUrl: env.WEBHOOK_URL,
      allowPrivate: env.WEBHOOK_ALLOW_PRIVATE,
      busName: env.BUS_NAME,
      secret: (name) => cachedSecret(secretsManager(), namesOf(env.GROUNDCREW_PREFIX).secret(name), world.now),
      now: world.now,
    },
  };
}

/** Uses `GROUNDCREW_PREFIX` and `TICKET_SERVICE`: `undefined` where the deployment raises no tickets. */
export function ticketSystem(): TicketSystem | undefined {
  const { GROUNDCREW_PREFIX, TICKET_SERVICE: service } = environment('GROUNDCREW_PREFIX', 'TICKET_SERVICE');
  if (service === undefined) return undefined;
  const name = namesOf(GROUNDCREW_PREFIX).secret(ticketWebhookSecret);
  return { service, secret: cachedSecret(secretsManager(), name, Date.now) };
}

/** Uses `TABLE_LEDGER`, `TABLE_STATE`, `BUCKET_DATA` and what `caseWorld` uses. */
export function verificationWorld(): VerificationWorld {
  const env = environment('TABLE_LEDGER', 'TABLE_STATE', 'BUCKET_DATA');
  const objects = s3ObjectStore(s3(), env.BUCKET_DATA);
  return {
    ...caseWorld(),
    ledger: env.TABLE_LEDGER,
    states: dynamoStateStore(dynamoDb(), env.TABLE_STATE),
    documents: new Documents(objects),
    windows: new WindowStore(objects),
  };
}
