/** The assets as a network: sites as mains, zones as what branches off them, and the zones that an asset feeds. */
import { useState } from 'preact/hooks';
import type { AssetSummary, CaseSummary } from '../api/types.ts';
import { to } from '../lib/address.ts';
import { byNeed } from '../lib/assets.ts';
import { t } from '../strings.ts';
import { Glyph } from './glyph.tsx';
import { Age } from './time.tsx';
import { WithheldTag } from './withheld.tsx';

/** So many zones of an asset are drawn; one with an open case always is. */
const zonesShown = 8;

/** What an asset feeds: its zones, those with an open case first and marked. */
function Fed({ zones, troubled }: { zones: readonly string[]; troubled: ReadonlySet<string> }) {
  const sorted = zones.toSorted((a, b) => Number(troubled.has(b)) - Number(troubled.has(a)));
  const shown = sorted.slice(0, Math.max(zonesShown, troubled.size));
  return (
    <span class="fed">
      {shown.map((name) =>
        troubled.has(name) ? (
          <span key={name} class="fed-zone fed-trouble" title={t.now.zoneState(name)}>
            <Glyph name="alarm" /> {name}
          </span>
        ) : (
          <span key={name} class="fed-zone">
            {name}
          </span>
        ),
      )}
      {shown.length < zones.length && <span>{t.now.zonesMore(zones.length - shown.length)}</span>}
    </span>
  );
}

/** Zones of each asset with an open case. */
type Troubled = ReadonlyMap<string, ReadonlySet<string>>;
const troubledOf = (cases: readonly CaseSummary[]): Troubled =>
  new Map(
    [...Map.groupBy(cases, ({ asset }) => asset)].map(([asset, ofAsset]) => [
      asset,
      new Set(ofAsset.flatMap(({ zone }) => zone ?? [])),
    ]),
  );

function Tile({ of: asset, troubled }: { of: AssetSummary; troubled: Troubled }) {
  return (
    <a class={`tile tile-${asset.status}`} href={to.asset(asset.asset)}>
      <Glyph name={asset.status} />
      <span class="tile-name">{asset.asset}</span>
      <span class="tile-state">
        {asset.status !== 'normal' && <b>{t.status[asset.status]} </b>}
        {asset.lastReceivedMs === undefined ? t.now.neverRead : <Age ms={asset.lastReceivedMs} />}
      </span>
      {asset.zones && <Fed zones={asset.zones} troubled={troubled.get(asset.asset) ?? new Set()} />}
      <WithheldTag of={asset.withheld} />
    </a>
  );
}

/** So many quiet assets of a zone are drawn; what is not quiet always is. */
const quietShown = 8;

function Zone({ name, assets, troubled }: { name: string; assets: readonly AssetSummary[]; troubled: Troubled }) {
  const [all, setAll] = useState(false);
  const sorted = assets.toSorted(byNeed);
  const isLoud = ({ status, withheld }: AssetSummary) => status !== 'normal' || withheld !== undefined;
  const loud = sorted.filter(isLoud);
  const quiet = sorted.filter((one) => !isLoud(one));
  const shown = all ? sorted : [...loud, ...quiet.slice(0, quietShown)];
  const rest = sorted.length - shown.length;
  return (
    <li class={`zone${loud.some(({ status }) => status === 'alarm') ? ' zone-alarm' : ''}`}>
      {/* Assets of no zone of their own hang on the main; the name would only say that there is none. */}
      <h3 class={`zone-name${name === '' ? ' sr' : ''}`}>{name || t.now.noZone}</h3>
      <div class="tiles">
        {shown.map((asset) => (
          <Tile key={asset.asset} of={asset} troubled={troubled} />
        ))}
        {rest > 0 && (
          <button type="button" class="button button-plain button-small" onClick={() => setAll(true)}>
            {t.now.normalMore(rest)}
          </button>
        )}
      </div>
    </li>
  );
}

/** @param cases those that are open: they mark the zones that they name */
export function Schematic({ assets, cases }: { assets: readonly AssetSummary[]; cases: readonly CaseSummary[] }) {
  const troubled = troubledOf(cases);
  const sites = Map.groupBy(assets, ({ site }) => site ?? '');
  return (
    <div class="schematic">
      {[...sites].map(([site, ofSite]) => (
        <section class="site" key={site} aria-label={site || t.now.noSite}>
          <p class="site-name">{site || t.now.noSite}</p>
          <ul class="zones">
            {[...Map.groupBy(ofSite, ({ zone }) => zone ?? '')]
              .toSorted(([a], [b]) => a.localeCompare(b))
              .map(([zone, ofZone]) => (
                <Zone key={zone} name={zone} assets={ofZone} troubled={troubled} />
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
