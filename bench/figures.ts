/** What a benchmark answers with, and the arithmetic that all share. */

/** One line of `npm run bench -- --json`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is held against, measured in the same run where it is a measurement. */
  readonly against: string;
  /** value ÷ what it is held against. */
  readonly ratio: number;
  /** What it is made of or was measured with; printed by `--parts`. */
  readonly parts?: Readonly<Record<string, number | string>>;
}

export interface BenchOptions {
  /** Shorter runs, for a look; figures are stated from full ones. */
  readonly quick: boolean;
  /** Tells how far it is, on stderr. */
  readonly tell: (line: string) => void;
}

/** The value below which a share `q` (0 to 1) of the values lies; interpolated between neighbours. NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const below = sorted[low] ?? Number.NaN;
  return below + (at - low) * ((sorted[low + 1] ?? below) - below);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Rounds to so many significant digits: a benchmark knows no more. */
export const rounded = (value: number, digits = 4): number => Number(value.toPrecision(digits));
