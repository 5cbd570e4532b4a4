import { join } from 'node:path';
import { cedarAuthorizers } from '../../../lib/adapters/policy/cedar.ts';
import type { AssetRegistration } from '../../../lib/contracts/asset.ts';
import { type GuardPorts, guard } from '../../../lib/core/guard/guard.ts';
import { modelsFolder } from './description.ts';

const authorizerOf = cedarAuthorizers((pack) => join(modelsFolder, pack, 'policies'));

/** What the pack's own policies say, a second after the reading came, where nothing is in the way but what `change` says. */
export function verdictOn(
  registration: AssetRegistration,
  asked: Omit<Parameters<typeof guard>[1], 'pack'>,
  change: Partial<GuardPorts> = {},
) {
  const ports: GuardPorts = {
    authorizerOf,
    assetOf: async () => ({ registration, holds: [] }),
    stoppedScopes: async () => [],
    standingOrders: async () => [],
    quotaLeft: async () => 3,
    nowMs: () => asked.flag.receivedAtMs + 1000,
    ...change,
  };
  return guard(ports, { ...asked, pack: registration.pack! });
}
