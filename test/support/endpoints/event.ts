/** EventBridge's PutEvents with a consumer that does what CloudEvents asks: an id that it has seen changes nothing. */
import type { Reply } from '../../../bench/stack/misbehave.ts';
import { type Exchange, startFaultyServer } from './faulty-server.ts';
import { actAsAws, countUp, type Rig, type StartRig } from './rig.ts';

const start: StartRig = async (identity) => {
  const carriedOut = new Map<string, number>();
  let events = 0;
  const handle = ({ headers, body }: Exchange): Reply => {
    if (headers['x-amz-target'] !== 'AWSEvents.PutEvents') return { status: 404 };
    const { Entries } = JSON.parse(body) as { Entries: { EventBusName: string; Detail: string }[] };
    const entries = Entries.map(({ EventBusName, Detail }) => {
      if (EventBusName !== 'test-bus') return { ErrorCode: 'ResourceNotFoundException' };
      const { id } = JSON.parse(Detail) as { id: string };
      if (!carriedOut.has(id)) countUp(carriedOut, id);
      events += 1;
      return { EventId: `event-${events}` };
    });
    const failed = entries.filter((entry) => 'ErrorCode' in entry).length;
    return { status: 200, body: { FailedEntryCount: failed, Entries: entries } };
  };
  const server = await startFaultyServer({ handle, acts: () => true }, identity);
  const putBack = actAsAws('EVENTBRIDGE', server.url);
  return {
    server,
    settings: {},
    physical: (effectKey) => carriedOut.get(effectKey) ?? 0,
    // Throttled in the entry itself, although the call says 200.
    inFlight: {
      fault: { status: 200, body: { FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException' }] } },
      means: { status: 'DEFERRED', endpointWell: true },
    },
    tellsPayloads: false,
    isAws: true,
    stop: async () => {
      putBack();
      await server.stop();
    },
  } satisfies Rig;
};

export const rigs: Readonly<Record<string, StartRig>> = { eventbridge: start };
