/** Cells of one line of CSV. */

const delimiters = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof delimiters)[number];

/** Cells of a line; quotes are honoured where there are any. `undefined` where a quoted cell does not end on its line. */
export function splitCells(line: string, delimiter: string): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter);
  const cells: string[] = [];
  let cell = '';
  let inside = false;
  for (let i = 0; i < line.length; i += 1) {
    const char = line[i]!;
    if (char === '"' && inside && line[i + 1] === '"') {
      cell += '"';
      i += 1;
    } else if (char === '"') inside = !inside;
    else if (char === delimiter && !inside) {
      cells.push(cell);
      cell = '';
    } else cell += char;
  }
  if (inside) return undefined;
  cells.push(cell);
  return cells;
}

/** The cells that most lines have, and the first line that has so many. */
export interface Grid {
  readonly delimiter: Delimiter;
  readonly width: number;
  readonly headerAt: number;
}

/**
 * How lines are cut: by what cuts most of them into equally many cells, the header among them. So a comma within numbers
 * is none between cells: the header has no such commas.
 * @param lines the first lines of a file, at least one
 */
export function gridOf(lines: readonly string[]): Grid {
  const grids = delimiters.flatMap((delimiter): (Grid & { share: number })[] => {
    const counts = lines.map((line) => splitCells(line, delimiter)?.length ?? 0);
    const width = mostFrequent(counts.length > 2 ? counts.slice(1) : counts, counts[0]!);
    if (width < 2) return [];
    const agree = counts.filter((count) => count === width).length;
    return [{ delimiter, width, headerAt: counts.indexOf(width), share: agree / counts.length }];
  });
  grids.sort((a, b) => Number(b.share >= 0.5) - Number(a.share >= 0.5) || a.headerAt - b.headerAt || b.width - a.width);
  return grids[0] ?? { delimiter: ',', width: 1, headerAt: 0 };
}

/** How a single line is cut: by what is most often in it. */
export const delimiterOf = (header: string): Delimiter => gridOf([header]).delimiter;

/** @param preferred of counts that are equally frequent */
function mostFrequent(counts: readonly number[], preferred: number): number {
  const tally = new Map<number, number>();
  for (const count of counts) tally.set(count, (tally.get(count) ?? 0) + 1);
  return [...tally].sort(
    ([a, m], [b, n]) => n - m || Number(b === preferred) - Number(a === preferred) || b - a,
  )[0]![0];
}
