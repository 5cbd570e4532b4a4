/** Makes X.509 certificates (RFC 5280) with P-256 keys; Node can read and check them, but not make them. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  bitString,
  boolean,
  der,
  explicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

export interface CertificateRequest {
  readonly commonName: string;
  readonly role: 'authority' | 'server' | 'device';
  /** DNS names and IPv4 addresses of a server. */
  readonly hosts?: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Who signs: a common name with its key. A certificate authority signs its own certificate. */
export interface Issuer {
  readonly commonName: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const usage = {
  // Bits from the left: 0 digitalSignature, 5 keyCertSign, 6 cRLSign.
  authority: bitString(Buffer.from([0b0000_0110]), 1),
  server: bitString(Buffer.from([0b1000_0000]), 7),
  device: bitString(Buffer.from([0b1000_0000]), 7),
};
const purpose = { server: '1.3.6.1.5.5.7.3.1', device: '1.3.6.1.5.5.7.3.2' };

export function newKeyPair(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** The certificate of `publicKey`, signed by `issuer`, as PEM. */
export function makeCertificate(request: CertificateRequest, publicKey: KeyObject, issuer: Issuer): string {
  const serial = randomBytes(16);
  // RFC 5280 wants a positive serial number.
  serial[0]! &= 0x7f;
  serial[0]! |= 0x01;
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    nameOf(issuer.commonName),
    sequence(time(request.notBeforeMs), time(request.notAfterMs)),
    nameOf(request.commonName),
    spkiOf(publicKey),
    explicit(3, sequence(...extensionsOf(request, publicKey, issuer))),
  );
  const certificate = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, issuer.privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extensionsOf(request: CertificateRequest, publicKey: KeyObject, issuer: Issuer): Buffer[] {
  const isAuthority = request.role === 'authority';
  const extensions = [
    extension('2.5.29.19', true, sequence(...(isAuthority ? [boolean(true), integer(Buffer.from([0]))] : []))),
    extension('2.5.29.15', true, usage[request.role]),
    extension('2.5.29.14', false, octetString(keyIdOf(publicKey))),
    extension('2.5.29.35', false, sequence(der(0x80, keyIdOf(issuer.publicKey)))),
  ];
  if (request.role !== 'authority') {
    extensions.push(extension('2.5.29.37', false, sequence(oid(purpose[request.role]))));
  }
  if (request.hosts !== undefined && request.hosts.length > 0) {
    const names = request.hosts.map((host) =>
      isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
    );
    extensions.push(extension('2.5.29.17', false, sequence(...names)));
  }
  return extensions;
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8String(commonName))));
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/** SHA-1 of the public key's bits, as RFC 5280 4.2.1.2 suggests; the point of a P-256 key is the last 65 bytes. */
function keyIdOf(key: KeyObject): Buffer {
  return createHash('sha1').update(spkiOf(key).subarray(-65)).digest();
}
