/** All assets and how they are. */

import type { AssetSummary } from '../api/types.ts';
import { query, to } from '../lib/address.ts';
import { byNeed } from '../lib/assets.ts';
import { go, route } from '../state/router.ts';
import { t } from '../strings.ts';
import { Heading } from '../ui/frame.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { usePages } from '../ui/paged.tsx';
import { Segments } from '../ui/segments.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { WithheldTag } from '../ui/withheld.tsx';
import { FilterField } from './cases.tsx';

const states = ['', 'alarm', 'silent', 'learning', 'normal'] as const;

export function AssetsPage() {
  const asked = route.value.query;
  const filter = { search: asked.get('search') ?? '', status: asked.get('status') ?? '' };
  const set = (change: Partial<typeof filter>) => go(`${to.assets}${query({ ...filter, ...change })}`);
  const { first, items, button } = usePages<AssetSummary>('/assets', { limit: 200 }, ({ asset }) => asset);
  const word = filter.search.toLowerCase();
  const shown = items
    .filter(
      (one) =>
        (filter.status === '' || one.status === filter.status) &&
        [one.asset, one.zone ?? '', one.site ?? '', one.pack, ...(one.zones ?? [])].some((text) =>
          text.toLowerCase().includes(word),
        ),
    )
    .toSorted(byNeed);
  const columns = t.assets.columns;
  return (
    <>
      <div class="page-head">
        <Heading>{t.assets.title}</Heading>
        <Segments
          label={t.assets.status}
          of={states.map((value) => ({ value, word: value === '' ? t.all : (t.status[value] ?? value) }))}
          value={states.find((status) => status === filter.status)}
          onChange={(status) => set({ status })}
        />
      </div>
      <div class="filters">
        <FilterField
          id="filter-search"
          label={t.assets.search}
          value={filter.search}
          onChange={(search) => set({ search })}
        />
      </div>
      <div class="panel">
        <Shown of={first} rows={10}>
          {() =>
            items.length === 0 ? (
              <Empty title={t.now.noAssets} hint={t.now.noAssetsHint} />
            ) : shown.length === 0 ? (
              <Empty title={t.assets.empty} hint={t.assets.emptyHint} />
            ) : (
              <table class="cards">
                <thead>
                  <tr>
                    <th>{columns.asset}</th>
                    <th>{columns.state}</th>
                    <th>{columns.place}</th>
                    <th>{columns.mode}</th>
                    <th>{columns.reading}</th>
                    <th class="number">{columns.channels}</th>
                    <th class="number">{columns.missing}</th>
                    <th class="number">{columns.cases}</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map((one) => (
                    <tr key={one.asset}>
                      <td>
                        <a href={to.asset(one.asset)}>{one.asset}</a>
                        <br />
                        <span class="small">{one.pack}</span>
                      </td>
                      <td title={t.statusHint[one.status]}>
                        <Glyph name={one.status} /> {t.status[one.status]} <WithheldTag of={one.withheld} />
                      </td>
                      <td data-label={columns.place}>
                        {[one.site, one.zone].filter(Boolean).join(', ') || t.none}
                        {one.zones && <span class="small fed-names"> {one.zones.join(', ')}</span>}
                      </td>
                      <td class="rare" data-label={columns.mode}>
                        {t.mode(one.mode)}
                      </td>
                      <td data-label={columns.reading}>
                        <Age ms={one.lastReceivedMs} />
                      </td>
                      <td class="number rare" data-label={columns.channels}>
                        {one.channels}
                      </td>
                      <td class="number rare" data-label={columns.missing}>
                        {one.missing ?? t.none}
                      </td>
                      <td class="number" data-label={columns.cases}>
                        {one.openCaseIds.length > 0 ? (
                          <a href={`${to.cases}${query({ asset: one.asset })}`}>{one.openCaseIds.length}</a>
                        ) : (
                          '0'
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Shown>
        {button}
      </div>
    </>
  );
}
