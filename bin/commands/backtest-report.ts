/** Draws backtested files as one self-contained HTML page: channels as SVG, alarms as bands, the score below. */
import { basename } from 'node:path';
import type { FileSummary } from './backtest-file.ts';
import type { Bucket } from './backtest-sketch.ts';

const width = 1000;
const laneHeight = 64;
const scoreHeight = 44;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char]!);
const time = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
const round = (value: number): string => String(Number(value.toPrecision(4)));

interface Scale {
  readonly x: (ms: number) => string;
}

function scaleOf(buckets: readonly Bucket[]): Scale {
  const from = buckets[0]?.fromMs ?? 0;
  const span = Math.max((buckets.at(-1)?.toMs ?? 1) - from, 1);
  return { x: (ms) => (((ms - from) / span) * width).toFixed(1) };
}

interface Stretch {
  readonly fromMs: number;
  toMs: number;
  kind: string;
  score: number;
}

function alarmsOf(buckets: readonly Bucket[]): Stretch[] {
  const found: Stretch[] = [];
  let before = 0;
  for (const bucket of buckets) {
    const last = found.at(-1);
    if (bucket.alarm === 1 && before === 1 && last) {
      last.toMs = bucket.toMs;
      last.kind = bucket.kind || last.kind;
      last.score = Math.max(last.score, bucket.score);
    } else if (bucket.alarm === 1) {
      found.push({ fromMs: bucket.fromMs, toMs: bucket.toMs, kind: bucket.kind, score: bucket.score });
    }
    before = bucket.alarm;
  }
  return found;
}

function lane(name: string, detail: string, height: number, body: string): string {
  return `<figure><figcaption><b>${escapeHtml(name)}</b><span>${escapeHtml(detail)}</span></figcaption><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(name)}">${body}</svg></figure>`;
}

function channelLane(summary: FileSummary, buckets: readonly Bucket[], c: number, bands: string): string {
  const { x } = scaleOf(buckets);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const bucket of buckets) {
    if (bucket.low[c]! < low) low = bucket.low[c]!;
    if (bucket.high[c]! > high) high = bucket.high[c]!;
  }
  const channel = summary.channels[c]!;
  const detail = `${channel.role}${channel.unit ? ` · ${channel.unit}` : ''}`;
  if (!Number.isFinite(low)) return lane(channel.name, `${detail} · no values`, laneHeight, bands);
  const span = high - low || 1;
  const y = (value: number): string => (laneHeight - 4 - ((value - low) / span) * (laneHeight - 8)).toFixed(1);
  let path = '';
  let drawing = false;
  for (const bucket of buckets) {
    if (Number.isNaN(bucket.low[c]!)) {
      drawing = false;
      continue;
    }
    path += `${drawing ? 'L' : 'M'}${x(bucket.fromMs)} ${y(bucket.low[c]!)}`;
    if (bucket.high[c]! !== bucket.low[c]!) path += `V${y(bucket.high[c]!)}`;
    drawing = true;
  }
  return lane(channel.name, `${detail} · ${round(low)} to ${round(high)}`, laneHeight, `${bands}<path d="${path}"/>`);
}

function scoreLane(buckets: readonly Bucket[], bands: string): string {
  const { x } = scaleOf(buckets);
  const top = buckets.reduce((most, bucket) => Math.max(most, bucket.score), 1);
  const bars = buckets
    .filter((bucket) => bucket.score > 0.5)
    .map(
      (bucket) =>
        `M${x(bucket.fromMs)} ${scoreHeight}V${(scoreHeight - Math.sqrt(bucket.score / top) * (scoreHeight - 4)).toFixed(1)}`,
    )
    .join('');
  return lane(
    'score',
    `evidence of something new, −log10 p, up to ${round(top)} (square-root scale)`,
    scoreHeight,
    `${bands}<path class="score" d="${bars}"/>`,
  );
}

function section(summary: FileSummary): string {
  const buckets = summary.sketch?.buckets ?? [];
  const { x } = scaleOf(buckets);
  const alarms = alarmsOf(buckets);
  const bands = alarms
    .map(({ fromMs, toMs, kind }) => {
      const wide = Math.max(Number(x(toMs)) - Number(x(fromMs)), 2);
      return `<rect class="band" x="${x(fromMs)}" width="${wide.toFixed(1)}" y="0" height="100%"><title>${escapeHtml(kind)}</title></rect>`;
    })
    .join('');
  const rows = alarms
    .slice(0, 200)
    .map(
      ({ fromMs, toMs, kind, score }) =>
        `<tr><td>${time(fromMs)}</td><td>${time(toMs)}</td><td><span class="kind">${escapeHtml(kind)}</span></td><td>${round(score)}</td></tr>`,
    )
    .join('');
  const table = rows
    ? `<div class="scroll"><table><thead><tr><th>from (UTC)</th><th>to</th><th>kind</th><th>score</th></tr></thead><tbody>${rows}</tbody></table></div>`
    : '<p>No alarms.</p>';
  const lanes = summary.channels.map((_, c) => channelLane(summary, buckets, c, bands)).join('');
  const share = summary.rows > 0 ? ((100 * summary.alarmRows) / summary.rows).toFixed(1) : '0';
  const notes = summary.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('');
  return `<section><h2>${escapeHtml(basename(summary.file))}</h2><p class="facts">${summary.rows.toLocaleString('en')} rows · ${summary.channels.length} channels · ${summary.alarms} alarms, ${share} % of rows · pack ${escapeHtml(summary.pack ?? 'none')}</p>${scoreLane(buckets, bands)}${lanes}<p class="axis"><span>${time(buckets[0]?.fromMs ?? 0)}</span><span>${time(buckets.at(-1)?.toMs ?? 0)}</span></p>${table}${notes ? `<ul class="notes">${notes}</ul>` : ''}</section>`;
}

const style = `:root{color-scheme:light dark;--ink:#1c2733;--dim:#667585;--line:#1f77b4;--band:#e4572e33;--paper:#fff;--rule:#dde3e8}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#8d9aa8;--line:#58a6ff;--band:#ff7b5440;--paper:#0f151b;--rule:#26313c}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1100px;padding:1rem;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.3rem}h2{font-size:1.1rem;margin:2rem 0 0}.facts,.axis,figcaption span,.notes{color:var(--dim);font-size:.85rem}.facts{margin:.2rem 0 .8rem}
figure{margin:0;border-bottom:1px solid var(--rule);padding:.3rem 0}figcaption{display:flex;justify-content:space-between;gap:1rem;flex-wrap:wrap;font-size:.85rem}
svg{display:block;width:100%;height:64px}path{fill:none;stroke:var(--line);stroke-width:1.3;vector-effect:non-scaling-stroke}.score{stroke:#e4572e}.band{fill:var(--band)}
.axis{display:flex;justify-content:space-between;margin:.3rem 0 1rem}.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--rule);white-space:nowrap}
.kind{background:var(--band);border-radius:.6rem;padding:.05rem .5rem}`;

/** The whole page; it loads nothing from anywhere. */
export function reportHtml(summaries: readonly FileSummary[]): string {
  const total = summaries.reduce((sum, { alarms }) => sum + alarms, 0);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Groundcrew backtest</title><style>${style}</style></head><body><h1>Backtest: ${total} alarms in ${summaries.length} file${summaries.length === 1 ? '' : 's'}</h1>${summaries.map(section).join('')}</body></html>\n`;
}
