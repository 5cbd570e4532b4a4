/** A browser that gets messages, and what its push service checks of them; written from the RFCs, apart from the sender. */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import type { Browser } from '../../../lib/core/notification/channel.ts';
import type { Exchange } from './faulty-server.ts';

export interface Receiver {
  /** What the browser gives away, with its address at the service. */
  at(endpoint: string): Browser;
  /** What a body says, opened by the browser's private key (RFC 8188 and 8291). */
  opened(body: Buffer): string;
}

export function receiver(): Receiver {
  const ecdh = createECDH('prime256v1');
  const own = ecdh.generateKeys();
  const auth = randomBytes(16);
  const derived = (key: Uint8Array, salt: Uint8Array, info: Uint8Array | string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', key, salt, info, bytes));
  return {
    at: (endpoint) => ({ endpoint, p256dh: own.toString('base64url'), auth: auth.toString('base64url') }),
    opened(body) {
      const salt = body.subarray(0, 16);
      const keyEnd = 21 + body.readUInt8(20);
      const sender = body.subarray(21, keyEnd);
      const record = body.subarray(keyEnd);
      if (record.length > body.readUInt32BE(16) || body.length > 4_096) throw new Error('more than one record');
      const info = Buffer.concat([Buffer.from('WebPush: info\0'), own, sender]);
      const input = derived(ecdh.computeSecret(sender), auth, info, 32);
      const key = derived(input, salt, 'Content-Encoding: aes128gcm\0', 16);
      const cipher = createDecipheriv('aes-128-gcm', key, derived(input, salt, 'Content-Encoding: nonce\0', 12));
      cipher.setAuthTag(record.subarray(-16));
      const padded = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()]);
      const end = padded.lastIndexOf(2);
      if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0)) throw new Error('not the last record');
      return padded.subarray(0, end).toString('utf8');
    },
  };
}

/**
 * What a push service asks of a request before it takes it (RFC 8030 and 8292).
 * @param publicKey the sender's, as the browser was given it
 * @returns what is wrong; empty where nothing is
 */
export function refusals({ method, headers }: Exchange, origin: string, publicKey: string, nowMs: number): string[] {
  const wrong: string[] = [];
  if (method !== 'POST') wrong.push(`method ${method}`);
  if (headers['content-encoding'] !== 'aes128gcm') wrong.push('coding');
  if (!/^\d+$/.test(String(headers.ttl))) wrong.push('ttl');
  if (!/^(very-low|low|normal|high)$/.test(String(headers.urgency))) wrong.push('urgency');
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(String(headers.topic))) wrong.push('topic');
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
  if (key !== publicKey) wrong.push('another key');
  const [head = '', claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(publicKey, 'base64url');
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: createPublicKey({ format: 'jwk', key: jwk }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return [...wrong, 'signature'];
  const said = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  if (said(head).alg !== 'ES256') wrong.push('algorithm');
  const { aud, exp, sub } = said(claims) as { aud: string; exp: number; sub: string };
  if (aud !== origin) wrong.push(`audience ${aud}`);
  if (exp * 1_000 <= nowMs || exp * 1_000 > nowMs + 86_400_000) wrong.push('expiry');
  if (!/^(mailto:|https:)/.test(sub)) wrong.push('contact');
  return wrong;
}
