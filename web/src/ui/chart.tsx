/** One channel over time: flagged window, expected band and alarms behind the line. Drawn by uPlot, loaded when it is needed. */
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { dateTime, shortTime } from '../lib/time.ts';
import { nowMs, zone } from '../state/session.ts';
import { scheme } from '../state/theme.ts';
import { t } from '../strings.ts';

export interface Line {
  readonly name: string;
  readonly unit?: string | undefined;
  readonly timesMs: readonly number[];
  readonly values: readonly (number | null)[];
  readonly expectedLow?: readonly (number | null)[] | undefined;
  readonly expectedHigh?: readonly (number | null)[] | undefined;
  /** A fainter line below it. */
  readonly mean?: readonly (number | null)[] | undefined;
  /** A level line; it and zero are always in sight. */
  readonly level?: number | undefined;
}
interface Marks {
  readonly flagged?: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly alarms?: readonly { readonly atMs: number }[] | undefined;
  /** Where the alarm stood. */
  readonly alarmSpans?: readonly { readonly fromMs: number; readonly toMs: number }[] | undefined;
}
/** What a zoom or newer readings change; the drawing stays and takes it over. */
interface Contents extends Marks {
  readonly line: Line;
  readonly fromMs: number;
  readonly toMs: number;
}
interface Props extends Contents {
  /** Charts with the same key share one crosshair. */
  readonly syncKey?: string;
  readonly onZoom?: (fromMs: number, toMs: number) => void;
}

const heightPx = 148;
const number = (value: number): string => value.toLocaleString('en-GB', { maximumSignificantDigits: 4 });

/** Colours as the theme gives them now; a canvas understands neither variables nor light-dark(). */
function palette(root: HTMLElement) {
  const probe = root.appendChild(document.createElement('i'));
  const colour = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    ink: colour('--ink-2'),
    line: colour('--line'),
    trace: colour('--trace'),
    band: colour('--band'),
    flagFill: colour('--flag-fill'),
    flagLine: colour('--flag-line'),
    alarm: colour('--urgent'),
  };
  probe.remove();
  return colours;
}
type Colours = ReturnType<typeof palette>;

/** Columns as the drawing wants them: times, values, band, mean. */
const columnsOf = ({ timesMs, values, expectedLow, expectedHigh, mean }: Line): uPlot.AlignedData => [
  timesMs.map((ms) => ms / 1000),
  [...values],
  ...(expectedLow && expectedHigh ? [[...expectedLow], [...expectedHigh]] : []),
  ...(mean ? [[...mean]] : []),
];

function draw(contents: () => Contents, colours: Colours): uPlot.Plugin {
  return {
    hooks: {
      drawClear: (u) => {
        const { ctx, bbox } = u;
        const marks = contents();
        const { level } = marks.line;
        const x = (ms: number) =>
          Math.min(bbox.left + bbox.width, Math.max(bbox.left, u.valToPos(ms / 1000, 'x', true)));
        ctx.save();
        ctx.fillStyle = colours.flagFill;
        for (const { fromMs, toMs } of marks.alarmSpans ?? []) {
          if (toMs < u.scales['x']!.min! * 1000 || fromMs > u.scales['x']!.max! * 1000) continue;
          ctx.fillRect(x(fromMs), bbox.top, Math.max(2 * devicePixelRatio, x(toMs) - x(fromMs)), bbox.height);
        }
        if (marks.flagged) {
          const from = x(marks.flagged.fromMs);
          const width = Math.max(2, x(marks.flagged.toMs) - from);
          ctx.fillStyle = colours.flagFill;
          ctx.fillRect(from, bbox.top, width, bbox.height);
          ctx.strokeStyle = colours.flagLine;
          ctx.lineWidth = devicePixelRatio;
          ctx.strokeRect(from, bbox.top + 0.5, width, bbox.height - 1);
        }
        if (level !== undefined) {
          const y = u.valToPos(level, 'y', true);
          ctx.strokeStyle = colours.alarm;
          ctx.lineWidth = devicePixelRatio;
          ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
          ctx.beginPath();
          ctx.moveTo(bbox.left, y);
          ctx.lineTo(bbox.left + bbox.width, y);
          ctx.stroke();
        }
        ctx.restore();
      },
      draw: (u) => {
        const { ctx, bbox } = u;
        ctx.save();
        ctx.fillStyle = colours.alarm;
        const size = 5 * devicePixelRatio;
        for (const { atMs } of contents().alarms ?? []) {
          const at = u.valToPos(atMs / 1000, 'x', true);
          if (at < bbox.left || at > bbox.left + bbox.width) continue;
          ctx.beginPath();
          ctx.moveTo(at - size, bbox.top);
          ctx.lineTo(at + size, bbox.top);
          ctx.lineTo(at, bbox.top + size * 1.6);
          ctx.fill();
        }
        ctx.restore();
      },
    },
  };
}

export function Chart({ line, fromMs, toMs, flagged, alarms, alarmSpans, syncKey, onZoom }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<uPlot>(undefined);
  const contents = useRef<Contents>({ line, fromMs, toMs });
  contents.current = { line, fromMs, toMs, flagged, alarms, alarmSpans };
  const hasBand = line.expectedLow !== undefined && line.expectedHigh !== undefined;
  const hasMean = line.mean !== undefined;
  const dark = scheme.value;
  const tz = zone.value;
  useEffect(() => {
    const root = box.current;
    if (!root) return;
    let plot: uPlot | undefined;
    let gone = false;
    const observer = new ResizeObserver(() => plot?.setSize({ width: root.clientWidth, height: heightPx }));
    void import('uplot').then(({ default: UPlot }) => {
      if (gone) return;
      const colours = palette(root);
      const axis = {
        stroke: colours.ink,
        grid: { stroke: colours.line, width: 1 },
        ticks: { show: false },
        font: '12px system-ui, sans-serif',
      };
      const now = () => contents.current;
      const dateOf = (seconds: number): Date => {
        try {
          return UPlot.tzDate(new Date(seconds * 1000), tz);
        } catch {
          return UPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC');
        }
      };
      const [clock, day] = [UPlot.fmtDate('{HH}:{mm}'), UPlot.fmtDate('{DD} {MMM}')];
      const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
      plot = new UPlot(
        {
          width: root.clientWidth,
          height: heightPx,
          padding: [10, 20, 0, 0],
          legend: { show: false },
          tzDate: dateOf,
          cursor: {
            drag: { x: onZoom !== undefined, y: false, setScale: false },
            y: false,
            points: { size: 7 },
            ...(syncKey && { sync: { key: syncKey } }),
          },
          scales: {
            x: { time: true, range: () => [now().fromMs / 1000, now().toMs / 1000] },
            y: {
              range: (_, low, high) => {
                const { level } = now().line;
                const levels = level === undefined ? [] : [0, level];
                const bottom = Math.min(low ?? levels[0] ?? 0, ...levels);
                const top = Math.max(high ?? levels[1] ?? 1, ...levels);
                const room = (top - bottom || Math.abs(top) || 1) * 0.08;
                return [bottom - room, top + room];
              },
            },
          },
          axes: [
            {
              ...axis,
              size: 26,
              // A day begins with its name; within it stands the time, or the same name would stand several times.
              values: (_, ticks) =>
                ticks.map(dateOf).map((date) => (date.getHours() + date.getMinutes() === 0 ? day : clock)(date)),
              space: 60,
            },
            { ...axis, size: 52, values: (_, ticks) => ticks.map(number) },
          ],
          series: [
            {},
            {
              stroke: colours.trace,
              width: 1.5,
              points: { show: () => now().line.timesMs.length < 40 },
              spanGaps: false,
            },
            ...(hasBand ? [edge, edge] : []),
            ...(hasMean ? [{ stroke: colours.ink, width: 1, points: { show: false }, spanGaps: false }] : []),
          ],
          ...(hasBand && { bands: [{ series: [3, 2], fill: colours.band }] }),
          plugins: [draw(now, colours)],
          hooks: {
            setSelect: [
              (u) => {
                if (u.select.width < 4 || !onZoom) return;
                onZoom(u.posToVal(u.select.left, 'x') * 1000, u.posToVal(u.select.left + u.select.width, 'x') * 1000);
              },
            ],
            setCursor: [
              (u) => {
                const at = u.cursor.idx;
                const { unit } = now().line;
                const value = at === null || at === undefined ? undefined : u.data[1]?.[at];
                const out = root.previousElementSibling?.querySelector('.readout');
                if (!out) return;
                const ms = at === null || at === undefined ? undefined : (u.data[0][at] ?? 0) * 1000;
                out.textContent =
                  value === null || value === undefined || ms === undefined
                    ? ''
                    : `${shortTime(ms, nowMs.peek(), tz)}  ${number(value)}${unit ? ` ${unit}` : ''}`;
              },
            ],
          },
        },
        columnsOf(now().line),
        root,
      );
      drawing.current = plot;
      observer.observe(root);
    });
    return () => {
      gone = true;
      observer.disconnect();
      plot?.destroy();
      drawing.current = undefined;
    };
  }, [hasBand, hasMean, dark, tz, syncKey, onZoom]);
  useEffect(() => {
    drawing.current?.setData(columnsOf(line));
  }, [line, fromMs, toMs, flagged, alarms, alarmSpans]);
  const last = line.values.findLast((value) => value !== null);
  return (
    <figure class="chart">
      <figcaption class="chart-head">
        <span class="chart-name">{line.name}</span>
        {line.unit && <span class="quiet"> {line.unit}</span>}
        <span class="readout" aria-hidden="true" />
      </figcaption>
      <div
        ref={box}
        class="chart-box"
        role="img"
        aria-label={t.case.chartLabel(
          line.name,
          dateTime(fromMs, tz),
          dateTime(toMs, tz),
          last === undefined || last === null ? t.none : `${number(last)} ${line.unit ?? ''}`.trim(),
        )}
      />
    </figure>
  );
}

/** What the shapes in a chart mean. */
export function ChartKey({ alarms, flagged, band }: { alarms: boolean; flagged: boolean; band: boolean }) {
  const shapes = [
    { is: flagged, shape: 'key-flag', word: t.case.flagged },
    { is: band, shape: 'key-band', word: t.case.band },
    { is: alarms, shape: 'key-alarm', word: t.case.alarm },
  ].filter(({ is }) => is);
  if (shapes.length === 0) return null;
  return (
    <ul class="chart-key">
      {shapes.map(({ shape, word }) => (
        <li key={shape}>
          <span class={shape} /> {word}
        </li>
      ))}
    </ul>
  );
}
