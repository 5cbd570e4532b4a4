/** The score of every reading, over hours or months: the highest and the mean of each point, the threshold, the alarms. */
import { useMemo, useRef } from 'preact/hooks';
import type { ScoreHistory } from '../api/types.ts';
import { query } from '../lib/address.ts';
import { useResource } from '../state/resource.ts';
import { t } from '../strings.ts';
import { Chart, type Line } from './chart.tsx';
import { Empty, Failed, Skeleton } from './states.tsx';

interface Props {
  readonly asset: string;
  readonly range: { readonly fromMs: number; readonly toMs: number };
  /** Charts with the same key share one crosshair. */
  readonly syncKey: string;
  readonly onZoom: (fromMs: number, toMs: number) => void;
}

/** More points than this are finer than a screen. */
const points = 800;

export function Scores({ asset, range, syncKey, onZoom }: Props) {
  const fromMs = Math.floor(range.fromMs);
  const toMs = Math.ceil(range.toMs);
  const resource = useResource<ScoreHistory>(
    `/assets/${encodeURIComponent(asset)}/scores${query({ fromMs, toMs, points })}`,
    () => false,
  );
  // A zoom is drawn at once from what is there; finer points take its place when they come.
  const held = useRef<ScoreHistory>(undefined);
  const { data, error } = resource.state.value;
  if (data) held.current = data;
  const shown = data ?? held.current;
  if (error && !data)
    return (
      <div class="score-room">
        <Failed error={error} again={() => void resource.reload()} />
      </div>
    );
  return (
    <div class="score-room" aria-busy={!data}>
      {!shown ? (
        <Skeleton rows={4} />
      ) : data && data.highest.length === 0 ? (
        <Empty title={t.assets.scoresNone} hint={t.assets.scoresNoneHint} />
      ) : (
        <Curve of={shown} range={range} syncKey={syncKey} onZoom={onZoom} />
      )}
    </div>
  );
}

function Curve({ of, range, syncKey, onZoom }: Omit<Props, 'asset'> & { readonly of: ScoreHistory }) {
  const { threshold, partial } = of;
  const line = useMemo(
    (): Line => ({
      name: t.assets.scores,
      unit: t.assets.scoresUnit,
      timesMs: of.timesMs,
      values: of.highest,
      mean: of.mean,
      level: threshold,
    }),
    [of],
  );
  return (
    <>
      <Chart
        line={line}
        fromMs={range.fromMs}
        toMs={range.toMs}
        alarmSpans={of.alarms}
        syncKey={syncKey}
        onZoom={onZoom}
      />
      <p class="small">
        {t.assets.scoresHint(threshold?.toLocaleString('en-GB', { maximumSignificantDigits: 3 }))}
        {partial && ` ${t.assets.scoresPartial}`}
      </p>
    </>
  );
}
