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
export function table(label: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const ths = head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const body = rows
    .map(
      ([first, ...cells]) =>
        `<tr><th scope="row">${first}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`,
    )
    .join('');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><table><caption>${escapeHtml(label)}</caption><thead><tr>${ths}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** Figures side by side: name, value, remark (plain text). */
export const tiles = (list: readonly (readonly [string, string, string?])[]): string =>
  `<dl class="tiles">${list
    .map(
      ([name, value, remark]) =>
        `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}${remark ? `<small>${escapeHtml(remark.replaceAll(/(\d) (?=%|s\b|min\b|h\b|d\b)/g, '$1\u00a0'))}</small>` : ''}</dd></div>`,
    )
    .join('')}</dl>`;
