/** Charts of one file: kinds as a ribbon, score with its threshold, channels as small multiples. All share one time axis. */
import type { FileSummary } from '../backtest-file.ts';
import type { Bucket } from '../backtest-sketch.ts';
import { utc } from '../backtest-words.ts';
import { escapeHtml, round } from './html.ts';

const width = 1000;
/** Units of a lane; it is stretched to its place on the page. */
const height = 100;
/** A line ends where the next bucket begins later than this many usual steps. */
const gapSteps = 2.5;

export interface Axis {
  readonly fromMs: number;
  readonly toMs: number;
  /** Column of a time, whole. */
  readonly x: (ms: number) => number;
}

export function axisOf(buckets: readonly Bucket[]): Axis {
  const fromMs = buckets[0]?.fromMs ?? 0;
  const toMs = buckets.at(-1)?.toMs ?? 1;
  const span = Math.max(toMs - fromMs, 1);
  return { fromMs, toMs, x: (ms) => Math.round(((ms - fromMs) / span) * width) };
}

const figure = (name: string, detail: string, body: string, alt: string, look = ''): string =>
  `<figure${look ? ` class="${look}"` : ''}><figcaption><b>${escapeHtml(name)}</b><span>${escapeHtml(detail)}</span></figcaption><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(alt)}">${body}</svg></figure>`;

interface Stretch {
  readonly from: number;
  to: number;
  readonly value: string;
}

/** Neighbouring buckets of one value, as columns; at least two columns wide, so that a short one is seen. */
function stretches(buckets: readonly Bucket[], axis: Axis, of: (bucket: Bucket) => string): Stretch[] {
  const found: Stretch[] = [];
  let before = '';
  for (const [i, bucket] of buckets.entries()) {
    const value = of(bucket);
    const to = axis.x(buckets[i + 1]?.fromMs ?? bucket.toMs);
    const last = found.at(-1);
    if (value !== '' && value === before && last) last.to = Math.max(to, last.to);
    else if (value !== '')
      found.push({ from: axis.x(bucket.fromMs), to: Math.max(to, axis.x(bucket.fromMs) + 2), value });
    before = value;
  }
  return found;
}

const boxes = (list: readonly Stretch[], look: string, top: number, bottom: number): string =>
  list.length === 0
    ? ''
    : `<path class="${look}" d="${list.map(({ from, to }) => `M${from} ${top}H${to}V${bottom}H${from}Z`).join('')}"/>`;

/** What lies behind every lane: the warm-up, alarms, and what the labels say as a bar along the top. */
export function backdrop(summary: FileSummary, buckets: readonly Bucket[], axis: Axis): string {
  const warm = warmupEnd(summary, buckets, axis);
  return (
    (warm > 0 ? `<path class="warm" d="M0 0H${warm}V${height}H0Z"/>` : '') +
    boxes(
      stretches(buckets, axis, ({ alarm }) => (alarm === 1 ? '1' : '')),
      'band',
      0,
      height,
    ) +
    boxes(
      stretches(buckets, axis, ({ truth }) => (truth === '' ? '' : '1')),
      'truth',
      0,
      7,
    )
  );
}

/** Column in which row number `row` falls. */
function columnOfRow(buckets: readonly Bucket[], axis: Axis, row: number): number {
  let rows = 0;
  for (const bucket of buckets) {
    rows += bucket.rows;
    if (rows >= row) return axis.x(bucket.toMs);
  }
  return width;
}

const warmupEnd = (summary: FileSummary, buckets: readonly Bucket[], axis: Axis): number =>
  summary.warmupRows > 0 ? columnOfRow(buckets, axis, summary.warmupRows) : 0;

export function ribbonChart(
  name: string,
  buckets: readonly Bucket[],
  axis: Axis,
  of: (bucket: Bucket) => string,
  colour: (kind: string) => string,
): string {
  const list = stretches(buckets, axis, of);
  const body = list
    .map(
      ({ from, to, value }) =>
        `<rect class="kind ${colour(value)}" x="${from}" width="${to - from}" y="0" height="${height}"><title>${escapeHtml(value)}</title></rect>`,
    )
    .join('');
  const kinds = [...new Set(list.map(({ value }) => value))].join(', ');
  const frame = `<path class="empty" d="M0 0H${width}V${height}H0Z"/>`;
  return figure(name, kinds || 'none', frame + body, `${name} over time: ${kinds || 'none'}`, 'ribbon');
}

/** Score by column on a square-root scale, with the thresholds of the calibrations in force. */
export function scoreChart(summary: FileSummary, buckets: readonly Bucket[], axis: Axis, behind: string): string {
  const thresholds = summary.calibrations.map(({ afterRows, threshold }) => ({ afterRows, onset: threshold.onset }));
  const peak = buckets.reduce((most, { score }) => Math.max(most, score), 0);
  const top = Math.max(peak, 1.2 * Math.max(1, ...thresholds.map(({ onset }) => onset)));
  const y = (score: number): number => Math.round(height - Math.sqrt(score / top) * (height - 4));
  const bars = buckets
    .filter(({ score }) => score > 0.3)
    .map(({ fromMs, score }) => `M${axis.x(fromMs)} ${height}V${y(score)}`)
    .join('');
  let limit = '';
  thresholds.forEach(({ afterRows, onset }, i) => {
    const from = afterRows === 0 ? 0 : columnOfRow(buckets, axis, afterRows);
    const next = thresholds[i + 1];
    const to = next ? columnOfRow(buckets, axis, next.afterRows) : width;
    limit += `${limit === '' ? 'M' : 'L'}${from} ${y(onset)}H${to}`;
  });
  const last = thresholds.at(-1);
  const detail = `up to ${round(peak)}${last ? ` · alarm from ${round(last.onset)} (dashed)` : ''}`;
  return figure(
    'Evidence of something new, −log10 p',
    detail,
    `${behind}<path class="bars" d="${bars}"/><path class="limit" d="${limit}"/>`,
    `Score over time, ${detail}; ${summary.alarms} alarms`,
    'tall',
  );
}

/** So much later than a bucket usually begins after the one before it, rows are missing between the two or in the first. */
function gapAfterMs(buckets: readonly Bucket[]): number {
  const steps = buckets.slice(1).map(({ fromMs }, i) => fromMs - buckets[i]!.fromMs);
  return gapSteps * (steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0);
}

export function channelChart(
  summary: FileSummary,
  buckets: readonly Bucket[],
  axis: Axis,
  c: number,
  behind: string,
): string {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const bucket of buckets) {
    if (bucket.low[c]! < low) low = bucket.low[c]!;
    if (bucket.high[c]! > high) high = bucket.high[c]!;
  }
  const { name, role, unit } = summary.channels[c]!;
  const about = [role === 'unknown' ? '' : role, unit].filter(Boolean).join(', ');
  if (!Number.isFinite(low)) return figure(name, 'no values', behind, `${name}: no values`);
  const span = high - low || 1;
  const gapMs = gapAfterMs(buckets);
  const y = (value: number): number => Math.round(height - 6 - ((value - low) / span) * (height - 16));
  let path = '';
  let drawing = false;
  for (const [i, bucket] of buckets.entries()) {
    // Across a time without rows nothing is drawn: nothing is known of it.
    if (i > 0 && bucket.fromMs - buckets[i - 1]!.fromMs > gapMs) drawing = false;
    if (Number.isNaN(bucket.low[c]!)) {
      drawing = false;
      continue;
    }
    const [bottom, top] = [y(bucket.low[c]!), y(bucket.high[c]!)];
    path += `${drawing ? 'L' : 'M'}${axis.x(bucket.fromMs)} ${bottom}`;
    if (top !== bottom) path += `V${top}`;
    drawing = true;
  }
  const range = `${round(low)} to ${round(high)}`;
  return figure(
    name,
    about === '' ? range : `${about} · ${range}`,
    `${behind}<path d="${path}"/>`,
    `${name}${about === '' ? '' : ` (${about})`} over time, ${range}`,
  );
}

/** Times along the bottom: five, of which a narrow page shows three. */
export function axisLabels({ fromMs, toMs }: Axis): string {
  const span = toMs - fromMs;
  const short = (ms: number): string =>
    span > 3 * 86_400_000 ? utc(ms).slice(0, 10) : span > 6 * 3_600_000 ? utc(ms).slice(5, 16) : utc(ms).slice(11);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => `<span>${short(fromMs + part * span)}</span>`);
  return `<p class="axis">${ticks.join('')}</p>`;
}
