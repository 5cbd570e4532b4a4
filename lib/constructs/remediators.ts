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
import { type FunctionPermissions, permissions } from './permissions.ts';

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
    const those = (may: (of: FunctionPermissions) => boolean | undefined): IFunction[] =>
      functionNames.filter((name) => may(permissions[name])).map((name) => functions[name]);
    const senders = those(({ calls }) => calls);
    const grant = (statement: { actions: string[]; resources: string[] }, to = senders): void => {
      for (const fn of to) fn.addToRolePolicy(new PolicyStatement(statement));
    };
    const make = (name: string, description: string): string[] => {
      const secret = new Secret(this, `Secret-${name}`, {
        secretName: names.secret(name),
        description,
        // A value that opens nothing, until the operator puts in the one that does.
        generateSecretString: { passwordLength: 32, excludePunctuation: true },
        removalPolicy: configuration.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      });
      acknowledge(
        secret,
        'AwsSolutions-SMG4',
        'The other side issues or keeps it, too; its operator rotates it there and here, and functions refetch it when it is refused.',
      );
      return [secret.secretArn];
    };
    const read = ['secretsmanager:GetSecretValue'];
    const named = (of: (each: RemediatorNeeds) => readonly string[]): string[] =>
      [...new Set(Object.values(needs).flatMap(of))].filter((name) => name !== ownedByStores).sort();
    for (const name of named(({ secrets }) => secrets)) {
      const description = 'What the remediator’s endpoint asks for; put it in by hand (docs/remediation.md)';
      grant({ actions: read, resources: make(name, description) });
    }
    for (const name of named(({ signedWith = [] }) => signedWith)) {
      const description = 'What the other system signs its messages with; give it to that system (docs/remediation.md)';
      grant(
        { actions: read, resources: make(name, description) },
        those(({ hearsSystems }) => hearsSystems),
      );
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
