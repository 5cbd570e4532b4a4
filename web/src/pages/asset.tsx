/** One asset: what it measures, how good its data are, and its readings over hours or weeks. */
import { useCallback, useState } from 'preact/hooks';
import type { AssetDetail, Signal } from '../api/types.ts';
import { query, to } from '../lib/address.ts';
import { duration } from '../lib/time.ts';
import { useResource } from '../state/resource.ts';
import { t } from '../strings.ts';
import { CalibrationPanel } from '../ui/calibration.tsx';
import { Heading } from '../ui/frame.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { Scores } from '../ui/scores.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { Segments } from '../ui/segments.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { Age, Time } from '../ui/time.tsx';
import { WithheldBand } from '../ui/withheld.tsx';
import { Charts } from './case-signal.tsx';

const spans = ['3600000', '21600000', '86400000', '604800000', '2419200000'];
const shortestMs = 60_000;

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The span follows the newest reading until somebody zooms; then it stands still. */
function Readings({ asset, newestMs }: { asset: string; newestMs: number }) {
  const [span, setSpan] = useState('86400000');
  const [fixed, setFixed] = useState<Range>();
  const range = fixed ?? { fromMs: newestMs - Number(span), toMs: newestMs };
  const resource = useResource<Signal>(
    `/assets/${encodeURIComponent(asset)}/readings${query({ fromMs: Math.floor(range.fromMs), toMs: Math.ceil(range.toMs), points: 500 })}`,
    () => false,
  );
  const zoom = useCallback((fromMs: number, toMs: number) => {
    const middle = (fromMs + toMs) / 2;
    const half = Math.max(shortestMs, toMs - fromMs) / 2;
    setFixed({ fromMs: middle - half, toMs: middle + half });
  }, []);
  const length = range.toMs - range.fromMs;
  const move = (by: number) => zoom(range.fromMs + by * length, range.toMs + by * length);
  const scale = (by: number) => zoom(range.fromMs + (length * (1 - by)) / 2, range.toMs - (length * (1 - by)) / 2);
  return (
    <div>
      <div class="row chart-tools">
        <Segments
          label={t.assets.span}
          of={spans.map((value) => ({ value, word: t.assets.spans[value] ?? value }))}
          value={fixed ? undefined : span}
          onChange={(each) => {
            setSpan(each);
            setFixed(undefined);
          }}
        />
        <fieldset class="segments" aria-label={t.assets.zoom}>
          <button type="button" onClick={() => move(-0.5)}>
            {t.assets.earlier}
          </button>
          <button type="button" onClick={() => move(0.5)}>
            {t.assets.later}
          </button>
          <button type="button" onClick={() => scale(0.5)}>
            {t.assets.zoomIn}
          </button>
          <button type="button" onClick={() => scale(2)}>
            {t.assets.zoomOut}
          </button>
        </fieldset>
      </div>
      <p class="small">
        <Time ms={range.fromMs} full /> – <Time ms={range.toMs} full />. {t.assets.zoomHint}
      </p>
      <div class="signal-room">
        <Shown of={resource} rows={8}>
          {(signal) =>
            signal.channels.every(({ values }) => values.length === 0) ? (
              <Empty title={t.assets.chartEmpty} hint={t.assets.chartEmptyHint} />
            ) : (
              <Charts signal={signal} syncKey={asset} onZoom={zoom} />
            )
          }
        </Shown>
      </div>
      <Scores asset={asset} range={range} syncKey={asset} onZoom={zoom} />
    </div>
  );
}

const figure = (value: number): string => value.toLocaleString('en-GB', { maximumSignificantDigits: 4 });

function Channels({ of: one }: { of: AssetDetail }) {
  const names = t.assets.channel;
  const fitted = new Map(one.calibration?.channels.map((channel) => [channel.name, channel]));
  return (
    <Scroll label={t.assets.channels}>
      <table>
        <thead>
          <tr>
            <th>{names.name}</th>
            <th>{names.role}</th>
            <th>{names.element}</th>
            <th class="number">{names.low}</th>
            <th class="number">{names.missing}</th>
            <th>{names.note}</th>
          </tr>
        </thead>
        <tbody>
          {one.registration.channels.map((channel) => {
            const fit = fitted.get(channel.name);
            const notes = [
              fit?.dead && t.assets.dead,
              one.quality.window?.flat.includes(channel.name) && t.assets.flat,
              one.quality.window?.outOfRange.includes(channel.name) && t.assets.outOfRange,
            ];
            return (
              <tr key={channel.name}>
                <td>{channel.name}</td>
                <td>
                  {channel.role}
                  {channel.unit && <span class="quiet"> ({channel.unit})</span>}
                </td>
                <td>{[channel.element, channel.zone].filter(Boolean).join(', ') || t.none}</td>
                <td class="number">{fit ? `${figure(fit.low)} – ${figure(fit.high)}` : t.none}</td>
                <td class="number">{fit ? `${figure(fit.missingRate * 100)} %` : t.none}</td>
                <td>{notes.filter(Boolean).join(', ')}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

function Quality({ of: { quality, registration } }: { of: AssetDetail }) {
  const seen = quality.window;
  return (
    <dl class="facts">
      <dt>{t.assets.readings}</dt>
      <dd>{quality.readings.toLocaleString('en-GB')}</dd>
      <dt>{t.assets.missing}</dt>
      <dd>{quality.missing.toLocaleString('en-GB')}</dd>
      {seen && (
        <>
          <dt>{t.assets.newestRows(seen.rows)}</dt>
          <dd>{t.assets.windowWords(seen.missingCells, seen.flat.length, seen.outOfRange.length)}</dd>
        </>
      )}
      {quality.delayMs !== undefined && (
        <>
          <dt>{t.assets.delay}</dt>
          <dd>{quality.delayMs < 0 ? t.assets.clockAhead(duration(-quality.delayMs)) : duration(quality.delayMs)}</dd>
        </>
      )}
      {quality.schema && (
        <>
          <dt>{t.assets.schema}</dt>
          <dd>
            <Glyph name="alarm" /> {t.assets.schemaWords(quality.schema.absent, quality.schema.unknown)}
          </dd>
        </>
      )}
      <dt>{t.assets.silence}</dt>
      <dd>
        {duration(registration.silenceAfterMs)}
        {quality.silentSinceMs !== undefined && (
          <>
            , <b>{t.assets.silentNow}</b> <Age ms={quality.silentSinceMs} />
          </>
        )}
      </dd>
      <dt>{t.assets.boots}</dt>
      <dd>{quality.boots.length}</dd>
    </dl>
  );
}

function AssetView({ of: one }: { of: AssetDetail }) {
  return (
    <>
      <header class="case-head">
        <a class="small" href={to.assets}>
          {t.assets.back}
        </a>
        <div class="case-title">
          <Glyph name={one.status} large />
          <Heading>{one.asset}</Heading>
          <span class="case-state">
            {t.status[one.status]}. {t.statusHint[one.status]}
          </span>
        </div>
        <p class="quiet">
          {[one.site, one.zone, one.pack, t.mode(one.mode)].filter(Boolean).join(' · ')}
          {' · '}
          {t.assets.columns.reading.toLowerCase()} <Age ms={one.lastReceivedMs} />
        </p>
      </header>
      <WithheldBand of={one.withheld} />
      <div class="case">
        <section class="panel case-wide">
          <h2>{t.assets.chart}</h2>
          {one.lastReadingMs === undefined ? (
            <Empty title={t.assets.chartEmpty} hint={t.assets.chartEmptyHint} />
          ) : (
            <Readings asset={one.asset} newestMs={one.lastReadingMs} />
          )}
        </section>
        <section class="panel">
          <h2>{t.assets.quality}</h2>
          <Quality of={one} />
        </section>
        <section class="panel">
          <h2>{t.assets.calibration}</h2>
          <CalibrationPanel of={one} />
        </section>
        <section class="panel">
          <h2>{t.assets.holds}</h2>
          {one.holds.length === 0 ? (
            <p class="quiet">{t.assets.holdsNone}</p>
          ) : (
            <ul class="stack">
              {one.holds.map((hold) => (
                <li key={hold.caseId}>
                  <a href={to.case(hold.caseId)}>{t.order(hold.action, hold.target)}</a> <Age ms={hold.sinceMs} />
                  <p class="small">{t.assets.holdsHint}</p>
                </li>
              ))}
            </ul>
          )}
        </section>
        <section class="panel">
          <h2>{t.assets.openCases}</h2>
          {one.openCaseIds.length === 0 ? (
            <p class="quiet">{t.now.noCases}</p>
          ) : (
            <ul>
              {one.openCaseIds.map((id) => (
                <li key={id}>
                  <a class="hash" href={to.case(id)}>
                    {id.slice(0, 16)}…
                  </a>
                </li>
              ))}
            </ul>
          )}
        </section>
        <section class="panel case-wide">
          <h2>{t.assets.channels}</h2>
          <Channels of={one} />
        </section>
      </div>
    </>
  );
}

export function AssetPage({ asset }: { asset: string }) {
  const resource = useResource<AssetDetail>(`/assets/${encodeURIComponent(asset)}`, (change) => change.asset === asset);
  return (
    <Shown of={resource} rows={9} tall>
      {(one) => <AssetView of={one} />}
    </Shown>
  );
}
