/** What the configured remediators need beside the functions themselves: their secrets, and grants for what sends. */
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import { type FunctionName, functionNames, type Names } from '../contracts/names.ts';
import type { RemediatorNeeds } from '../core/remediation/remediator.ts';
import { acknowledge } from './nag.ts';
import { permissions } from './permissions.ts';

export interface RemediatorsProps {
  readonly configuration: Configuration;
  readonly names: Names;
  readonly functions: Readonly<Record<FunctionName, IFunction>>;
  /** By the remediator's name, of those that are configured beside the webhook's own secret. */
  readonly needs: Readonly<Record<string, RemediatorNeeds>>;
}

/** The webhook's signing secret is always there and belongs to the stores. */
const ownedByStores = 'webhook';

export class Remediators extends Construct {
  constructor(scope: Construct, id: string, { configuration, names, functions, needs }: RemediatorsProps) {
    super(scope, id);
    const senders = functionNames.filter((name) => permissions[name].calls).map((name) => functions[name]);
    const grant = (statement: { actions: string[]; resources: string[] }): void => {
      for (const sender of senders) sender.addToRolePolicy(new PolicyStatement(statement));
    };
    const secrets = new Set(Object.values(needs).flatMap((each) => each.secrets));
    secrets.delete(ownedByStores);
    for (const name of [...secrets].sort()) {
      const secret = new Secret(this, `Secret-${name}`, {
        secretName: names.secret(name),
        description: `What the remediator's endpoint asks for; put it in by hand (docs/remediation.md)`,
        // A value that opens nothing, until the operator puts in the one that does.
        generateSecretString: { passwordLength: 32, excludePunctuation: true },
        removalPolicy: configuration.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      });
      acknowledge(
        secret,
        'AwsSolutions-SMG4',
        'The endpoint issues it; its operator rotates it there and here, and functions refetch on 401.',
      );
      grant({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] });
    }
    for (const { action, resource } of Object.values(needs).flatMap((each) => each.grants)) {
      const [service = ''] = action.split(':');
      const [kind = '', ...rest] = resource.split('/');
      const arn = Stack.of(this).formatArn({
        service,
        resource: kind,
        resourceName: rest.join('/'),
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      });
      grant({ actions: [action], resources: [arn] });
      if (!resource.includes('*')) continue;
      for (const sender of senders)
        acknowledge(
          sender.role?.node.tryFindChild('DefaultPolicy') ?? sender,
          `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${resource}]`,
          'Assets are registered while the stack runs; the grant stops at what is needed of each.',
        );
    }
  }
}
