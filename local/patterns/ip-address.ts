/** Bytes of an IPv4 or IPv6 address: 4 or 16 of them; undefined for anything else. Octets are read as decimals. */
export function parseIp(text: string): number[] | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): number[] | undefined {
  if (!/^\d+(\.\d+){3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseV6(text: string): number[] | undefined {
  if (!/^[0-9a-fA-F:]+$/.test(text)) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const head = groups(halves[0] ?? '');
  const tail = groups(halves[1] ?? '');
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array.from({ length: halves.length === 1 ? 0 : missing }, () => '0'), ...tail];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}

/** A block of addresses: those that share its first `bits` bits. */
export interface Cidr {
  readonly base: readonly number[];
  readonly bits: number;
}

export function inCidr(address: readonly number[], { base, bits }: Cidr): boolean {
  if (address.length !== base.length) return false;
  return base.every((byte, index) => {
    const mask = (0xff << Math.max(0, 8 - Math.max(0, bits - index * 8))) & 0xff;
    return (byte & mask) === ((address[index] ?? 0) & mask);
  });
}
