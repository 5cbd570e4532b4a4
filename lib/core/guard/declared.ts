/** What a pack declares of its actions, put on a proposal: nothing that the manifest marks can be planned away. */
import type { PackManifest } from '../../contracts/pack.ts';
import type { ParameterSchema } from '../../contracts/parameters.ts';
import type { Proposal } from '../../contracts/remediation.ts';

/**
 * The proposal with the impact and the age limit that the manifest states for its action. The strictest of several
 * statements counts, and a proposal may be stricter than the manifest, never laxer.
 */
export function asDeclared(proposal: Proposal, { remedies }: Pick<PackManifest, 'remedies'>): Proposal {
  const stated = remedies.filter(({ action }) => action === proposal.action);
  const limits = [...stated, proposal].flatMap(({ maxEvidenceAgeMs }) => maxEvidenceAgeMs ?? []);
  return {
    ...proposal,
    highImpact: proposal.highImpact || stated.some(({ impact }) => impact === 'high'),
    ...(limits.length > 0 && { maxEvidenceAgeMs: Math.min(...limits) }),
  };
}

/** Actions that need two people wherever they are ordered. */
export const highImpactActions = ({ remedies }: Pick<PackManifest, 'remedies'>): string[] => [
  ...new Set(remedies.filter(({ impact }) => impact === 'high').map(({ action }) => action)),
];

/** What a person may order with an action, by action; the first statement of several counts. */
export const orderParameters = ({ remedies }: Pick<PackManifest, 'remedies'>): Record<string, ParameterSchema> =>
  Object.fromEntries(
    [...remedies].reverse().flatMap(({ action, parameters }) => (parameters ? [[action, parameters]] : [])),
  );
