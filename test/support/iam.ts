/**
 * Holds calls against the policies of the stack. It knows Allow statements whose resources are exact ARNs or end in one
 * `*`, without conditions: the functions' policies have nothing else, and anything else is refused, not guessed at.
 */
import type { RoleModel, StackModel } from '../../local/assembly/model.ts';
import type { CountedCall } from '../../local/calls/call-log.ts';

/** Actions for which IAM knows no resources. */
const unscoped: ReadonlySet<string> = new Set(['cloudwatch:GetMetricData']);

/** One action on one resource, as a statement allows it. */
export interface Grant {
  /** Logical id of the function that has it. */
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
}

/** @throws Error for a statement that this cannot judge */
export function grantsOf(caller: string, role: RoleModel): Grant[] {
  if (role.managedPolicyArns.length > 0) throw new Error(`${role.logicalId} has managed policies`);
  return role.statements.flatMap(({ effect, actions, resources, condition }) => {
    if (effect !== 'Allow') throw new Error(`${role.logicalId} has a statement that denies`);
    if (condition !== undefined) throw new Error(`${role.logicalId} has a statement with a condition`);
    if (actions.length === 0 || resources.length === 0) throw new Error(`${role.logicalId} has an empty statement`);
    for (const action of actions)
      if (!/^[a-z0-9-]+:[A-Za-z]+$/.test(action)) throw new Error(`${role.logicalId} allows ${action}`);
    for (const resource of resources)
      if (!/^arn:aws:[^*?]+\*?$/.test(resource) && !(resource === '*' && actions.every((each) => unscoped.has(each))))
        throw new Error(`${role.logicalId} allows ${resource}`);
    return actions.flatMap((action) => resources.map((resource) => ({ caller, action, resource })));
  });
}

/** The grants of every function of the stack, by its own role. */
export function functionGrants(stack: Pick<StackModel, 'functions' | 'roles'>): Grant[] {
  return stack.functions.flatMap(({ logicalId, roleArn }) => {
    const role = stack.roles.find(({ arn }) => arn === roleArn);
    if (role === undefined) throw new Error(`${logicalId} has no role in the stack`);
    return grantsOf(logicalId, role);
  });
}

/** Whether a grant covers a call. A call on `prefix/*` stands for calls on any object with that first part. */
export function covers(grant: Grant, call: Pick<CountedCall, 'caller' | 'action' | 'resource'>): boolean {
  if (grant.caller !== call.caller || grant.action !== call.action) return false;
  if (grant.resource === '*') return true;
  if (!grant.resource.endsWith('*')) return grant.resource === call.resource;
  return call.resource !== '*' && call.resource.startsWith(grant.resource.slice(0, -1));
}

/** Calls that no policy of their caller permits. */
export const forbiddenCalls = (grants: readonly Grant[], calls: readonly CountedCall[]): CountedCall[] =>
  calls.filter((call) => call.caller !== 'OPERATOR' && !grants.some((grant) => covers(grant, call)));

/** Grants that none of the calls needed. */
export const unusedGrants = (grants: readonly Grant[], calls: readonly CountedCall[]): Grant[] =>
  grants.filter((grant) => !calls.some((call) => covers(grant, call)));
