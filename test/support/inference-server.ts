/**
 * A small server of the Open Inference Protocol v2 over HTTP: one model that can be told what to answer, and to
 * misbehave at its next inference. It refuses what does not conform, as real servers do.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How an inference goes wrong. */
export const misbehaviours = [
  'hang',
  'slow-body',
  'status-500',
  'status-503-json',
  'redirect',
  'oversized',
  'not-json',
  'empty',
  'cut-short',
  'nan',
  'null',
  'text-numbers',
  'wrong-shape',
  'wrong-width',
  'wrong-type',
  'other-output',
  'other-model',
  'other-version',
  'no-sum',
  'negative',
  'array-instead',
] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

export interface InferenceServer {
  readonly url: string;
  /** Requests as they came, with what was sent. */
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }[];
  /** One an inference. */
  readonly next: Misbehaviour[];
  /** What the model answers for a row of features. */
  answer: (features: readonly number[]) => readonly number[];
  ready: boolean;
  nested: boolean;
  /** Requests without this bearer token get 401. */
  token: string | undefined;
  inputShape: readonly number[];
  stop(): Promise<void>;
}

const name = 'large';
const version = '3';

/** @param width features of the model's input */
export async function startInferenceServer(width: number): Promise<InferenceServer> {
  const state: Omit<InferenceServer, 'url' | 'stop'> = {
    requests: [],
    next: [],
    answer: () => [1],
    ready: true,
    nested: false,
    token: undefined,
    inputShape: [-1, width],
  };
  const json = (response: ServerResponse, status: number, body: unknown): unknown =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const path = new RegExp(`^/v2/models/${name}(/versions/${version})?(/ready|/infer)?$`);

  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const [method, url] = [request.method ?? '', request.url ?? ''];
      state.requests.push({ method, path: url, headers: request.headers, body });
      if (state.token !== undefined && request.headers.authorization !== `Bearer ${state.token}`)
        return json(response, 401, { error: 'unauthorized' });
      const found = path.exec(url);
      if (!found) return json(response, 404, { error: `no ${url}` });
      if (found[2] === '/infer' && method === 'POST') return infer(response, body);
      if (method !== 'GET') return json(response, 405, { error: 'method' });
      if (found[2] === '/ready') return json(response, state.ready ? 200 : 400, { name, ready: state.ready });
      return json(response, 200, {
        name,
        versions: [version],
        platform: 'test',
        inputs: [{ name: 'features', datatype: 'FP32', shape: state.inputShape }],
        outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, -1] }],
      });
    });
  });

  function infer(response: ServerResponse, body: string): unknown {
    const asked = JSON.parse(body) as {
      inputs?: { name: string; shape: number[]; datatype: string; data: number[] }[];
    };
    const input = asked.inputs?.[0];
    const conforms =
      asked.inputs?.length === 1 &&
      input?.name === 'features' &&
      input.datatype === 'FP32' &&
      JSON.stringify(input.shape) === JSON.stringify([1, width]) &&
      input.data.length === width &&
      input.data.every(Number.isFinite);
    if (!conforms) return json(response, 400, { error: 'input does not conform' });
    const data = state.answer(input.data);
    const output = {
      name: 'probabilities',
      datatype: 'FP32',
      shape: [1, data.length],
      data: state.nested ? [data] : data,
    };
    const answer = { model_name: name, model_version: version, outputs: [output] };
    const wrong = state.next.shift();
    if (wrong === undefined) return json(response, 200, answer);
    misbehave(response, wrong, answer, output);
  }

  function misbehave(
    response: ServerResponse,
    wrong: Misbehaviour,
    answer: object,
    output: { data: unknown; shape: number[] },
  ): unknown {
    const changed = (change: object): unknown =>
      json(response, 200, { ...answer, outputs: [{ ...output, ...change }] });
    const data = output.data as number[];
    const text = (content: string): unknown =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(content);
    switch (wrong) {
      case 'hang':
        return;
      case 'slow-body':
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"model_name":');
        return;
      case 'status-500':
        return response.writeHead(500).end('boom');
      case 'status-503-json':
        return json(response, 503, answer);
      case 'redirect':
        return response.writeHead(307, { location: '/v2/models/large' }).end();
      case 'oversized':
        return text(JSON.stringify({ ...answer, parameters: { padding: 'x'.repeat(100_000) } }));
      case 'not-json':
        return text('<html>large</html>');
      case 'empty':
        return text('');
      case 'cut-short':
        response.writeHead(200, { 'content-length': '10000' }).write(JSON.stringify(answer));
        return response.destroy();
      case 'nan':
        return text(JSON.stringify(answer).replace(/"data":\[[^,\]]+/, '"data":[NaN'));
      case 'null':
        return changed({ data: [null, ...data.slice(1)] });
      case 'text-numbers':
        return changed({ data: data.map(String) });
      case 'wrong-shape':
        return changed({ shape: [2, data.length] });
      case 'wrong-width':
        return changed({ shape: [1, data.length + 1], data: [...data, 0] });
      case 'wrong-type':
        return changed({ datatype: 'INT64' });
      case 'other-output':
        return changed({ name: 'logits' });
      case 'other-model':
        return json(response, 200, { ...answer, model_name: 'small' });
      case 'other-version':
        return json(response, 200, { ...answer, model_version: '4' });
      case 'no-sum':
        return changed({ data: data.map(() => 0.9) });
      case 'negative':
        return changed({ data: [-0.5, 1.5, ...data.slice(2).map(() => 0)] });
      case 'array-instead':
        return json(response, 200, [answer]);
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
