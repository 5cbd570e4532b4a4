/** Who may sign in: the user pool, its one client, and a group for each role. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccountRecovery, CfnUserPoolGroup, UserPool, type UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { groups } from '../contracts/api.ts';
import type { Configuration } from '../contracts/configuration.ts';
import type { Names } from '../contracts/names.ts';
import { acknowledge } from './nag.ts';

export interface PeopleProps {
  readonly configuration: Configuration;
  readonly names: Names;
}

const descriptions: Readonly<Record<(typeof groups)[number], string>> = {
  viewer: 'Sees everything but the audit of others',
  operator: 'Starts cases, claims, rejects, stops',
  approver: 'Approves, overrides and resumes',
  auditor: 'Reads and verifies everything, never acts',
  admin: 'Manages people and settings',
};

export class People extends Construct {
  readonly pool: UserPool;
  readonly client: UserPoolClient;

  constructor(scope: Construct, id: string, { configuration, names }: PeopleProps) {
    super(scope, id);
    this.pool = new UserPool(this, 'Pool', {
      userPoolName: names.userPool,
      selfSignUpEnabled: false,
      signInAliases: { username: true },
      signInCaseSensitive: false,
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(7),
      },
      // Nobody gets a mail that this stack does not send; whoever forgot a password asks an admin.
      accountRecovery: AccountRecovery.NONE,
      deletionProtection: !configuration.disposable,
      removalPolicy: configuration.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    acknowledge(
      this.pool,
      'AwsSolutions-COG8',
      'The plus plan costs for each person and judges risk by devices and addresses, of which it would see the function alone; attempts are limited and locked without it.',
    );
    acknowledge(
      this.pool,
      'AwsSolutions-COG2',
      'The console has no page to enrol a second factor yet; to require one would let nobody in (docs/console.md).',
    );
    // Only whoever has the function's role may try a password: nobody else can, past its limits, at Cognito itself.
    this.client = this.pool.addClient('Console', {
      userPoolClientName: names.httpApi,
      authFlows: { adminUserPassword: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      generateSecret: false,
      authSessionValidity: Duration.minutes(3),
      accessTokenValidity: Duration.minutes(5),
      idTokenValidity: Duration.minutes(5),
      refreshTokenValidity: Duration.hours(1),
      enableTokenRevocation: true,
    });
    for (const group of groups)
      new CfnUserPoolGroup(this, group, {
        userPoolId: this.pool.userPoolId,
        groupName: group,
        description: descriptions[group],
      });
  }
}
