/** A request as a function gets it from an HTTP API: payload format 2.0. */
import type { JsonObject } from '../flow/types.ts';

export interface GatewayRequest {
  readonly method: string;
  /** As it came: path and query, not decoded. */
  readonly target: string;
  /** Names in lower case; what came several times stands in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly protocol: string;
  readonly requestId: string;
  readonly nowMs: number;
}

export interface GatewayPlace {
  readonly apiId: string;
  readonly account: string;
  readonly port: number;
}

/** Content that reaches a function as text; everything else is base64. */
const isText = (contentType: string): boolean =>
  /^(text\/|application\/(json|javascript|xml|[\w.-]+\+json|[\w.-]+\+xml))/i.test(contentType);

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `28/Nov/2026:08:16:17 +0000` */
function requestTime(nowMs: number): string {
  const [date = '', time = ''] = new Date(nowMs).toISOString().split(/[T.]/);
  const [year = '', month = '', day = ''] = date.split('-');
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`;
}

/**
 * The path as AWS hands it over: decoded, and cut at what was an encoded question mark. Undefined where it cannot be
 * decoded.
 */
export function rawPathOf(target: string): string | undefined {
  try {
    return decodeURIComponent(target.replace(/\?.*$/s, '')).replace(/\?.*$/s, '');
  } catch {
    return undefined;
  }
}

export function eventOf(request: GatewayRequest, rawPath: string, place: GatewayPlace): JsonObject {
  const { method, target, body, sourceIp, nowMs, requestId, protocol } = request;
  const cookies = request.headers
    .filter(([name]) => name === 'cookie')
    .flatMap(([, value]) => value.split(/;\s*/))
    .filter((cookie) => cookie !== '');
  const headers = joined(request.headers.filter(([name]) => name !== 'cookie'));
  headers['x-forwarded-for'] = headers['x-forwarded-for'] ? `${headers['x-forwarded-for']}, ${sourceIp}` : sourceIp;
  headers['x-forwarded-port'] = String(place.port);
  // The gateway's own word, whatever the caller says. Browsers on this machine come by plain http.
  headers['x-forwarded-proto'] = 'http';
  headers['x-amzn-trace-id'] =
    `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)}`;
  const rawQueryString = target.includes('?') ? target.slice(target.indexOf('?') + 1) : '';
  const query = joined([...new URLSearchParams(rawQueryString)]);
  const domainName = headers['host'] ?? `127.0.0.1:${place.port}`;
  const contentType = headers['content-type'] ?? '';
  const asText = isText(contentType) && headers['content-encoding'] === undefined;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(rawQueryString === '' ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: place.account,
      apiId: place.apiId,
      domainName,
      domainPrefix: domainName.replace(/[.:].*$/s, ''),
      http: { method, path: rawPath, protocol, sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: requestTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(body.length === 0 ? {} : { body: body.toString(asText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !asText,
  };
}

/** What came several times is one text, joined by commas. */
function joined(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of pairs) values[name] = Object.hasOwn(values, name) ? `${values[name]},${value}` : value;
  return values;
}
