/** The local certificate authority: the broker's certificate and those of devices, in one folder. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificateRequest, type Issuer, makeCertificate, newKeyPair } from './x509.ts';

export interface Credentials {
  /** PEM texts. */
  readonly certificate: string;
  readonly privateKey: string;
}

const authorityName = 'groundcrew local authority';
const dayMs = 86_400_000;
const authorityDays = 3650;
/** Within what browsers and strict clients accept for a server. */
const serverDays = 397;
const deviceDays = 3650;
const renewBeforeMs = 30 * dayMs;
const thingPattern = /^[A-Za-z0-9:_-]{1,128}$/;

export class CertificateAuthority {
  readonly #dir: string;
  readonly #issuer: Issuer;
  /** PEM of the authority's own certificate: what devices trust. */
  readonly certificate: string;

  private constructor(dir: string, issuer: Issuer, certificate: string) {
    this.#dir = dir;
    this.#issuer = issuer;
    this.certificate = certificate;
  }

  /** Opens the authority in `dir`, or makes one. */
  static async open(dir: string, nowMs: number): Promise<CertificateAuthority> {
    await mkdir(join(dir, 'devices'), { recursive: true, mode: 0o700 });
    const kept = await readCredentials(join(dir, 'ca'));
    if (kept !== undefined) {
      const privateKey = createPrivateKey(kept.privateKey);
      const issuer = { commonName: authorityName, privateKey, publicKey: createPublicKey(privateKey) };
      return new CertificateAuthority(dir, issuer, kept.certificate);
    }
    const issuer: Issuer = { commonName: authorityName, ...newKeyPair() };
    const request = requestOf(authorityName, 'authority', nowMs, authorityDays);
    const certificate = makeCertificate(request, issuer.publicKey, issuer);
    await writeCredentials(
      join(dir, 'ca'),
      certificate,
      issuer.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
    return new CertificateAuthority(dir, issuer, certificate);
  }

  /** The broker's certificate for these DNS names and IPv4 addresses; made anew a month before it runs out. */
  async server(hosts: readonly string[], nowMs: number): Promise<Credentials> {
    const path = join(this.#dir, 'server');
    const kept = await readCredentials(path);
    if (kept !== undefined) {
      const certificate = new X509Certificate(kept.certificate);
      const covers = hosts.every((host) => (certificate.subjectAltName ?? '').split(/, |:/).includes(host));
      if (covers && certificate.validToDate.getTime() - nowMs > renewBeforeMs) return kept;
    }
    return this.#issue(path, { ...requestOf(hosts[0]!, 'server', nowMs, serverDays), hosts });
  }

  /** The certificate of a device, whose common name is the thing's; the same one every time. */
  async device(thing: string, nowMs: number): Promise<Credentials> {
    if (!thingPattern.test(thing))
      throw new Error(`'${thing}' is no name of a thing: letters, digits, : _ -, at most 128`);
    const path = join(this.#dir, 'devices', thing.replaceAll(':', '%3A'));
    return (await readCredentials(path)) ?? this.#issue(path, requestOf(thing, 'device', nowMs, deviceDays));
  }

  async #issue(path: string, request: CertificateRequest): Promise<Credentials> {
    const keys = newKeyPair();
    const certificate = makeCertificate(request, keys.publicKey, this.#issuer);
    const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeCredentials(path, certificate, privateKey);
    return { certificate, privateKey };
  }
}

function requestOf(
  commonName: string,
  role: CertificateRequest['role'],
  nowMs: number,
  days: number,
): CertificateRequest {
  // A device's clock may be behind ours.
  return { commonName, role, notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + days * dayMs };
}

async function readCredentials(path: string): Promise<Credentials | undefined> {
  try {
    const [certificate, privateKey] = await Promise.all([
      readFile(`${path}.crt`, 'utf8'),
      readFile(`${path}.key`, 'utf8'),
    ]);
    return { certificate, privateKey };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The certificate comes last: where it is, its key is there and whole. */
async function writeCredentials(path: string, certificate: string, privateKey: string): Promise<void> {
  for (const [file, text] of [
    [`${path}.key`, privateKey],
    [`${path}.crt`, certificate],
  ] as const) {
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}
