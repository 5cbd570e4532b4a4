/** The remediation ports over dynalite, a real HTTP endpoint and a clock that the test sets. */

import type { CaseTable } from '../../lib/adapters/aws/case-store.ts';
import { openOrAttach } from '../../lib/adapters/aws/case-store.ts';
import type { RemediationWorld } from '../../lib/adapters/aws/remediation-ports.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import type { AssetState } from '../../lib/contracts/asset.ts';
import type { CaseRecord } from '../../lib/contracts/case.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import type { BusEvent } from '../../lib/core/ports.ts';
import { type CommandEndpoint, startCommandEndpoint } from './command-endpoint.ts';
import { memoryObjects } from './memory-objects.ts';
import { startTables, type TestTables } from './tables.ts';

export interface RemediationStack {
  readonly world: RemediationWorld;
  readonly cases: CaseTable;
  readonly endpoint: CommandEndpoint;
  readonly events: BusEvent[];
  readonly clock: { nowMs: number };
  /** Registers the asset anew, without holds, and opens the case. */
  open(record: CaseRecord): Promise<void>;
  stop(): Promise<void>;
}

export async function startRemediationStack(prefix: string): Promise<RemediationStack> {
  const tables: TestTables = await startTables();
  const names = await tables.create(prefix);
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const endpoint = await startCommandEndpoint(secret);
  const clock = { nowMs: Date.now() };
  const events: BusEvent[] = [];
  const documents = new Documents(memoryObjects());
  const world: RemediationWorld = {
    client: tables.client,
    cases: names.cases!,
    audit: names.audit!,
    ledger: names.ledger!,
    stop: names.stop!,
    states: dynamoStateStore(tables.client, names.state!),
    documents,
    bus: {
      async publish(batch) {
        events.push(...batch);
        return { failed: [] };
      },
    },
    now: () => clock.nowMs,
    // The signature's time is checked against the real clock.
    settings: {},
    surroundings: {
      webhookUrl: endpoint.url,
      allowPrivate: true,
      busName: 'test-bus',
      secret: () => async () => secret,
      now: Date.now,
    },
  };
  const cases = { client: tables.client, table: names.cases! };
  return {
    world,
    cases,
    endpoint,
    events,
    clock,
    async open(record) {
      const registrationHash = await documents.putRegistration({
        v: 1,
        asset: record.asset,
        site: 'site-1',
        pack: 'water-network',
        channels: [],
        clockRate: 1,
        topology: { zones: [], pumps: [] },
        silenceAfterMs: 3_600_000,
      });
      const known = await world.states.get(record.asset);
      const state: AssetState = {
        v: 1,
        asset: record.asset,
        version: known ? known.version + 1 : 0,
        registrationHash,
        boots: [{ bootId: 'boot-1', lastSeq: 41, missing: [] }],
        lastEventMs: 900_000,
        lastReceivedMs: clock.nowMs,
        readings: 42,
        nextChunk: 0,
        openPart: 0,
        openRows: 0,
        tailRows: 0,
        tail: [],
        holds: [],
      };
      if (!(await world.states.put(state))) throw new Error('the state was not written');
      await openOrAttach(cases, record, record.openingFlagId);
    },
    async stop() {
      await endpoint.stop();
      await tables.stop();
    },
  };
}
