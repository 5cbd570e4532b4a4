/** UiPath Orchestrator as far as queues go: OData, folders, unique references. */
import type { Reply } from '../../../bench/stack/misbehave.ts';
import { type Exchange, startFaultyServer } from './faulty-server.ts';
import { countUp, type Rig, type StartRig } from './rig.ts';

interface Item {
  readonly Id: number;
  readonly Reference: string;
  readonly SpecificContent: object;
}

/** `enforced`: whether the queue enforces unique references; tests of the remediator set it to false. */
export const startQueue =
  (enforced: boolean): StartRig =>
  async (identity) => {
    const added = new Map<string, number>();
    const items: Item[] = [];
    const rig: { secret: string } = { secret: 'rt_0123456789abcdef0123456789abcdef' };
    const filterOf = ({ query }: Exchange): string => query.get('$filter') ?? '';
    const handle = (exchange: Exchange): Reply => {
      const { path, headers, body } = exchange;
      if (headers.authorization !== `Bearer ${rig.secret}`)
        return { status: 401, body: { message: 'You are not authenticated!', errorCode: 0 } };
      if (headers['x-uipath-organizationunitid'] !== '7')
        return { status: 400, body: { message: 'A folder is required for this action.', errorCode: 1101 } };
      if (path.endsWith('/odata/QueueDefinitions')) {
        const found = filterOf(exchange) === "Name eq 'orders'";
        const queue = { Id: 42, Name: 'orders', EnforceUniqueReference: enforced, MaxNumberOfRetries: 0 };
        return { status: 200, body: { '@odata.context': 'x', value: found ? [queue] : [] } };
      }
      if (path.endsWith('/odata/QueueItems')) {
        const reference = /^Reference eq '([0-9a-f]{64})' and QueueDefinitionId eq 42$/.exec(filterOf(exchange))?.[1];
        return { status: 200, body: { value: items.filter(({ Reference }) => Reference === reference).slice(0, 2) } };
      }
      if (!path.endsWith('/odata/Queues/UiPathODataSvc.AddQueueItem')) return { status: 404 };
      const { itemData } = JSON.parse(body) as {
        itemData: { Name: string; Reference: string; SpecificContent: object };
      };
      if (itemData.Name !== 'orders')
        return { status: 404, body: { message: 'Queue not found', errorCode: 1002, resourceIds: null } };
      if (enforced && items.some(({ Reference }) => Reference === itemData.Reference))
        return {
          status: 409,
          body: { message: 'Error creating Transaction. Duplicate Reference.', errorCode: 1016, resourceIds: null },
        };
      countUp(added, itemData.Reference);
      const item = {
        Id: 1000 + items.length,
        Reference: itemData.Reference,
        SpecificContent: itemData.SpecificContent,
      };
      items.push(item);
      return { status: 201, body: { ...item, QueueDefinitionId: 42, Status: 'New', Key: 'a-b-c' } };
    };
    const acts = ({ method }: Exchange): boolean => method === 'POST';
    const server = await startFaultyServer({ handle, acts }, identity);
    return Object.assign(rig, {
      server,
      settings: { url: `${server.url}/org/tenant/orchestrator_`, folderId: 7, queue: 'orders' },
      physical: (effectKey: string) => added.get(effectKey) ?? 0,
      inFlight: { fault: { status: 409 }, means: { status: 'UNKNOWN', endpointWell: true } },
      tellsPayloads: true,
      isAws: false,
      stop: () => server.stop(),
    }) satisfies Rig;
  };

export const rigs: Readonly<Record<string, StartRig>> = { orchestrator: startQueue(true) };
