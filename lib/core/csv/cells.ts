/** Cells of one line of CSV. */

/** `;` where the header has no comma. */
export const delimiterOf = (header: string): ',' | ';' => (header.includes(';') && !header.includes(',') ? ';' : ',');

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
