/** Changes the people of a pool without a pause until it is killed; prints each name once it was told that it is there. */
import { UserPools } from '../../../local/people/cognito.ts';
import { peoplePool } from './people-models.ts';

const pools = new UserPools(process.argv[2]!, [peoplePool]);
for (let i = 0; ; i += 1) {
  const Username = `person-${i}`;
  const at = { UserPoolId: peoplePool.name, Username };
  await pools.handle('AdminCreateUser', { ...at, TemporaryPassword: 'Temporary-1-pass', MessageAction: 'SUPPRESS' });
  await pools.handle('AdminAddUserToGroup', { ...at, GroupName: 'viewer' });
  process.stdout.write(`${JSON.stringify(Username)}\n`);
}
