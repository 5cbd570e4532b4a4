/** Which addresses may be called. A name is resolved once and the connection goes to that very address. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** Loopback, private, link-local (cloud metadata among them), shared, documentation, multicast and reserved ranges. */
const refused4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  refused4.addSubnet(network, prefix, 'ipv4');

// A list of its own: Node also holds IPv4 addresses against the mapped range of a shared one.
const refused6 = new BlockList();
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  // IPv4 inside IPv6: mapped, translated (NAT64, also local-use), 6to4 and Teredo could each lead to a private host.
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 32],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  refused6.addSubnet(network, prefix, 'ipv6');

/** Whether an address is public. What is not an IP address is not. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return family === 4 ? !refused4.check(address, 'ipv4') : !refused6.check(address, 'ipv6');
}

/** Finds a name's addresses. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export interface PinnedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** The endpoint may not be called, or its name leads nowhere. Nothing was sent. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  /** The address is known and not allowed; trying again cannot help. */
  readonly refused: boolean;

  constructor(message: string, refused: boolean, options?: ErrorOptions) {
    super(message, options);
    this.refused = refused;
  }
}

/**
 * Resolves a host to the one address that the connection will use.
 * @throws AddressError when the name does not resolve, or when any of its addresses is not public and private ones are
 * not allowed: one private address among public ones is how names are turned against their resolver
 */
export async function pinAddress(
  hostname: string,
  allowPrivate: boolean,
  resolve: Resolve = (host) => lookup(host, { all: true, verbatim: false }),
): Promise<PinnedAddress> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const literal = isIP(host);
  const all = literal ? [{ address: host, family: literal }] : await resolved(resolve, host);
  const first = all[0];
  if (!first) throw new AddressError(`${host} has no address`, false);
  const bad = allowPrivate ? undefined : all.find(({ address }) => !isPublicAddress(address));
  if (bad)
    throw new AddressError(
      `${host} leads to ${bad.address}, which is not a public address: allow private endpoints to call it (parameter AllowPrivateEndpoints, for a larger model its allowPrivate)`,
      true,
    );
  return { address: first.address, family: first.family === 6 ? 6 : 4 };
}

async function resolved(resolve: Resolve, host: string): ReturnType<Resolve> {
  try {
    return await resolve(host);
  } catch (cause) {
    throw new AddressError(`${host} cannot be resolved`, false, { cause });
  }
}
