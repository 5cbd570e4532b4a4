/** The smallest user pool. */
import type { UserPoolModel } from '../../../local/assembly/model.ts';

export const peoplePool: UserPoolModel = {
  logicalId: 'Pool',
  name: 'eu-central-1_abcdefghi',
  arn: 'arn:aws:cognito-idp:eu-central-1:000000000000:userpool/eu-central-1_abcdefghi',
  poolName: 'groundcrew-people',
  caseSensitive: false,
  passwordPolicy: {
    minimumLength: 12,
    lowercase: true,
    uppercase: true,
    digits: true,
    symbols: true,
    temporaryDays: 7,
  },
  clients: [
    {
      logicalId: 'Client',
      name: 'client1',
      arn: 'clients/client1',
      authFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      sessionMinutes: 3,
    },
  ],
  groups: ['viewer', 'operator', 'approver', 'auditor', 'admin'],
};
