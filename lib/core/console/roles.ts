/** Who may do what in the console: one order of roles, and the auditor beside it. */
import type { Group } from '../../contracts/api-session.ts';

/** The least that a route asks for; `anyone` is not signed in, `person` is signed in and may be in no group at all. */
export type Role = 'anyone' | 'person' | Group;

const holders: Readonly<Record<Group, readonly Group[]>> = {
  viewer: ['viewer', 'operator', 'approver', 'auditor', 'admin'],
  operator: ['operator', 'approver', 'admin'],
  approver: ['approver', 'admin'],
  auditor: ['auditor', 'admin'],
  admin: ['admin'],
};

/**
 * Whether somebody of these groups may use what asks for `role`. Who audits never acts, whatever other groups say:
 * whoever checks a record must not be able to make one.
 */
export function mayAs(groups: readonly Group[], role: Role): boolean {
  if (role === 'anyone' || role === 'person') return true;
  const isAuditor = groups.includes('auditor');
  if (isAuditor && (role === 'operator' || role === 'approver' || role === 'admin')) return false;
  return holders[role].some((group) => groups.includes(group));
}

/** Groups that may use what asks for `role`, for a refusal that says who to ask. */
export const holdersOf = (role: Role): readonly Group[] =>
  role === 'anyone' || role === 'person' ? [] : holders[role];

/** Why these groups cannot be one person's; `undefined` where they can. */
export function conflictOf(groups: readonly Group[]): string | undefined {
  const acting = groups.filter((group) => group === 'operator' || group === 'approver' || group === 'admin');
  if (!groups.includes('auditor') || acting.length === 0) return undefined;
  return `an auditor never acts, so auditor cannot go with ${acting.join(', ')}`;
}
