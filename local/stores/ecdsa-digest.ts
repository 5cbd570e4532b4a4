/**
 * ECDSA on P-256 over a digest that the caller computed (KMS `MessageType: DIGEST`); node:crypto only signs messages.
 * Formulas: FIPS 186-5, section 6.4; curve: SP 800-186, section 3.2.1.3. The arithmetic takes varying time, which is
 * acceptable for a key that lies in a file on the same machine.
 */
import { createECDH, type JsonWebKey, type KeyObject } from 'node:crypto';

const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const generator: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};
interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** @param digest 32 bytes */
export function signDigest(key: KeyObject, digest: Buffer): Buffer {
  const d = fromBase64Url((key.export({ format: 'jwk' }) as JsonWebKey).d);
  const z = fromBytes(digest);
  for (;;) {
    // A fresh random point k·G; OpenSSL draws k.
    const random = createECDH('prime256v1');
    const r = fromBytes(random.generateKeys().subarray(1, 33)) % n;
    const k = fromBytes(random.getPrivateKey());
    const s = (inverse(k, n) * (z + r * d)) % n;
    if (r !== 0n && s !== 0n) return derSequence(r, s);
  }
}

/** @param signature DER */
export function verifyDigest(key: KeyObject, digest: Buffer, signature: Buffer): boolean {
  const parts = parseDerSequence(signature);
  if (parts === undefined) return false;
  const [r, s] = parts;
  if (r < 1n || r >= n || s < 1n || s >= n) return false;
  const jwk = key.export({ format: 'jwk' }) as JsonWebKey;
  const w = inverse(s, n);
  const point = add(
    multiply((fromBytes(digest) * w) % n, generator),
    multiply((r * w) % n, { x: fromBase64Url(jwk.x), y: fromBase64Url(jwk.y) }),
  );
  return point !== undefined && point.x % n === r;
}

const modulo = (value: bigint, by: bigint): bigint => ((value % by) + by) % by;

function inverse(value: bigint, by: bigint): bigint {
  let [a, b, x, y] = [modulo(value, by), by, 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return modulo(x, by);
}

/** undefined is the point at infinity. */
function add(a: Point | undefined, b: Point | undefined): Point | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.x === b.x && modulo(a.y + b.y, p) === 0n) return undefined;
  // a = −3 in the curve's equation.
  const slope = a.x === b.x ? (3n * a.x * a.x - 3n) * inverse(2n * a.y, p) : (b.y - a.y) * inverse(b.x - a.x, p);
  const x = modulo(slope * slope - a.x - b.x, p);
  return { x, y: modulo(slope * (a.x - x) - a.y, p) };
}

function multiply(factor: bigint, point: Point): Point | undefined {
  let result: Point | undefined;
  let power: Point | undefined = point;
  for (let rest = factor; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = add(result, power);
    power = add(power, power);
  }
  return result;
}

const fromBytes = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex') || '0'}`);
const fromBase64Url = (text: string | undefined): bigint => fromBytes(Buffer.from(text ?? '', 'base64url'));

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, 'hex');
  const padded = bytes[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
}

function derSequence(r: bigint, s: bigint): Buffer {
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function parseDerSequence(der: Buffer): [bigint, bigint] | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const numbers: bigint[] = [];
  let at = 2;
  while (at < der.length) {
    const length = der[at + 1] ?? 0;
    if (der[at] !== 0x02 || length === 0 || at + 2 + length > der.length) return undefined;
    numbers.push(fromBytes(der.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  return numbers.length === 2 ? [numbers[0]!, numbers[1]!] : undefined;
}
