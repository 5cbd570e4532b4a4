/** Small pieces of SVG: text that wraps, lines, boxes. Self-contained: system fonts, colours for light and dark. */

export interface Piece {
  readonly svg: string;
  readonly height: number;
}

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Mean width of a character of a system font, in em; a little generous, so that nothing runs over its box. */
const em = { plain: 0.53, strong: 0.6, mono: 0.61 } as const;

export interface TextStyle {
  readonly size: number;
  readonly css?: string;
  readonly mono?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
}

/** One line of text; `y` is its baseline. */
export function text(x: number, y: number, value: string, style: TextStyle): string {
  const { size, css = 'ink', mono = false, anchor = 'start' } = style;
  return `<text x="${round(x)}" y="${round(y)}" class="${css}${mono ? ' mono' : ''}" font-size="${size}"${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escapeXml(value)}</text>`;
}

/** Lines that fit into `width`. */
export function wrap(value: string, width: number, style: TextStyle): string[] {
  const fits = Math.max(
    8,
    Math.floor(width / (style.size * em[style.mono === true ? 'mono' : style.css === 'strong' ? 'strong' : 'plain'])),
  );
  const lines: string[] = [];
  let line = '';
  for (const word of value.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > fits) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

/** Wrapped text from the top `y` on. */
export function paragraph(x: number, y: number, width: number, value: string, style: TextStyle): Piece {
  const step = Math.round(style.size * 1.35);
  const lines = wrap(value, width, style);
  return {
    svg: lines.map((line, at) => text(x, y + style.size + at * step, line, style)).join(''),
    height: lines.length * step,
  };
}

export const rect = (x: number, y: number, width: number, height: number, css: string, radius = 0): string =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${round(height)}" rx="${radius}" class="${css}"/>`;

export const line = (x1: number, y1: number, x2: number, y2: number, css: string): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${css}"/>`;

export const dot = (x: number, y: number, radius: number, css: string): string =>
  `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" class="${css}"/>`;

/** A line through points; a missing point (NaN) breaks it. */
export function path(points: readonly (readonly [number, number])[], css: string): string {
  let pen = 'M';
  const steps: string[] = [];
  for (const [x, y] of points) {
    if (Number.isNaN(y)) {
      pen = 'M';
      continue;
    }
    steps.push(`${pen}${round(x)} ${round(y)}`);
    pen = 'L';
  }
  return `<path d="${steps.join('')}" class="${css}"/>`;
}

export const round = (value: number): number => Math.round(value * 10) / 10;

const styles = `
svg{--paper:#ffffff;--card:#f5f7fa;--edge:#d5dce5;--ink:#1c2733;--soft:#55626f;--faint:#9aa7b4;--flow:#0b66c3;--bad:#c22f2f;--good:#1a7f4b;--ask:#a06000}
@media (prefers-color-scheme:dark){svg{--paper:#10161d;--card:#18212b;--edge:#303d4b;--ink:#e8edf2;--soft:#a9b6c3;--faint:#6b7a89;--flow:#5aaef5;--bad:#ff7b72;--good:#4ecb8b;--ask:#e5b04a}}
text{white-space:pre;font-family:system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.ink{fill:var(--ink)}.soft{fill:var(--soft)}.bad{fill:var(--bad)}.good{fill:var(--good)}.ask{fill:var(--ask)}.flow{fill:var(--flow)}
.strong{fill:var(--ink);font-weight:650}.kicker{fill:var(--soft);font-weight:650;letter-spacing:.06em}
.paper{fill:var(--paper)}.card{fill:var(--card);stroke:var(--edge)}.bar{fill:var(--edge)}.barTop{fill:var(--flow)}
.trace{fill:none;stroke:var(--flow);stroke-width:2.2;stroke-linejoin:round}.profile{fill:none;stroke:var(--faint);stroke-width:1.6;stroke-dasharray:4 4}
.axis{stroke:var(--edge)}.mark{stroke:var(--bad);stroke-width:1.6}.act{stroke:var(--good);stroke-width:1.6}
.ring{fill:var(--paper);stroke:var(--bad);stroke-width:2.4}.dotGood{fill:var(--good)}.dotAsk{fill:var(--ask)}.dotFlow{fill:var(--flow)}.dotBad{fill:var(--bad)}
.rail{stroke:var(--edge);stroke-width:2}`;

/** The whole document. `title` and `description` are read aloud by screen readers. */
export function svgDocument(width: number, height: number, title: string, description: string, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.round(height)}" width="${width}" height="${Math.round(height)}" role="img" aria-labelledby="t d"><title id="t">${escapeXml(title)}</title><desc id="d">${escapeXml(description)}</desc><style>${styles}</style>${rect(0, 0, width, height, 'paper', 14)}${body}</svg>\n`;
}
