/** What the sensors said: the channels that speak most first. */
import { useMemo, useState } from 'preact/hooks';
import type { Signal } from '../api/types.ts';
import { useResource } from '../state/resource.ts';
import { t } from '../strings.ts';
import { Chart, ChartKey } from '../ui/chart.tsx';
import { Empty, Shown } from '../ui/states.tsx';

const shownFirst = 4;

export function Charts({
  signal,
  syncKey,
  onZoom,
}: {
  signal: Signal;
  syncKey: string;
  onZoom?: (fromMs: number, toMs: number) => void;
}) {
  const [all, setAll] = useState(false);
  const sorted = useMemo(
    () => signal.channels.toSorted((a, b) => (b.contribution ?? 0) - (a.contribution ?? 0)),
    [signal],
  );
  const shown = all ? sorted : sorted.slice(0, shownFirst);
  return (
    <>
      <ChartKey
        alarms={signal.alarms.length > 0}
        flagged={signal.flagged !== undefined}
        band={signal.channels.some((one) => one.expectedLow)}
      />
      <div class="charts">
        {shown.map((line) => (
          <Chart
            key={line.name}
            line={line}
            fromMs={signal.fromMs}
            toMs={signal.toMs}
            flagged={signal.flagged}
            alarms={signal.alarms}
            syncKey={syncKey}
            {...(onZoom && { onZoom })}
          />
        ))}
      </div>
      {sorted.length > shown.length && (
        <button type="button" class="button button-small" onClick={() => setAll(true)}>
          {t.case.channelsMore(sorted.length - shown.length)}
        </button>
      )}
      {signal.partial && <p class="small">{t.case.partial}</p>}
    </>
  );
}

export function CaseSignal({ id }: { id: string }) {
  const resource = useResource<Signal>(`/cases/${encodeURIComponent(id)}/signal`, ({ caseId }) => caseId === id);
  return (
    <div class="signal-room">
      <Shown of={resource} rows={8}>
        {(signal) =>
          signal.channels.length === 0 || signal.channels.every(({ values }) => values.length === 0) ? (
            <Empty title={t.case.signalEmpty} hint={t.case.signalEmptyHint} />
          ) : (
            <Charts signal={signal} syncKey={id} />
          )
        }
      </Shown>
    </div>
  );
}
