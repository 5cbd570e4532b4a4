/**
 * Web push without a library: a message encrypted for one browser (RFC 8291, in the coding `aes128gcm` of RFC 8188), and
 * the signed word of who sends it (VAPID, RFC 8292). The push service between sees neither text nor link.
 */
import {
  createCipheriv,
  createECDH,
  createHash,
  createPrivateKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { InvalidInputError } from '../../core/errors.ts';
import type { Browser } from '../../core/notification/channel.ts';

/** Bytes of a whole message that every push service takes (RFC 8030, section 7.2). */
const maxMessageBytes = 4_096;
const headerBytes = 86;
const tagBytes = 16;
/** Bytes of text that fit into a message, beside its header, its tag and the byte that ends it. */
export const maxTextBytes = maxMessageBytes - headerBytes - tagBytes - 1;

const hkdf = (key: Uint8Array, salt: Uint8Array, info: Uint8Array | string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', key, salt, info, bytes));

/** What makes one message unlike every other; drawn at random, given only to hold the code against the RFC's example. */
export interface OneTime {
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** A private key of P-256, 32 bytes. */
  readonly privateKey: Uint8Array;
}

const drawn = (): OneTime => {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return { salt: randomBytes(16), privateKey: ecdh.getPrivateKey() };
};

/** Whether the keys are a browser's: a point on the curve, and 16 bytes. */
export function areBrowserKeys({ p256dh, auth }: Pick<Browser, 'p256dh' | 'auth'>): boolean {
  try {
    const ecdh = createECDH('prime256v1');
    ecdh.generateKeys();
    ecdh.computeSecret(Buffer.from(p256dh, 'base64url'));
    return Buffer.from(p256dh, 'base64url').length === 65 && Buffer.from(auth, 'base64url').length === 16;
  } catch {
    return false;
  }
}

/**
 * A message that only this browser can read, as the body of a request (RFC 8291, section 3.4).
 * @param text at most `maxTextBytes` bytes
 * @throws InvalidInputError for a longer one, and for a key that is no point of the curve
 */
export function encrypted(text: Uint8Array, to: Browser, { salt, privateKey }: OneTime = drawn()): Buffer {
  if (text.length > maxTextBytes)
    throw new InvalidInputError(`A push message has ${text.length} bytes; at most ${maxTextBytes} fit.`, {
      code: 'push-too-long',
    });
  if (!areBrowserKeys(to))
    throw new InvalidInputError('These are no keys of a browser.', { code: 'push-keys-invalid' });
  const receiver = Buffer.from(to.p256dh, 'base64url');
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(privateKey);
  const sender = ecdh.getPublicKey();
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), receiver, sender]);
  const input = hkdf(ecdh.computeSecret(receiver), Buffer.from(to.auth, 'base64url'), info, 32);
  const key = hkdf(input, salt, 'Content-Encoding: aes128gcm\0', 16);
  const nonce = hkdf(input, salt, 'Content-Encoding: nonce\0', 12);
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const size = Buffer.alloc(5);
  size.writeUInt32BE(maxMessageBytes, 0);
  size.writeUInt8(sender.length, 4);
  // One record; the byte 2 says that it is the last one.
  const sealed = [cipher.update(text), cipher.update(Buffer.of(2)), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([salt, size, sender, ...sealed]);
}

/** The deployment's own key, by which push services and browsers know it. */
export interface SenderKey {
  readonly privateKey: KeyObject;
  /** 65 bytes as base64url: what a browser asks for when it lets somebody send. */
  readonly publicKey: string;
}

const curveOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const leastSecretLength = 32;

/**
 * The key that a secret stands for: 48 bytes of it modulo the order of the curve (FIPS 186-5, A.2.1), so that the random
 * text that every channel's secret begins with is a key from the first start on, and never leaves its store.
 * @throws InvalidInputError for a secret that is shorter than 32 characters
 */
export function senderKey(secret: string): SenderKey {
  const text = secret.trim();
  if (text.length < leastSecretLength)
    throw new InvalidInputError(
      `The secret of web push is shorter than ${leastSecretLength} characters: put a longer random one in.`,
      { code: 'push-secret-short' },
    );
  const long = hkdf(Buffer.from(text), Buffer.alloc(0), 'groundcrew web-push sender key P-256', 48);
  const scalar = (BigInt(`0x${long.toString('hex')}`) % (curveOrder - 1n)) + 1n;
  const ecdh = createECDH('prime256v1');
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey();
  const privateKey = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: d.toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  return { privateKey, publicKey: point.toString('base64url') };
}

/** Seconds that a signed word holds; at most a day is taken (RFC 8292, section 2). */
const validS = 12 * 3_600;

/**
 * The header `authorization` (RFC 8292, section 3): who sends, to which service, until when.
 * @param contact `mailto:` or `https:` address at which the push service reaches the operator
 */
export function authorization(endpoint: string, key: SenderKey, contact: string, nowMs: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { aud: new URL(endpoint).origin, exp: Math.floor(nowMs / 1_000) + validS, sub: contact };
  const signed = `${part({ typ: 'JWT', alg: 'ES256' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `vapid t=${signed}.${signature.toString('base64url')}, k=${key.publicKey}`;
}

/** Name of a browser's subscription: of its address, which it does not give away. */
export const subscriptionId = (endpoint: string): string => createHash('sha256').update(endpoint).digest('hex');
