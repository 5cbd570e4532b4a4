/**
 * A signed call of AWS's query or JSON protocol (Signature Version 4, "Create a signed AWS API request" in the IAM user
 * guide), over the same guarded exchange as every other message. The SDK's client for it would be the bundle's largest
 * part.
 */
import { createHash, createHmac } from 'node:crypto';
import { type HttpAnswer, httpCall } from '../remediation/http-call.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

interface Signing {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly service: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly atMs: number;
}

/** As Lambda gives them to every function. */
export function functionCredentials(): Credentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: AWS_SESSION_TOKEN,
  };
}

/** The endpoint as an SDK client would find it. @param host its first part: `sns`, `sqs`, `monitoring` */
export const endpointOf = (host: string, region: string): URL =>
  new URL(process.env.AWS_ENDPOINT_URL ?? `https://${host}.${region}.amazonaws.com/`);

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The headers of a POST with its signature; `headers` have lower-case names and are all signed, `host` with them. */
export function signedHeaders(signing: Signing): Record<string, string> {
  const { url, body, service, region, credentials, atMs } = signing;
  const stamp = new Date(atMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = {
    ...signing.headers,
    host: url.host,
    'x-amz-date': stamp,
    ...(credentials.sessionToken !== undefined && { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const signed = names.join(';');
  const canonical = [
    'POST',
    url.pathname,
    url.searchParams.toString(),
    ...names.map((name) => `${name}:${headers[name]?.trim()}`),
    '',
    signed,
    hex(body),
  ].join('\n');
  const scope = `${stamp.slice(0, 8)}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, hex(canonical)].join('\n');
  const key = [stamp.slice(0, 8), region, service, 'aws4_request'].reduce<string | Buffer>(
    (made, part) => hmac(made, part),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

type Call = Omit<Signing, 'headers' | 'body'> & { readonly timeoutMs: number };

/** @throws CallFailedError as `httpCall` */
export async function queryCall(call: Call & { readonly form: Readonly<Record<string, string>> }): Promise<HttpAnswer> {
  const { form, ...rest } = call;
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  return await post(rest, headers, new URLSearchParams(form).toString());
}

/** @param call `target` is that of the JSON protocol, `AmazonSQS.GetQueueAttributes` @throws CallFailedError as `httpCall` */
export async function jsonCall(call: Call & { readonly target: string; readonly input: unknown }): Promise<HttpAnswer> {
  const { target, input, ...rest } = call;
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target };
  return await post(rest, headers, JSON.stringify(input));
}

async function post(call: Call, plain: Readonly<Record<string, string>>, body: string): Promise<HttpAnswer> {
  const { timeoutMs, ...signing } = call;
  const headers = signedHeaders({ ...signing, body, headers: plain });
  return await httpCall({
    url: call.url,
    method: 'POST',
    headers,
    body,
    // The service's own endpoint; in a network with interface endpoints its address is private.
    egress: { hosts: [call.url.host], allowPrivate: true },
    timeoutMs,
  });
}
