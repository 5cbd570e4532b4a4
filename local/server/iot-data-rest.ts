/** AWS IoT's data plane, as far as shadows go: `GET` and `POST /things/THING/shadow[?name=NAME]`. */
import type { Shadows } from '../iot/shadows.ts';
import type { CallRecorder } from '../types.ts';
import type { Reply, Request } from './http.ts';
import { asServiceError } from './json-protocol.ts';
import { ServiceError } from './service.ts';

export function handleIotData(
  request: Request,
  shadows: Shadows,
  arnOf: (thing: string, name: string | undefined) => string,
  calls: CallRecorder,
  reply: Reply,
): void {
  const json = { 'content-type': 'application/json' };
  try {
    const thing = /^\/things\/([^/]+)\/shadow$/.exec(request.url.pathname)?.[1];
    const operation = { GET: 'GetThingShadow', POST: 'UpdateThingShadow' }[request.method];
    if (thing === undefined || operation === undefined)
      throw new ServiceError(
        'UnknownOperationException',
        `iot-data knows GetThingShadow and UpdateThingShadow on one machine, not ${request.method} ${request.url.pathname}`,
        { statusCode: 404 },
      );
    const name = request.url.searchParams.get('name') ?? undefined;
    const decoded = decodeURIComponent(thing);
    calls.record({ service: 'iot', operation, resources: [arnOf(decoded, name)], caller: request.caller });
    const answer =
      operation === 'GetThingShadow' ? shadows.get(decoded, name) : shadows.update(decoded, name, request.body);
    reply(200, json, JSON.stringify(answer));
  } catch (error) {
    const known = asServiceError(error);
    reply(known.statusCode, { ...json, 'x-amzn-errortype': known.code }, JSON.stringify({ message: known.message }));
  }
}
