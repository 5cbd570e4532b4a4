/** Roles with every statement of every policy that the template attaches to them. */
import type { Json, JsonObject } from '../flow/types.ts';
import type { Built } from './builders.ts';
import type { RoleModel, StatementModel } from './model.ts';
import type { Properties } from './properties.ts';

const list = (value: Json | undefined): Json[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const texts = (value: Json | undefined): string[] => list(value).map(String);

function statements(properties: Properties, name: string): StatementModel[] {
  const document = properties.object(name);
  return list(document.json('Statement')).map((each) => {
    const statement = each as JsonObject;
    const unknown = Object.keys(statement).find(
      (key) => !['Sid', 'Effect', 'Action', 'Resource', 'Condition'].includes(key),
    );
    if (unknown !== undefined)
      throw properties.refuse(`${name}.Statement`, `has ${unknown}, which the comparison of permissions cannot judge`);
    if (statement['Effect'] !== 'Allow' && statement['Effect'] !== 'Deny')
      throw properties.refuse(`${name}.Statement.Effect`, 'must be Allow or Deny');
    return {
      effect: statement['Effect'],
      actions: texts(statement['Action']),
      resources: texts(statement['Resource']),
      condition: statement['Condition'],
    };
  });
}

/** @param policies the stack's `AWS::IAM::Policy` resources */
export function role({ resource, properties }: Built, policies: readonly Built[]): RoleModel {
  const attached = policies.filter((policy) => policy.properties.texts('Roles').includes(resource.name));
  const trust = list(properties.object('AssumeRolePolicyDocument').json('Statement')) as JsonObject[];
  return {
    ...resource,
    trustedServices: trust.flatMap((statement) =>
      texts((statement['Principal'] as JsonObject | undefined)?.['Service']),
    ),
    managedPolicyArns: properties.texts('ManagedPolicyArns'),
    statements: [
      ...properties.objects('Policies').flatMap((policy) => statements(policy, 'PolicyDocument')),
      ...attached.flatMap((policy) => statements(policy.properties, 'PolicyDocument')),
    ],
  };
}
