/** Changes of what is deployed: configuration, code, models, policies, endpoint. */
import type { AuditEntry } from '../../contracts/audit.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { hashOf } from './canonical.ts';
import { type AuditDraft, genesisHash } from './entry.ts';

export const configurationChain = 'system#configuration';

/**
 * The entry that says what is deployed now; `undefined` where the newest entry says just that. Going back to what was
 * deployed before is a change, too, so the entry before is part of what makes the fact one.
 * @param head newest entry of the chain
 */
export function deploymentChange(head: AuditEntry | undefined, deployed: Deployment): AuditDraft | undefined {
  const hash = hashOf(deployed);
  if (head && hashOf(head.body) === hash) return undefined;
  return {
    chain: configurationChain,
    type: 'configuration-changed',
    key: [hash, head?.hash ?? genesisHash],
    correlationId: `deployment-${hash.slice(0, 16)}`,
    body: deployed,
  };
}
