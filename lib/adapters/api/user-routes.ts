/** People of the console, for administrators. */
import type { Group } from '../../contracts/api.ts';
import { conflictOf } from '../../core/console/roles.ts';
import { samePerson } from '../../core/people.ts';
import type { ApiPorts } from './ports.ts';
import { ProblemError } from './problems.ts';
import type { AddRoutes } from './routes.ts';

export const userRoutes =
  ({ accounts, shutOut }: ApiPorts): AddRoutes =>
  (routes) => {
    routes.on('users', async ({ query }) => ({ body: await accounts.list(query.limit, query.cursor) }));
    routes.on(
      'createUser',
      async ({ body: { username, groups, email } }) => {
        refuseConflict(groups);
        const { temporaryPassword } = await accounts.add(username, groups, email);
        return { body: { username, temporaryPassword } };
      },
      { answersSecret: true },
    );
    routes.on('changeUser', async ({ parameters: { name }, body: { groups, disabled }, person }) => {
      if (groups === undefined && disabled === undefined)
        throw new ProblemError(422, 'body-invalid', 'Name groups, disabled or both.');
      if (samePerson(name, person.username) && (disabled === true || groups?.includes('admin') === false))
        throw new ProblemError(
          409,
          'own-administration',
          'Nobody takes their own administration away; ask another admin.',
        );
      if (groups !== undefined) refuseConflict(groups);
      const changed = await accounts.change(name, { groups, disabled });
      if (disabled === true) await shutOut?.(name);
      return { body: changed };
    });
  };

function refuseConflict(groups: readonly Group[]): void {
  const conflict = conflictOf(groups);
  if (conflict !== undefined)
    throw new ProblemError(422, 'groups-conflict', `These groups do not go together: ${conflict}.`);
}
