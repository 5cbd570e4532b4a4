/** All cases, open and closed. */

import type { CaseSummary } from '../api/types.ts';
import { query, to } from '../lib/address.ts';
import { go, route } from '../state/router.ts';
import { t } from '../strings.ts';
import { CaseLine } from '../ui/case-line.tsx';
import { Heading } from '../ui/frame.tsx';
import { usePages } from '../ui/paged.tsx';
import { Segments } from '../ui/segments.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';

const states = ['open', 'closed', 'all'] as const;

/** A field that changes the address when it is left, so that a filter can be kept as a link. */
export function FilterField({
  id,
  label,
  value,
  onChange,
}: {
  id: string;
  label: string;
  value: string;
  onChange: (text: string) => void;
}) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        value={value}
        autoCapitalize="none"
        spellcheck={false}
        onChange={(event) => onChange(event.currentTarget.value.trim())}
      />
    </div>
  );
}

export function CasesPage() {
  const asked = route.value.query;
  const filter = {
    state: asked.get('state') ?? 'open',
    asset: asked.get('asset') ?? '',
    kind: asked.get('kind') ?? '',
  };
  const set = (change: Partial<typeof filter>) => go(`${to.cases}${query({ ...filter, ...change })}`);
  const { first, items, button, load, hasMore } = usePages<CaseSummary>(
    '/cases',
    filter,
    ({ caseId }) => caseId,
    ({ caseId }) => caseId !== undefined,
  );
  return (
    <>
      <div class="page-head">
        <Heading>{t.cases.title}</Heading>
        <Segments
          label={t.cases.state}
          of={states.map((value) => ({ value, word: t.cases.states[value] ?? value }))}
          value={states.find((state) => state === filter.state)}
          onChange={(state) => set({ state })}
        />
      </div>
      <div class="filters">
        <FilterField
          id="filter-asset"
          label={t.cases.asset}
          value={filter.asset}
          onChange={(asset) => set({ asset })}
        />
        <FilterField id="filter-kind" label={t.cases.kind} value={filter.kind} onChange={(kind) => set({ kind })} />
      </div>
      <div class="panel">
        <Shown of={first} rows={8}>
          {() =>
            items.length === 0 ? (
              <Empty title={t.cases.empty} hint={t.cases.emptyHint} />
            ) : (
              <div class="cases">
                <VirtualList items={items} keyOf={({ caseId }) => caseId} more={hasMore} onEnd={load}>
                  {(one) => <CaseLine of={one} />}
                </VirtualList>
              </div>
            )
          }
        </Shown>
        {button}
      </div>
    </>
  );
}
