/** How strong what was flagged was, over the time that is shown, with the threshold. */
import { useMemo } from 'preact/hooks';
import type { ScoreHistory } from '../api/types.ts';
import { t } from '../strings.ts';
import { Chart, type Line } from './chart.tsx';

interface Props {
  readonly of: ScoreHistory;
  readonly range: { readonly fromMs: number; readonly toMs: number };
  /** Charts with the same key share one crosshair. */
  readonly syncKey: string;
  readonly onZoom: (fromMs: number, toMs: number) => void;
}

export function Scores({ of: { points, threshold, partial }, range, syncKey, onZoom }: Props) {
  const line = useMemo(
    (): Line => ({
      name: t.assets.scores,
      unit: t.assets.scoresUnit,
      timesMs: points.map(({ atMs }) => atMs),
      values: points.map(({ score }) => score),
      dots: true,
      level: threshold,
    }),
    [points, threshold],
  );
  return (
    <>
      <Chart line={line} fromMs={range.fromMs} toMs={range.toMs} syncKey={syncKey} onZoom={onZoom} />
      <p class="small">
        {points.length === 0 && `${t.assets.scoresNone} `}
        {t.assets.scoresHint(threshold?.toLocaleString('en-GB', { maximumSignificantDigits: 3 }))}
        {partial && ` ${t.assets.scoresPartial}`}
      </p>
    </>
  );
}
