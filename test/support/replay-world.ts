/** A decision on a real window by the real model and policies, recorded, and what it is made again from. */
import { coldWorld } from '../../bench/cold-start/world.ts';
import { decodeState } from '../../lib/adapters/aws/state-store.ts';
import { openModel } from '../../lib/adapters/onnx/session.ts';
import { cedarAuthorizers } from '../../lib/adapters/policy/cedar.ts';
import type { AssetState } from '../../lib/contracts/asset.ts';
import { configuration } from '../../lib/contracts/configuration.ts';
import { type Decision, decision as decisionSchema } from '../../lib/contracts/decision.ts';
import type { Deployment } from '../../lib/contracts/deployment.ts';
import { type FlaggedSignal, flaggedSignal } from '../../lib/contracts/flag.ts';
import { hashOf } from '../../lib/core/audit/canonical.ts';
import { type InferPorts, infer } from '../../lib/core/decision/infer.ts';
import { record } from '../../lib/core/decision/record.ts';
import type { ReplayPorts } from '../../lib/core/decision/replay-grounds.ts';
import { type GuardPorts, guard } from '../../lib/core/guard/guard.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import type { Pack, PackModel } from '../../lib/core/pack.ts';
import { WindowStore } from '../../lib/core/window/window-store.ts';
import pack from '../../models/water-network/index.ts';
import { memoryObjects } from './memory-objects.ts';
import { MemoryWorld } from './memory-world.ts';

const folder = new URL('../../models/water-network/policies', import.meta.url).pathname;

export interface ReplayWorld {
  readonly objects: ReturnType<typeof memoryObjects>;
  readonly flag: FlaggedSignal;
  readonly model: PackModel;
  /** As the functions infer, guard and record make it, one after the other; read back from its JSON. */
  decide(flag?: FlaggedSignal, moment?: Moment): Promise<Decision>;
  /** Fresh each time: nothing is found in a cache that is not in the store. */
  ports(decision: Decision, change?: Partial<ReplayPorts>): ReplayPorts;
}

export interface Moment {
  readonly infer?: Partial<InferPorts>;
  readonly guard?: Partial<GuardPorts>;
  readonly holds?: AssetState['holds'];
  /** Policies act at `demo-town`. @default a site that they do not know */
  readonly site?: string;
  readonly given?: Partial<Deployment['configuration']>;
}

export const packOf = async (): Promise<Pack> => pack;

export async function replayWorld(): Promise<ReplayWorld> {
  const cold = await coldWorld();
  const objects = memoryObjects();
  for (const [key, bytes] of cold.objects) await objects.put(key, bytes);
  const registered = decodeState(Buffer.from(cold.item['state']!['B']!, 'base64'));
  const flag = flaggedSignal.parse((cold.events.infer as { flag: unknown }).flag);
  const model = await pack.open!(openModel);
  const modelOf = async () => model;
  const deployments = new Map<string, Deployment>();
  return {
    objects,
    flag,
    model,
    async decide(raised = flag, { infer: inferring, guard: guarding, holds = [], site, given = {} } = {}) {
      const deployed = deploymentOf(given);
      deployments.set(deployed.configurationHash, deployed);
      const documents = new Documents(objects);
      const before = await documents.registration(registered.registrationHash);
      const state = {
        ...registered,
        registrationHash: await documents.putRegistration({ ...before, ...(site !== undefined && { site }) }),
      };
      const made = await infer(
        {
          objects,
          states: { get: async () => state },
          documents,
          windows: new WindowStore(objects),
          packOf,
          modelOf,
          ways: deployed.configuration.ways,
          elapsed: () => performance.now(),
          memoryMb: 1769,
          ...inferring,
        },
        raised,
      );
      const verdict = await guard(
        {
          authorizerOf: cedarAuthorizers(() => folder),
          assetOf: async () => ({ registration: await documents.registration(state.registrationHash), holds }),
          stoppedScopes: async () => [],
          standingOrders: async () => [],
          quotaLeft: async () => 3,
          nowMs: () => raised.receivedAtMs + 1_234,
          ...guarding,
        },
        { flag: raised, ...made },
      );
      const world = new MemoryWorld();
      await world.flags.putIfAbsent(raised, raised.receivedAtMs);
      await record(
        {
          flags: world.flags,
          decisions: world.decisions,
          audit: world.audit,
          bus: world.bus,
          nowMs: () => raised.receivedAtMs + 2_000,
          configurationHash: deployed.configurationHash,
          codeHash: 'c'.repeat(64),
        },
        { flag: raised, guard: verdict, ...made },
      );
      const [decision] = world.decisionItems.values();
      return decisionSchema.parse(JSON.parse(JSON.stringify(decision)));
    },
    ports: ({ configurationHash = '' }, change = {}) => ({
      objects: { get: (key) => objects.get(key) },
      documents: new Documents(objects),
      packOf,
      modelOf,
      authorizerOf: cedarAuthorizers(() => folder),
      deployment: deployments.get(configurationHash),
      ...change,
    }),
  };
}

function deploymentOf(given: Partial<Deployment['configuration']>): Deployment {
  const whole = configuration.parse(given);
  return {
    configuration: whole,
    configurationHash: hashOf(whole),
    codeHash: 'c'.repeat(64),
    models: {},
    endpoint: 'https://plant.example',
    allowPrivateEndpoints: false,
  };
}
