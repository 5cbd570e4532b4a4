/** AWS IoT's shadow service (data plane) with a device behind it that carries orders out once and reports. */
import type { Reply } from '../../../bench/stack/misbehave.ts';
import { type Exchange, startFaultyServer } from './faulty-server.ts';
import { actAsAws, countUp, type Rig, type StartRig } from './rig.ts';

export interface DeviceRig extends Rig {
  /** What the device does with an order that it learns of. */
  device: 'works' | 'is-away' | 'fails' | 'refuses' | 'is-slow';
}

interface Order {
  readonly effectKey: string;
  readonly request: string;
  readonly notAfterMs: number;
}
interface Shadow {
  version: number;
  readonly desired: Record<string, Order>;
  readonly reported: Record<string, object>;
}

export const startDevice = async (identity?: Parameters<StartRig>[0]): Promise<DeviceRig> => {
  const done = new Map<string, number>();
  const shadows = new Map<string, Shadow>();
  const rig: { device: DeviceRig['device'] } = { device: 'works' };
  const error = (status: number, code: string): Reply => ({
    status,
    body: { message: code },
    headers: { 'x-amzn-errortype': code },
  });
  const learn = (shadow: Shadow, target: string, { effectKey, notAfterMs }: Order): void => {
    const report = (status: string): void => {
      shadow.reported[target] = { effectKey, status };
      shadow.version += 1;
    };
    if (rig.device === 'is-away') return;
    if (rig.device === 'refuses' || Date.now() > notAfterMs) report('refused');
    else if (rig.device === 'is-slow') report('running');
    else {
      if (!done.has(effectKey)) countUp(done, effectKey);
      report(rig.device === 'fails' ? 'failed' : 'done');
    }
  };
  const handle = ({ method, path, query, body }: Exchange): Reply => {
    const thing = /^\/things\/([A-Za-z0-9:_-]+)\/shadow$/.exec(path)?.[1];
    if (thing === undefined) return error(404, 'ResourceNotFoundException');
    const name = `${thing}/${query.get('name') ?? ''}`;
    const shadow = shadows.get(name);
    if (method === 'GET') {
      if (!shadow) return error(404, 'ResourceNotFoundException');
      const { desired, reported, version } = shadow;
      return {
        status: 200,
        body: { state: { desired: { commands: desired }, reported: { commands: reported } }, version, timestamp: 1 },
      };
    }
    const update = JSON.parse(body) as { state: { desired: { commands: Record<string, Order> } }; version?: number };
    if (update.version !== undefined && update.version !== (shadow?.version ?? 0))
      return error(409, 'ConflictException');
    const written = shadow ?? { version: 0, desired: {}, reported: {} };
    shadows.set(name, written);
    written.version += 1;
    for (const [target, order] of Object.entries(update.state.desired.commands)) {
      written.desired[target] = { ...written.desired[target], ...order };
      learn(written, target, order);
    }
    return { status: 200, body: { state: update.state, version: written.version, timestamp: 1 } };
  };
  const server = await startFaultyServer({ handle, acts: ({ method }) => method === 'POST' }, identity);
  const putBack = actAsAws('IOT_DATA_PLANE', server.url);
  return Object.assign(rig, {
    server,
    settings: {},
    physical: (effectKey: string) => done.get(effectKey) ?? 0,
    inFlight: {
      fault: { status: 409, headers: { 'x-amzn-errortype': 'ConflictException' } } as const,
      means: { status: 'DEFERRED', endpointWell: true },
    },
    tellsPayloads: true,
    isAws: true,
    stop: async () => {
      putBack();
      await server.stop();
    },
  });
};

export const rigs: Readonly<Record<string, StartRig>> = { shadow: startDevice };
