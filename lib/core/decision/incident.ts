/**
 * One cause that many assets see. The pack says which kinds correlate over which place; the key of the slot says which
 * incident a flag belongs to: place, family of kinds, and the remedy, so that an asset that needs another remedy gets a
 * case of its own. The window of time is not in the key, where its edges would cut an incident in two: the slot knows
 * when its last flag came, and a flag that comes too long after it takes the slot over for a new case.
 */
import type { CaseRecord } from '../../contracts/case.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { PackManifest } from '../../contracts/pack.ts';
import { hashOf } from '../audit/canonical.ts';

export interface Incident {
  readonly key: string;
  readonly windowMs: number;
  readonly about: NonNullable<CaseRecord['incident']>;
}

const maxKeyLength = 200;

/**
 * `undefined` where a case is the asset's own: no such rule, neither zone nor feed registered, or a person's word about
 * one asset.
 */
export function incidentOf(
  decision: Decision,
  manifest: Pick<PackManifest, 'name' | 'families' | 'correlation'> | undefined,
): Incident | undefined {
  const { inference, guard, proposal } = decision;
  const rule = manifest?.correlation?.find(({ kinds }) => kinds.includes(inference.kind));
  if (!manifest || !rule || !guard.place) return undefined;
  const { site, zone } = guard.place;
  // Who hangs on one feed fails with it, whichever zone it leads to: it says more than the zone does.
  const fedBy = rule.byFeed ? guard.place.fedBy : undefined;
  if (fedBy === undefined && rule.scope === 'zone' && zone === undefined) return undefined;
  const within = fedBy ?? (rule.scope === 'zone' ? zone : undefined);
  const place = within === undefined ? site : `${site}/${within}`;
  const family = manifest.families[inference.kind] ?? inference.kind;
  // A feed and a zone may have one name.
  const scope = fedBy === undefined ? rule.scope : 'feed';
  const key = ['incident', scope, place, manifest.name, family, remedyOf(proposal, rule.covers)].join('#');
  return {
    key: key.length > maxKeyLength ? `incident#${hashOf(key)}` : key,
    windowMs: rule.windowMs,
    about: { scope: rule.scope, place, ...(fedBy !== undefined && { fedBy }) },
  };
}

/** What is done once for the whole place has one name; anything else is told apart by what it is done to. */
function remedyOf(proposal: Decision['proposal'], covers: readonly string[]): string {
  if (!proposal) return 'none';
  return covers.includes(proposal.action) ? proposal.action : `${proposal.action}@${proposal.target}`;
}
