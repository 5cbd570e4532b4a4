/** Seeded randomness. The core takes a generator as a parameter; nothing in it draws from the environment. */

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * The sfc32 generator (Chris Doty-Humphrey, PractRand), seeded by splitmix32 from one integer.
 * @param seed any 32-bit integer; the same seed gives the same numbers on every platform
 */
export function seededRandom(seed: number): Random {
  let s = seed >>> 0;
  const split = (): number => {
    s = (s + 0x9e3779b9) >>> 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let a = split();
  let b = split();
  let c = split();
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) >>> 0) + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = ((c << 21) | (c >>> 11)) >>> 0;
    c = (c + t) >>> 0;
    return t / 4_294_967_296;
  };
  for (let i = 0; i < 12; i += 1) next();
  return next;
}

/** A standard normal draw (Box–Muller). */
export function normal(random: Random): number {
  const u = 1 - random();
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * random());
}

/** A whole number in [low, high]. */
export const integerBetween = (random: Random, low: number, high: number): number =>
  low + Math.floor(random() * (high - low + 1));

/** A number in [low, high). */
export const between = (random: Random, low: number, high: number): number => low + random() * (high - low);

/** A generator for one named part, so that adding a draw in one part does not shift the others. */
export function childRandom(seed: number, ...labels: readonly (string | number)[]): Random {
  let hash = seed >>> 0;
  for (const label of labels.join('/')) hash = Math.imul(hash ^ label.charCodeAt(0), 0x01000193) >>> 0;
  return seededRandom(hash);
}
