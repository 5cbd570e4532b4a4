/** All routes beside sessions and people: what is read, and what people order. */
import { assetDetail, assetsPage, readings, scores } from '../aws/console/asset-reader.ts';
import { chainPage, chainsPage, checkpointsPage, checkpointText } from '../aws/console/audit-reader.ts';
import { caseDetail, caseSignal } from '../aws/console/case-detail.ts';
import { casesPage, reviewQueue } from '../aws/console/case-reader.ts';
import { changesSince } from '../aws/console/changes-reader.ts';
import { changeContacts, readContacts } from '../aws/console/contacts.ts';
import { decisionByRef, decisionsPage } from '../aws/console/decision-reader.ts';
import { drift } from '../aws/console/drift-reader.ts';
import { figures, packList } from '../aws/console/figures-reader.ts';
import { changeQuietHours, readNotifications } from '../aws/console/notifications.ts';
import { activeStops, now } from '../aws/console/overview.ts';
import { changeSettings, readSettings } from '../aws/console/settings.ts';
import type { ConsoleWorld } from '../aws/console/world.ts';
import { subjectOf } from '../aws/subject-store.ts';
import { operationsRoutes } from './operations-routes.ts';
import {
  acknowledgeCase,
  answerCase,
  claimCase,
  declareNormal,
  releaseCase,
  resume,
  stop,
  takeBackAnswer,
  triggerCase,
} from './orders.ts';
import { ProblemError } from './problems.ts';
import type { AddRoutes } from './routes.ts';

/** @example createApi(ports, consoleRoutes(world)) */
export const consoleRoutes = (world: ConsoleWorld): AddRoutes[] => [
  readingRoutes(world),
  recordRoutes(world),
  auditRoutes(world),
  orderRoutes(world),
  operationsRoutes(world),
];

const readingRoutes =
  (world: ConsoleWorld): AddRoutes =>
  (routes) => {
    routes.on('now', async () => ({ body: await now(world) }), { background: true });
    routes.on('cases', async ({ query }) => ({ body: pageBody(await casesPage(world, query)) }));
    routes.on('case', async ({ parameters, may }) => ({
      body: await caseDetail(world, parameters.id, may('operator')),
    }));
    routes.on('caseSignal', async ({ parameters }) => ({ body: await caseSignal(world, parameters.id) }));
    routes.on('reviews', async ({ query }) => ({ body: pageBody(await reviewQueue(world, query)) }));
    routes.on('stops', async () => ({ body: { items: await activeStops(world) } }));
    routes.on('assets', async ({ query }) => ({ body: pageBody(await assetsPage(world, query)) }));
    routes.on('asset', async ({ parameters }) => ({ body: await assetDetail(world, parameters.asset) }));
    routes.on('newNormal', async ({ parameters, body, person }) => ({
      body: await declareNormal(world, person.username, parameters.asset, body),
    }));
    routes.on('readings', async ({ parameters, query }) => ({
      body: await readings(world, parameters.asset, query),
    }));
    routes.on('scores', async ({ parameters, query }) => ({ body: await scores(world, parameters.asset, query) }));
    // A page asks for it every other second, by itself.
    routes.on('changes', async ({ query, may }) => ({ body: await changesSince(world, query.after, may('auditor')) }), {
      background: true,
    });
  };

const recordRoutes =
  (world: ConsoleWorld): AddRoutes =>
  (routes) => {
    routes.on('decisions', async ({ query }) => ({ body: pageBody(await decisionsPage(world, query)) }));
    routes.on('decision', async ({ parameters }) => {
      const decision = await decisionByRef(world, parameters.ref);
      if (!decision)
        throw new ProblemError(404, 'decision-not-found', 'There is no such decision here; the audit may have it.');
      return { body: { decision } };
    });
    routes.on('packs', async () => ({ body: await packList(world) }));
    routes.on('drift', async () => ({ body: await drift(world) }));
    routes.on('figures', async ({ query }) => ({ body: await figures(world, query) }));
    routes.on('settings', async () => ({ body: await readSettings(world) }));
    routes.on('changeSettings', async ({ body, person, nowMs }) => {
      refuseZone(body.timeZone);
      return { body: await changeSettings(world, body, await subjectOf(world.subjects, person.username, nowMs)) };
    });
    routes.on('notifications', async () => ({ body: await readNotifications(world) }));
    routes.on('changeQuietHours', async ({ body, person, nowMs }) => ({
      body: await changeQuietHours(world, body, await subjectOf(world.subjects, person.username, nowMs)),
    }));
    routes.on('contacts', async () => ({ body: await readContacts(world) }));
    routes.on('changeContacts', async ({ body, person, idempotencyKey, nowMs }) => {
      const by = await subjectOf(world.subjects, person.username, nowMs);
      return { body: await changeContacts(world, body, { by, intention: idempotencyKey }) };
    });
  };

const auditRoutes =
  (world: ConsoleWorld): AddRoutes =>
  (routes) => {
    routes.on('chains', async ({ query }) => ({ body: await chainsPage(world, query) }));
    routes.on('chain', async ({ parameters, query, may }) => {
      // Whoever sees cases sees how each came about; what else the deployment did is the auditor's.
      if (!parameters.chain.startsWith('case#') && !may('auditor'))
        throw new ProblemError(403, 'role-refused', 'Chains of assets and of the system are for auditors.', {
          allowed: ['auditor', 'admin'],
        });
      return { body: await chainPage(world, parameters.chain, query) };
    });
    routes.on('checkpoints', async ({ query }) => ({ body: await checkpointsPage(world, query) }));
    routes.on('checkpoint', async ({ parameters }) => ({ body: await checkpointText(world, parameters.name) }));
    routes.on('publicKey', async () => ({ body: await world.publicKey() }));
  };

const orderRoutes =
  (world: ConsoleWorld): AddRoutes =>
  (routes) => {
    routes.on('claim', async ({ parameters, body, person }) => ({
      body: await claimCase(world, parameters.id, person.username, body),
    }));
    routes.on('release', async ({ parameters, person }) => {
      await releaseCase(world, parameters.id, person.username);
      return {};
    });
    routes.on('acknowledge', async ({ parameters, body, person }) => {
      await acknowledgeCase(world, parameters.id, person.username, body);
      return {};
    });
    routes.on('answer', async ({ parameters, body, person, may }) => {
      if (body.answer !== 'reject' && !may('approver'))
        throw new ProblemError(403, 'role-refused', 'Approving and ordering something else take an approver.', {
          allowed: ['approver', 'admin'],
        });
      return { body: await answerCase(world, parameters.id, person.username, body) };
    });
    routes.on('takeBack', async ({ parameters, body, person }) => ({
      body: await takeBackAnswer(world, parameters.id, person.username, body),
    }));
    routes.on('trigger', async ({ body, person }) => ({ body: await triggerCase(world, person.username, body) }));
    routes.on('stop', async ({ body, person }) => ({ body: await stop(world, person.username, body) }));
    routes.on('resume', async ({ body, person }) => ({ body: await resume(world, person.username, body) }));
  };

/** A page without what is undefined in it. */
const pageBody = <T>({
  items,
  nextCursor,
}: {
  readonly items: readonly T[];
  readonly nextCursor?: string | undefined;
}) => ({
  items: [...items],
  ...(nextCursor !== undefined && { nextCursor }),
});

function refuseZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw new ProblemError(
      422,
      'body-invalid',
      `"${timeZone}" is no time zone: give an IANA name such as Europe/Berlin.`,
    );
  }
}
