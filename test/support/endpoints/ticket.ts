/** Jira and ServiceNow as far as one ticket goes. Neither knows idempotency keys: each POST makes a ticket. */
import type { Reply } from '../../../bench/stack/misbehave.ts';
import { type Exchange, startFaultyServer } from './faulty-server.ts';
import { countUp, type Rig, type StartRig } from './rig.ts';

export interface TicketRig extends Rig {
  /** While true, searches do not see new tickets, as Jira's index does not for a while. */
  lags: boolean;
}

const rigOf =
  (
    settingsOf: (url: string) => object,
    providerOf: (rig: { lags: boolean }, made: (key: string) => void) => (exchange: Exchange) => Reply,
  ) =>
  async (identity?: Parameters<StartRig>[0], port = 0): Promise<TicketRig> => {
    const made = new Map<string, number>();
    const rig: { secret: string; lags: boolean } = { secret: 'robot@example.com:ATATT3xFfGF0secret', lags: false };
    const provider = providerOf(rig, (key) => countUp(made, key));
    const handle = (exchange: Exchange): Reply =>
      exchange.headers.authorization === `Basic ${Buffer.from(rig.secret).toString('base64')}`
        ? provider(exchange)
        : { status: 401, body: { message: 'Client must be authenticated to access this resource.' } };
    const server = await startFaultyServer({ handle, acts: ({ method }) => method === 'POST' }, identity, port);
    return Object.assign(rig, {
      server,
      settings: settingsOf(server.url),
      physical: (effectKey: string) => made.get(effectKey) ?? 0,
      inFlight: { fault: { status: 409 } as const, means: { status: 'UNKNOWN', endpointWell: true } },
      tellsPayloads: true,
      isAws: false,
      stop: () => server.stop(),
    });
  };

export const startJira = rigOf(
  (url) => ({ service: 'jira', url, project: 'OPS' }),
  (rig, made) => {
    const issues: { key: string; labels: string[] }[] = [];
    return ({ method, path, query, body }) => {
      if (method === 'GET' && path === '/rest/api/3/search/jql') {
        const label = /labels = "([^"]+)"/.exec(query.get('jql') ?? '')?.[1];
        const found = rig.lags ? [] : issues.filter(({ labels }) => labels.includes(label!));
        const shown = found.map(({ key, labels }) => ({
          id: key,
          key,
          self: 'http://169.254.169.254/',
          fields: { labels },
        }));
        return { status: 200, body: { isLast: true, issues: shown } };
      }
      if (method !== 'POST' || path !== '/rest/api/3/issue') return { status: 404, body: { errorMessages: ['no'] } };
      const { fields } = JSON.parse(body) as { fields: { labels: string[]; project: { key: string } } };
      if (fields.project.key !== 'OPS')
        return { status: 400, body: { errorMessages: [], errors: { project: 'valid project is required' } } };
      made(fields.labels[0]!.slice('groundcrew-'.length));
      const key = `OPS-${issues.length + 1}`;
      issues.push({ key, labels: fields.labels });
      return { status: 201, body: { id: String(10_000 + issues.length), key, self: 'http://169.254.169.254/' } };
    };
  },
);

const startServiceNow = rigOf(
  (url) => ({ service: 'servicenow', url }),
  (rig, made) => {
    const records: { number: string; correlation_id: string; correlation_display: string }[] = [];
    return ({ method, path, query, body }) => {
      if (path !== '/api/now/table/incident')
        return { status: 400, body: { error: { message: 'Invalid table', detail: null }, status: 'failure' } };
      if (method === 'GET') {
        const key = /^correlation_id=([0-9a-f]{64})$/.exec(query.get('sysparm_query') ?? '')?.[1];
        const result = rig.lags ? [] : records.filter(({ correlation_id }) => correlation_id === key);
        return { status: 200, body: { result } };
      }
      const sent = JSON.parse(body) as { correlation_id: string; correlation_display: string };
      made(sent.correlation_id);
      const record = { ...sent, number: `INC00${10_000 + records.length}` };
      records.push(record);
      return { status: 201, body: { result: { ...record, sys_id: 'f'.repeat(32) } } };
    };
  },
);

export const rigs: Readonly<Record<string, StartRig>> = { jira: startJira, servicenow: startServiceNow };
