/** People of the console, for administrators. */
import { z } from 'zod';
import {
  consoleUser,
  type Group,
  userChange,
  userCreated,
  userCreation,
  username,
} from '../../contracts/api-session.ts';
import { conflictOf } from '../../core/console/roles.ts';
import { samePerson } from '../../core/people.ts';
import type { ApiPorts } from './ports.ts';
import { ProblemError } from './problems.ts';
import type { AddRoutes } from './routes.ts';

const named = z.strictObject({ name: username });
const paged = z.strictObject({
  limit: z.coerce.number().int().min(1).max(60).default(60),
  cursor: z.string().min(1).max(2048).optional(),
});
const userPage = z.strictObject({ items: z.array(consoleUser), nextCursor: z.string().optional() });

export const userRoutes =
  (ports: ApiPorts): AddRoutes =>
  (routes) => {
    const { accounts } = ports;
    routes.route(
      'GET',
      '/users',
      { role: 'admin', summary: 'People who may sign in', query: paged, answer: userPage },
      async ({ query }) => ({ body: await accounts.list(query.limit, query.cursor) }),
    );
    routes.route(
      'POST',
      '/users',
      {
        role: 'admin',
        summary: 'Add somebody; the temporary password is said once',
        body: userCreation,
        answer: userCreated,
        status: 201,
        answersSecret: true,
      },
      async ({ body }) => {
        refuseConflict(body.groups);
        const { temporaryPassword } = await accounts.add(body.username, body.groups, body.email);
        return { body: { username: body.username, temporaryPassword } };
      },
    );
    routes.route(
      'PATCH',
      '/users/:name',
      {
        role: 'admin',
        summary: "Set somebody's groups, or let them in no more",
        params: named,
        body: userChange,
        answer: consoleUser,
      },
      async ({ params, body, person }) => {
        const isOwn = samePerson(params.name, person.username);
        if (isOwn && (body.disabled === true || body.groups?.includes('admin') === false))
          throw new ProblemError(409, 'last-admin', 'Nobody takes their own administration away; ask another admin.');
        if (body.groups !== undefined) refuseConflict(body.groups);
        const { groups, disabled } = body;
        return {
          body: await accounts.change(params.name, {
            ...(groups === undefined ? {} : { groups }),
            ...(disabled === undefined ? {} : { disabled }),
          }),
        };
      },
    );
  };

function refuseConflict(groups: readonly Group[]): void {
  const conflict = conflictOf(groups);
  if (conflict !== undefined)
    throw new ProblemError(422, 'groups-conflict', `These groups do not go together: ${conflict}.`);
}
