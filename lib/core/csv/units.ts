/** Units that stand in brackets behind the name of a column, as in `p-12 (m)`: told apart where nothing else is meant. */

/** Written small, without spaces, with ordinary digits for raised ones. Words that are names, too (`min`), are none. */
const units: ReadonlySet<string> = new Set(
  [
    ['m', 'cm', 'mm', 'km', 'μm', 'mwc', 'mh2o', 'ft', 'bar', 'mbar', 'pa', 'hpa', 'kpa', 'mpa', 'psi'],
    ['m3', 'l', 'ml', 'm3/h', 'm3/s', 'm3/d', 'm3/min', 'cmh', 'l/s', 'l/h', 'l/min', 'lps', 'lpm', 'gpm', 'mgd'],
    ['°c', 'degc', 'c', '°f', 'degf', 'k', '%', 's', 'ms', 'h', 'd', '1/min', '1/s', 'rpm', 'hz', 'khz'],
    ['m/s', 'mm/s', 'm/s2', 'mm/s2', 'km/h', 'g', 'kg', 'kg/h', 't/h', 'n', 'kn', 'nm', 'deg', '°', 'db'],
    ['a', 'ma', 'v', 'mv', 'kv', 'w', 'kw', 'mw', 'va', 'kva', 'wh', 'kwh', 'mwh', 'kj', 'w/m2'],
    ['μg/m3', 'ug/m3', 'mg/m3', 'mg/l', 'μg/l', 'ppb', 'ppm', 'ntu', 'μs/cm', 'us/cm'],
  ].flat(),
);

const bracketed = /^(.*\S)\s*(?:\(([^()[\]]{1,15})\)|\[([^()[\]]{1,15})\])$/;

interface Parted {
  readonly rest: string;
  /** What stands in the brackets, as a unit is looked up. */
  readonly inside: string;
}

function parted(name: string): Parted | undefined {
  const match = bracketed.exec(name.trim());
  if (!match) return undefined;
  const inside = (match[2] ?? match[3] ?? '').normalize('NFKC').replaceAll(/\s+/g, '').toLowerCase();
  return { rest: match[1]!, inside };
}

/**
 * The names of a file's columns without their units, each in its place. A name keeps its brackets where they may mean
 * something else: no unit that is known; a rest that another column has, too, as of `Pump (A)` and `Pump (B)`; a single
 * letter where another column has one that is no unit.
 * @example namesWithoutUnits(['p-12 (m)', 'flow [l/s]', 'level (inlet)']) // ['p-12', 'flow', 'level (inlet)']
 */
export function namesWithoutUnits(names: readonly string[]): string[] {
  const parts = names.map(parted);
  const lettersAreUnits = parts.every((part) => part?.inside.length !== 1 || units.has(part.inside));
  const rests = parts.map((part, at) => (part?.rest ?? names[at]!).trim().toLowerCase());
  const times = new Map<string, number>();
  for (const rest of rests) times.set(rest, (times.get(rest) ?? 0) + 1);
  return names.map((name, at) => {
    const part = parts[at];
    if (part === undefined || !units.has(part.inside) || times.get(rests[at]!) !== 1) return name;
    return part.inside.length > 1 || lettersAreUnits ? part.rest : name;
  });
}
