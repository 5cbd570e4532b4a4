/** An endpoint that does what docs/remediation-endpoint.md asks: signatures, keys, and answers to questions about keys. */
import { Webhook } from 'standardwebhooks';
import type { Reply } from '../../../bench/stack/misbehave.ts';
import { type Exchange, type ServerIdentity, startFaultyServer } from './faulty-server.ts';
import { countUp, type Rig, type StartRig } from './rig.ts';

const start: StartRig = async (identity?: ServerIdentity) => {
  const effects = new Map<string, number>();
  const stored = new Map<string, { body: string; answer: object }>();
  const problem = (status: number, detail: string): Reply => ({ status, body: { title: 'Problem', detail } });
  const rig: { secret: string } = { secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` };
  const handle = ({ method, path, headers, body }: Exchange): Reply => {
    try {
      new Webhook(rig.secret).verify(body, headers as Record<string, string>, { jsonParse: false });
    } catch {
      return problem(401, 'bad signature');
    }
    if (method === 'GET') {
      const known = stored.get(path.split('/').at(-1)!);
      return known ? { status: 200, body: { status: 'done', result: known.answer } } : problem(404, 'unknown key');
    }
    const key = String(headers['idempotency-key']);
    const known = stored.get(key);
    if (known) return known.body === body ? { status: 200, body: known.answer } : problem(422, 'another payload');
    countUp(effects, key);
    const answer = { reference: `CMD-${stored.size + 1}`, detail: 'done' };
    stored.set(key, { body, answer });
    return { status: 200, body: answer };
  };
  const server = await startFaultyServer({ handle, acts: ({ method }) => method === 'POST' }, identity);
  return Object.assign(rig, {
    server,
    settings: {},
    physical: (effectKey: string) => effects.get(effectKey) ?? 0,
    inFlight: {
      fault: { status: 409, headers: { 'retry-after': '3' } },
      means: { status: 'UNKNOWN', retryAfterMs: 3_000, endpointWell: true },
    },
    tellsPayloads: true,
    isAws: false,
    stop: () => server.stop(),
  }) satisfies Rig;
};

export const rigs: Readonly<Record<string, StartRig>> = { webhook: start };
