/** The newest cases that ended. */
import type { CaseSummary, Page } from '../api/types.ts';
import { query, to } from '../lib/address.ts';
import { duration } from '../lib/time.ts';
import { useResource } from '../state/resource.ts';
import { nowMs } from '../state/session.ts';
import { t } from '../strings.ts';
import { caseGlyph, placeOf, stateOf } from './case-line.tsx';
import { Glyph } from './glyph.tsx';
import { Shown } from './states.tsx';
import { Age } from './time.tsx';

const endedShown = 4;

/** What the automation and people have brought to an end: on a calm day the only proof that anything is done. */
export function EndedCases() {
  const ended = useResource<Page<CaseSummary>>(
    `/cases${query({ state: 'closed', limit: endedShown })}`,
    ({ type }) => type === 'case-closed',
  );
  return (
    <Shown of={ended} rows={4}>
      {({ items }) =>
        items.length === 0 ? (
          <p class="quiet now-idle">{t.now.endedNone}</p>
        ) : (
          <>
            <ul class="cases">
              {items.slice(0, endedShown).map((one) => (
                <li key={one.caseId}>
                  <a class="case-line" href={to.case(one.caseId)}>
                    <Glyph name={caseGlyph(one, nowMs.value)} large />
                    <span class="case-what">
                      {t.kind(one.kind)} <span class="quiet">{placeOf(one)}</span>
                    </span>
                    <span class="case-when">
                      <Age ms={one.closedAtMs} />
                    </span>
                    <span class="case-more">
                      <span>{stateOf(one)}</span>
                      {one.proposal && <b>{t.order(one.proposal.action, one.proposal.target)}</b>}
                      {one.closedAtMs !== undefined && (
                        <span class="quiet">{t.now.took(duration(one.closedAtMs - one.openedAtMs))}</span>
                      )}
                    </span>
                  </a>
                </li>
              ))}
            </ul>
            <a class="small" href={`${to.cases}${query({ state: 'closed' })}`}>
              {t.now.endedAll}
            </a>
          </>
        )
      }
    </Shown>
  );
}
