/** Routes of planned work, shelving, the handover of a shift, and blind samples. */

import { ConflictError, InvalidInputError, NotFoundError } from '../../core/errors.ts';
import { newHandover, takenHandover } from '../../core/operations/handover-note.ts';
import { isWrong } from '../../core/sampling/estimate.ts';
import { answerSample } from '../aws/answer-sample.ts';
import { appendAudit } from '../aws/audit-store.ts';
import { shiftNow, shownHandovers, storedHandovers } from '../aws/console/handover-reader.ts';
import { shownOrders, standingOrders } from '../aws/console/orders-reader.ts';
import { sampleAt, sampleEstimate, sampleKinds, sampleSignal, waitingSamples } from '../aws/console/sample-reader.ts';
import { type ConsoleWorld, tableAt } from '../aws/console/world.ts';
import { endOrder, giveOrder } from '../aws/give-order.ts';
import { putHandover } from '../aws/handover-store.ts';
import { sealing, subjectOf } from '../aws/subject-store.ts';
import { ProblemError } from './problems.ts';
import type { AddRoutes } from './routes.ts';

const tablesOf = (world: ConsoleWorld) => ({
  operations: tableAt(world, 'operations'),
  audit: { ...tableAt(world, 'audit'), ...sealing(world.subjects) },
});
const lost = (): ConflictError =>
  new ConflictError('Somebody else changed it at the same moment: load it again.', { code: 'handover-conflict' });

export const operationsRoutes =
  (world: ConsoleWorld): AddRoutes =>
  (routes) => {
    routes.on('orders', async () => {
      const orders = await standingOrders(world);
      return {
        body: {
          items: await shownOrders(
            world,
            orders.map(({ order }) => order),
          ),
        },
      };
    });
    routes.on('giveOrder', async ({ body, person, may, nowMs }) => {
      if (body.what === 'planned-work' && !may('approver'))
        throw new ProblemError(403, 'role-refused', 'Planning work takes an approver: nothing acts there meanwhile.', {
          allowed: ['approver', 'admin'],
        });
      const by = await subjectOf(world.subjects, person.username, nowMs);
      const order = await giveOrder(tablesOf(world), { ...body, fromMs: body.fromMs ?? nowMs, by }, nowMs);
      const [view] = await shownOrders(world, [order]);
      return { body: view! };
    });
    routes.on('endOrder', async ({ parameters, body, person, nowMs }) => {
      const stored = (await standingOrders(world)).find(({ order }) => order.id === parameters.id);
      if (!stored)
        throw new ProblemError(409, 'order-over', 'It is over, or was ended by somebody else: load the list again.');
      const by = await subjectOf(world.subjects, person.username, nowMs);
      await endOrder(tablesOf(world), stored, { by, reason: body.reason }, nowMs);
      return {};
    });
    handoverRoutes(world)(routes);
    sampleRoutes(world)(routes);
  };

const handoverRoutes =
  (world: ConsoleWorld): AddRoutes =>
  (routes) => {
    routes.on('handover', async ({ query }) => ({ body: (await shiftNow(world, query)).view }));
    routes.on('handovers', async () => ({
      body: { items: await shownHandovers(world, await storedHandovers(world)) },
    }));
    routes.on('writeHandover', async ({ body, person, nowMs }) => {
      const by = await subjectOf(world.subjects, person.username, nowMs);
      const { shift } = await shiftNow(world, body);
      const { note, draft } = newHandover(shift, { operators: body.operators, note: body.note, by });
      const { operations, audit } = tablesOf(world);
      await appendAudit(audit, draft, nowMs);
      if (!(await putHandover(operations, note, 0))) throw lost();
      const [view] = await shownHandovers(world, [{ note }]);
      return { body: view! };
    });
    routes.on('takeHandover', async ({ parameters, person, nowMs }) => {
      const stored = (await storedHandovers(world)).find(({ note }) => note.id === parameters.id);
      if (!stored)
        throw new NotFoundError('There is no such note among the newest ones.', { code: 'handover-not-found' });
      const by = await subjectOf(world.subjects, person.username, nowMs);
      const { note, draft } = takenHandover(stored.note, by, nowMs);
      const { operations, audit } = tablesOf(world);
      // Taking it twice is one fact: a second try completes what the first one left out.
      if (!stored.note.taken && !(await putHandover(operations, note, stored.version))) throw lost();
      await appendAudit(audit, draft, nowMs);
      return {};
    });
  };

const sampleRoutes =
  (world: ConsoleWorld): AddRoutes =>
  (routes) => {
    routes.on('samples', async () => ({ body: await waitingSamples(world) }));
    routes.on('sampleSignal', async ({ parameters }) => ({ body: await sampleSignal(world, parameters.id) }));
    routes.on('answerSample', async ({ parameters, body, person, nowMs }) => {
      const stored = await sampleAt(world, parameters.id);
      const kinds = await sampleKinds(world, stored.sample);
      if (!kinds.includes(body.kind))
        throw new ProblemError(422, 'kind-unknown', `Its pack knows no kind "${body.kind}".`, { allowed: kinds });
      const by = await subjectOf(world.subjects, person.username, nowMs);
      try {
        const { said, ...sample } = await answerSample(tablesOf(world), stored, { ...body, by }, nowMs);
        return { body: { kind: body.kind, said, agrees: !isWrong({ said, ...sample }) } };
      } catch (error) {
        if (!(error instanceof InvalidInputError) || error.code !== 'sample-answered') throw error;
        throw new ProblemError(409, error.code, 'Somebody has answered it: the first answer counts.');
      }
    });
    routes.on('sampleEstimate', async () => ({ body: await sampleEstimate(world) }));
  };
