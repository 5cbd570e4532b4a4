/** What a person may order in place of a proposal: what the asset's pack knows to do, with the elements it could mean. */
import type { CaseOption } from '../../contracts/api.ts';
import type { AssetRegistration } from '../../contracts/asset.ts';
import type { CaseRecord } from '../../contracts/case.ts';
import type { PackManifest, PackRemedy } from '../../contracts/pack.ts';
import { targetName } from '../../contracts/remediation.ts';
import { hasHighImpact } from '../case/effective.ts';

const maxTargets = 64;
const maxOptions = 64;

/**
 * One option an action: those for the case's own kind first, and after all of them what undoes one, so that a person can
 * order the way back in a case of its own.
 */
export function optionsOf(
  record: CaseRecord,
  manifest: PackManifest | undefined,
  registration: AssetRegistration | undefined,
): CaseOption[] {
  const remedies = [...(manifest?.remedies ?? [])].sort(
    (a, b) => Number(b.kind === record.kind) - Number(a.kind === record.kind),
  );
  const byAction = new Map<string, PackRemedy>();
  for (const remedy of remedies) if (!byAction.has(remedy.action)) byAction.set(remedy.action, remedy);
  const undoing = new Map<string, PackRemedy>();
  for (const remedy of byAction.values())
    if (remedy.inverse !== undefined && !byAction.has(remedy.inverse) && !undoing.has(remedy.inverse))
      undoing.set(remedy.inverse, remedy);
  const forward = [...byAction.values()].map((remedy) => {
    const { action, inverse, description } = remedy;
    const targets = registration ? targetsOf(remedy, registration) : [];
    const proposed = record.proposal?.action === action ? record.proposal.target : undefined;
    const parameters = record.orderParameters?.[action];
    const target = proposed ?? (targets.length === 1 ? targets[0] : undefined);
    return {
      action,
      ...(target !== undefined && { target }),
      ...(targets.length > 0 && { targets }),
      label: description,
      highImpact: remedy.impact === 'high' || hasHighImpact(record, action),
      ...(inverse !== undefined && { inverse }),
      ...(parameters && { parameters }),
      ...(parameters && proposed !== undefined && { proposed: record.proposal?.parameters ?? {} }),
    };
  });
  return [
    ...forward,
    ...[...undoing].map(([action, remedy]) => inverseOption(record, action, remedy, registration)),
  ].slice(0, maxOptions);
}

/** What was planned for the action itself, its parameters and what it expects, says nothing about its inverse. */
function inverseOption(
  record: CaseRecord,
  action: string,
  remedy: PackRemedy,
  registration: AssetRegistration | undefined,
): CaseOption {
  const targets = registration ? targetsOf(remedy, registration) : [];
  const parameters = record.orderParameters?.[action];
  return {
    action,
    ...(targets.length === 1 && { target: targets[0] }),
    ...(targets.length > 0 && { targets }),
    label: `Undoes “${remedy.action.replaceAll('-', ' ')}”.`,
    highImpact: hasHighImpact(record, action),
    inverse: remedy.action,
    ...(parameters && { parameters }),
  };
}

/** Elements of the channels with the role that the remedy names; the asset itself where it names none. */
function targetsOf({ targetRole }: PackRemedy, { asset, channels, topology }: AssetRegistration): string[] {
  if (targetRole === undefined) return [asset];
  const found = channels.filter(({ role }) => role === targetRole).map(({ element, name }) => element ?? name);
  const valves = targetRole === 'valve-state' ? topology.zones.map(({ valve }) => valve) : [];
  const pumps = targetRole === 'pump-state' ? topology.pumps.flatMap(({ name, standby }) => [name, standby]) : [];
  const all = [...found, ...valves, ...pumps].filter((name) => targetName.safeParse(name).success) as string[];
  return [...new Set(all)].slice(0, maxTargets);
}
