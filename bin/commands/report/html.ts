/** Text of HTML: what comes from files is escaped, numbers are short. */
const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char]!);

export const round = (value: number): string => String(Number(value.toPrecision(4)));
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A table that scrolls by itself where the page is narrower. @param head plain text; @param rows HTML of the cells */
export const table = (label: string, head: readonly string[], rows: readonly (readonly string[])[]): string =>
  region('scroll', label, head, rows, (tag, cell) => `<${tag}>${cell}`);

/** The same of rows that are read one by one: on a phone each is a block whose lines bear the names of their columns. */
export const blocks = (label: string, head: readonly string[], rows: readonly (readonly string[])[]): string =>
  region('scroll blocks', label, head, rows, (tag, cell, column) => {
    // What a cell holds stays together beside the name.
    return `<${tag} data-of="${escapeHtml(head[column]!)}"><div>${cell}</div>`;
  });

function region(
  classes: string,
  label: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  open: (tag: string, cell: string, column: number) => string,
): string {
  const ths = head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const body = rows
    .map(([first, ...cells]) => {
      const tds = cells.map((cell, at) => `${open('td', cell, at + 1)}</td>`).join('');
      return `<tr>${open('th scope="row"', first!, 0)}</th>${tds}</tr>`;
    })
    .join('');
  return `<div class="${classes}" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><table><caption>${escapeHtml(label)}</caption><thead><tr>${ths}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** Figures side by side: name, value, remark (plain text). */
export const tiles = (list: readonly (readonly [string, string, string?])[]): string =>
  `<dl class="tiles">${list
    .map(
      ([name, value, remark]) =>
        `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}${remark ? `<small>${escapeHtml(remark.replaceAll(/(\d) (?=%|s\b|min\b|h\b|d\b)/g, '$1\u00a0'))}</small>` : ''}</dd></div>`,
    )
    .join('')}</dl>`;
