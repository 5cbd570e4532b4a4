/** Who carries an action out: what the deployment says of it counts before what the pack says. */
import type { Proposal } from '../../contracts/remediation.ts';

/** Remediators by action (`close-valve`) or by pack and action (`water-network/close-valve`). */
export type Ways = Readonly<Record<string, string>>;

/** What is said of the actions of one pack, by action alone. */
export function waysOf(ways: Ways, pack: string): Record<string, string> {
  const own = `${pack}/`;
  const general = Object.entries(ways).filter(([action]) => !action.includes('/'));
  const special = Object.entries(ways).filter(([action]) => action.startsWith(own));
  return Object.fromEntries([...general, ...special.map(([action, name]) => [action.slice(own.length), name])]);
}

/** The proposal with the remediator that the deployment names for its action. */
export function onItsWay(proposal: Proposal, ways: Ways, pack: string): Proposal {
  const own = waysOf(ways, pack);
  const remediator = Object.hasOwn(own, proposal.action) ? own[proposal.action] : undefined;
  return remediator === undefined ? proposal : { ...proposal, remediator };
}
