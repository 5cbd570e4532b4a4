/** A certificate authority for one run: good, expired and client certificates. */
import { type CertificateRequest, makeCertificate, newKeyPair } from '../../local/iot/x509.ts';

const dayMs = 86_400_000;

export interface Issued {
  readonly certificate: string;
  readonly privateKey: string;
}

export function testAuthority(nowMs: number): {
  readonly certificate: string;
  issue(role: 'server' | 'device', validDays: number): Issued;
} {
  const commonName = 'test authority';
  const issuer = { commonName, ...newKeyPair() };
  const request = (role: CertificateRequest['role'], validDays: number): CertificateRequest => ({
    commonName: role === 'authority' ? commonName : 'localhost',
    role,
    ...(role === 'server' && { hosts: ['localhost', '127.0.0.1'] }),
    notBeforeMs: nowMs - 30 * dayMs,
    notAfterMs: nowMs + validDays * dayMs,
  });
  return {
    certificate: makeCertificate(request('authority', 30), issuer.publicKey, issuer),
    /** @param validDays negative: it ran out that long ago */
    issue(role, validDays) {
      const keys = newKeyPair();
      return {
        certificate: makeCertificate(request(role, validDays), keys.publicKey, issuer),
        privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}
