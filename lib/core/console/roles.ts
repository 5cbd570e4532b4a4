/** Who may do what in the console, beside what the contract says of each route. */
import { type Group, groupsFor, type Least } from '../../contracts/api.ts';

const acting: readonly Group[] = ['operator', 'approver', 'admin'];

/**
 * Whether somebody of these groups may use what asks for `least`. Who audits never acts, whatever other groups say:
 * whoever checks a record must not be able to make one.
 */
export function mayAs(groups: readonly Group[], least: Least): boolean {
  if (least === 'anybody') return true;
  if (groups.includes('auditor') && acting.some((group) => group === least)) return false;
  return groupsFor(least).some((group) => groups.includes(group));
}

/** Why these groups cannot be one person's; `undefined` where they can. */
export function conflictOf(groups: readonly Group[]): string | undefined {
  const others = groups.filter((group) => acting.includes(group));
  if (!groups.includes('auditor') || others.length === 0) return undefined;
  return `an auditor never acts, so auditor cannot go with ${others.join(', ')}`;
}
