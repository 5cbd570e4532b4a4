/**
 * Every route of the API, by name: who may call it, what it takes, what it answers. The server mounts nothing else, the
 * OpenAPI document and the table of roles are made from it, and a test calls each as every group.
 */
import { z } from 'zod';
import { assetId, sha256Hex } from '../common.ts';
import { lazily } from '../lazily.ts';
import * as assets from './assets.ts';
import * as cases from './cases.ts';
import { type Least, pageQuery, username } from './common.ts';
import * as contacts from './contacts.ts';
import * as drift from './drift.ts';
import * as notifications from './notifications.ts';
import * as operations from './operations.ts';
import * as push from './push.ts';
import * as records from './records.ts';
import * as session from './session.ts';
import * as tickets from './tickets.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `apiBase`; `{name}` is a part of the path. */
  readonly path: string;
  /** The least group that may call it; `anybody` needs no session. */
  readonly least: Least;
  readonly summary: string;
  /** Parts of the path by name; strings where nothing else is said. */
  readonly parameters?: Readonly<Record<string, z.ZodType<string>>>;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly status: 200 | 201 | 202 | 204;
  /** Absent with 204. */
  readonly answer?: z.ZodType;
  /** What only some of those who may call it may do with it. */
  readonly also?: string;
  /** Codes of the conflicts (409) that it can answer with. */
  readonly conflicts?: readonly string[];
}

const caseId = { id: sha256Hex };
const asset = { asset: assetId };
const chain = lazily(() =>
  z.string().regex(/^(asset|case|system)#[a-z0-9-]{1,64}$/, 'asset#ID, case#ID or system#NAME'),
);
const decisionRef = lazily(() =>
  z.string().regex(/^[a-z0-9-]{1,64}\.\d{13}\.[0-9a-f]{64}$/, 'a ref as GET /decisions gives it'),
);
const checkpointName = lazily(() => z.string().regex(/^\d{12}$/, '12 digits, as GET /audit/checkpoints gives them'));

export const routes = {
  login: {
    method: 'POST',
    path: '/session',
    least: 'anybody',
    summary: 'Log in',
    body: session.loginBody,
    status: 200,
    answer: session.me,
    conflicts: ['new-password-required'],
  },
  me: {
    method: 'GET',
    path: '/session',
    least: 'viewer',
    summary: 'Who is logged in',
    status: 200,
    answer: session.me,
  },
  logout: { method: 'DELETE', path: '/session', least: 'viewer', summary: 'Log out', status: 204 },
  users: {
    method: 'GET',
    path: '/users',
    least: 'admin',
    summary: 'Users',
    query: pageQuery,
    status: 200,
    answer: session.userPage,
  },
  createUser: {
    method: 'POST',
    path: '/users',
    least: 'admin',
    summary: 'Make a user; the temporary password is shown once',
    body: session.newUserBody,
    status: 201,
    answer: session.newUser,
    conflicts: ['user-exists'],
  },
  changeUser: {
    method: 'PATCH',
    path: '/users/{name}',
    least: 'admin',
    summary: 'Put a user in other groups, or shut one out',
    parameters: { name: username },
    body: session.changeUserBody,
    status: 200,
    answer: session.user,
  },
  now: {
    method: 'GET',
    path: '/now',
    least: 'viewer',
    summary: 'Assets, the most urgent open cases, what is being done, what is stopped',
    status: 200,
    answer: assets.now,
  },
  cases: {
    method: 'GET',
    path: '/cases',
    least: 'viewer',
    summary: 'Cases',
    query: cases.casesQuery,
    status: 200,
    answer: cases.casePage,
  },
  case: {
    method: 'GET',
    path: '/cases/{id}',
    least: 'viewer',
    summary: 'All that is known of a case',
    parameters: caseId,
    status: 200,
    answer: cases.caseDetail,
  },
  caseSignal: {
    method: 'GET',
    path: '/cases/{id}/signal',
    least: 'viewer',
    summary: 'Readings around the flagged window',
    parameters: caseId,
    status: 200,
    answer: assets.signal,
  },
  reviews: {
    method: 'GET',
    path: '/reviews',
    least: 'viewer',
    summary: 'Open questions, most urgent first',
    query: pageQuery,
    status: 200,
    answer: cases.reviewPage,
  },
  claim: {
    method: 'POST',
    path: '/cases/{id}/claim',
    least: 'operator',
    summary: 'Take a case for some minutes, or renew that',
    parameters: caseId,
    body: cases.claimBody,
    status: 200,
    answer: cases.claim,
    conflicts: ['claimed-by-other', 'case-closed'],
  },
  release: {
    method: 'DELETE',
    path: '/cases/{id}/claim',
    least: 'operator',
    summary: "Give one's own claim back",
    parameters: caseId,
    status: 204,
    conflicts: ['claimed-by-other'],
  },
  acknowledge: {
    method: 'POST',
    path: '/cases/{id}/acknowledge',
    least: 'operator',
    summary: 'Say that it was seen; decides nothing',
    parameters: caseId,
    body: cases.acknowledgeBody,
    status: 204,
  },
  answer: {
    method: 'POST',
    path: '/cases/{id}/answer',
    least: 'operator',
    also: 'approve and override: approver and admin only',
    summary: 'Answer the open question',
    parameters: caseId,
    body: cases.answerBody,
    status: 202,
    answer: cases.answered,
    conflicts: [
      'stale-proposal',
      'claimed-by-other',
      'already-answered',
      'no-review',
      'case-closed',
      'same-person',
      'approvals-differ',
    ],
  },
  trigger: {
    method: 'POST',
    path: '/triggers',
    least: 'operator',
    summary: 'Start a case by hand',
    body: cases.triggerBody,
    status: 202,
    answer: cases.triggered,
  },
  stops: {
    method: 'GET',
    path: '/stops',
    least: 'viewer',
    summary: 'What is stopped',
    status: 200,
    answer: assets.stopList,
  },
  stop: {
    method: 'POST',
    path: '/stops',
    least: 'operator',
    summary: 'Stop effects; comes back when nothing can leave any more',
    body: assets.stopBody,
    status: 200,
    answer: assets.stopped,
  },
  resume: {
    method: 'POST',
    path: '/stops/resume',
    least: 'approver',
    summary: 'Ask to resume, or complete what another person asked',
    body: assets.stopBody,
    status: 200,
    answer: assets.resumed,
    conflicts: ['not-stopped', 'same-person', 'stop-changed'],
  },
  assets: {
    method: 'GET',
    path: '/assets',
    least: 'viewer',
    summary: 'Assets',
    query: pageQuery,
    status: 200,
    answer: assets.assetPage,
  },
  asset: {
    method: 'GET',
    path: '/assets/{asset}',
    least: 'viewer',
    summary: 'An asset, its calibration and the quality of its data',
    parameters: asset,
    status: 200,
    answer: assets.assetDetail,
  },
  readings: {
    method: 'GET',
    path: '/assets/{asset}/readings',
    least: 'viewer',
    summary: 'Readings of an asset',
    parameters: asset,
    query: assets.readingsQuery,
    status: 200,
    answer: assets.signal,
  },
  decisions: {
    method: 'GET',
    path: '/decisions',
    least: 'viewer',
    summary: 'Decisions of a day or of an asset, newest first',
    query: records.decisionsQuery,
    status: 200,
    answer: records.decisionPage,
  },
  decision: {
    method: 'GET',
    path: '/decisions/{ref}',
    least: 'viewer',
    summary: 'A decision as it was recorded',
    parameters: { ref: decisionRef },
    status: 200,
    answer: records.decisionDetail,
  },
  packs: {
    method: 'GET',
    path: '/packs',
    least: 'viewer',
    summary: 'Packs with their models, policies and what they did lately',
    status: 200,
    answer: records.packList,
  },
  drift: {
    method: 'GET',
    path: '/drift',
    least: 'viewer',
    summary: 'What models see and say, against what their cards keep of their test windows',
    status: 200,
    answer: drift.driftList,
  },
  figures: {
    method: 'GET',
    path: '/figures',
    least: 'viewer',
    summary: 'Figures of a span of time',
    query: records.figuresQuery,
    status: 200,
    answer: records.figures,
  },
  settings: {
    method: 'GET',
    path: '/settings',
    least: 'viewer',
    summary: 'Settings of the console',
    status: 200,
    answer: records.settings,
  },
  changeSettings: {
    method: 'PUT',
    path: '/settings',
    least: 'admin',
    summary: 'Change the settings; it stands in the audit',
    body: records.settings,
    status: 200,
    answer: records.settings,
    conflicts: ['settings-changed'],
  },
  orders: {
    method: 'GET',
    path: '/orders',
    least: 'viewer',
    summary: 'Planned work and what is shelved, now or later',
    status: 200,
    answer: operations.orderList,
  },
  giveOrder: {
    method: 'POST',
    path: '/orders',
    least: 'operator',
    also: 'planned work: approver and admin only',
    summary: 'Plan work, or shelve a kind on an asset; it ends by itself',
    body: operations.orderBody,
    status: 201,
    answer: operations.orderView,
  },
  endOrder: {
    method: 'POST',
    path: '/orders/{id}/end',
    least: 'operator',
    summary: 'End planned work or shelving before its time',
    parameters: caseId,
    body: operations.endOrderBody,
    status: 204,
    conflicts: ['order-over'],
  },
  handover: {
    method: 'GET',
    path: '/handover',
    least: 'viewer',
    summary: 'The shift that ends now: what is open, what happened, what is set, alarms an operator and hour',
    query: operations.handoverQuery,
    status: 200,
    answer: operations.handoverView,
  },
  handovers: {
    method: 'GET',
    path: '/handovers',
    least: 'viewer',
    summary: 'Notes from shift to shift, and who took each over',
    status: 200,
    answer: operations.handoverNotes,
  },
  writeHandover: {
    method: 'POST',
    path: '/handovers',
    least: 'operator',
    summary: 'Write the note of the shift that ends now',
    body: operations.handoverBody,
    status: 201,
    answer: operations.handoverNoteView,
  },
  takeHandover: {
    method: 'POST',
    path: '/handovers/{id}/take',
    least: 'operator',
    summary: 'Take a shift over; another person than the one who wrote',
    parameters: caseId,
    status: 204,
    conflicts: ['same-person', 'handover-taken'],
  },
  samples: {
    method: 'GET',
    path: '/samples',
    least: 'operator',
    summary: 'Windows that wait for a look; what was made of them is not said',
    status: 200,
    answer: operations.sampleList,
  },
  sampleSignal: {
    method: 'GET',
    path: '/samples/{id}/signal',
    least: 'operator',
    summary: 'Readings of such a window, without any mark of what was found',
    parameters: caseId,
    status: 200,
    answer: assets.signal,
  },
  answerSample: {
    method: 'POST',
    path: '/samples/{id}/answer',
    least: 'operator',
    summary: 'Say what a window shows; the first answer counts, and tells what the automation had said',
    parameters: caseId,
    body: operations.sampleAnswerBody,
    status: 200,
    answer: operations.sampleAnswered,
    conflicts: ['sample-answered'],
  },
  sampleEstimate: {
    method: 'GET',
    path: '/samples/estimate',
    least: 'viewer',
    summary: 'How often the automation is wrong, by those answers, with its interval',
    status: 200,
    answer: operations.sampleEstimate,
  },
  contacts: {
    method: 'GET',
    path: '/contacts',
    least: 'admin',
    summary: 'Whom to call; a case names those that concern it',
    status: 200,
    answer: contacts.contactList,
  },
  changeContacts: {
    method: 'PUT',
    path: '/contacts',
    least: 'admin',
    summary: 'Change whom to call; the audit says that it was changed, not whom it names',
    body: contacts.contactList,
    status: 200,
    answer: contacts.contactsChanged,
    conflicts: ['contacts-changed'],
  },
  notifications: {
    method: 'GET',
    path: '/notifications',
    least: 'admin',
    summary: 'Who is told what, by which channels, and the quiet hours',
    status: 200,
    answer: notifications.notificationsView,
  },
  changeQuietHours: {
    method: 'PUT',
    path: '/notifications/quiet-hours',
    least: 'admin',
    summary: 'Set the quiet hours, or none; it stands in the audit',
    body: notifications.quietHoursBody,
    status: 200,
    answer: notifications.notificationsView,
    conflicts: ['settings-changed'],
  },
  push: {
    method: 'GET',
    path: '/push',
    least: 'viewer',
    summary: 'The key by which browsers know the deployment, and the browsers in which one has turned messages on',
    status: 200,
    answer: push.pushView,
  },
  turnPushOn: {
    method: 'POST',
    path: '/push/browsers',
    least: 'viewer',
    summary: 'Turn messages on in this browser, or renew it',
    body: push.pushBody,
    status: 201,
    answer: push.pushBrowser,
    conflicts: ['push-off', 'push-full', 'push-busy'],
  },
  turnPushOff: {
    method: 'DELETE',
    path: '/push/browsers/{id}',
    least: 'viewer',
    summary: 'Turn messages off in a browser of one’s own; of others’ none is touched',
    parameters: caseId,
    status: 204,
  },
  chains: {
    method: 'GET',
    path: '/audit/chains',
    least: 'auditor',
    summary: 'Chains of the audit by the start of their name',
    query: records.chainsQuery,
    status: 200,
    answer: records.chainPage,
  },
  chain: {
    method: 'GET',
    path: '/audit/chains/{chain}',
    least: 'viewer',
    also: 'chains of assets and of the system: auditor and admin only',
    summary: 'Entries of a chain, as they are stored',
    parameters: { chain },
    query: records.chainQuery,
    status: 200,
    answer: records.chainEntries,
  },
  checkpoints: {
    method: 'GET',
    path: '/audit/checkpoints',
    least: 'viewer',
    summary: 'Checkpoints, newest first',
    query: pageQuery,
    status: 200,
    answer: records.checkpointPage,
  },
  checkpoint: {
    method: 'GET',
    path: '/audit/checkpoints/{name}',
    least: 'viewer',
    summary: 'A checkpoint, as it is stored',
    parameters: { name: checkpointName },
    status: 200,
    answer: records.checkpointText,
  },
  publicKey: {
    method: 'GET',
    path: '/audit/public-key',
    least: 'viewer',
    summary: 'The key that checkpoints are signed with',
    status: 200,
    answer: records.publicKey,
  },
  changes: {
    method: 'GET',
    path: '/changes',
    least: 'viewer',
    summary: 'What has happened since a cursor, at least once',
    query: records.changesQuery,
    status: 200,
    answer: records.changes,
  },
  ticketChanged: {
    method: 'POST',
    path: '/tickets/{service}',
    least: 'signature',
    summary: 'Jira or ServiceNow says that a ticket has changed; a closed one answers the question of its case',
    parameters: { service: tickets.ticketService },
    body: tickets.ticketMessage,
    status: 200,
    answer: tickets.ticketHeard,
  },
} as const satisfies Record<string, Route>;
export type RouteName = keyof typeof routes;

type SchemaOf<N extends RouteName, K extends string> =
  (typeof routes)[N] extends Readonly<Record<K, infer S extends z.ZodType>> ? z.infer<S> : undefined;
export type AnswerOf<N extends RouteName> = SchemaOf<N, 'answer'>;
export type QueryOf<N extends RouteName> = SchemaOf<N, 'query'>;
export type BodyOf<N extends RouteName> = SchemaOf<N, 'body'>;
