/** The first look: does anything need somebody, where, and what is being done this minute. */
import { useState } from 'preact/hooks';
import type { Doing, Now } from '../api/types.ts';
import { to } from '../lib/address.ts';
import { duration } from '../lib/time.ts';
import { nowState } from '../state/now.ts';
import { mayOperate, nowMs } from '../state/session.ts';
import { t } from '../strings.ts';
import { CaseLine } from '../ui/case-line.tsx';
import { EndedCases } from '../ui/ended-cases.tsx';
import { Heading } from '../ui/frame.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { Schematic } from '../ui/schematic.tsx';
import { Empty, Shown } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { ReportDialog } from './report.tsx';

/** The one sentence that stands above everything. */
function summary(now: Now): { head: string; more: string[] } {
  const { inReview, open } = now.counts;
  const silent = now.assets.filter(({ status }) => status === 'silent').length;
  const due = now.cases.find(({ status, dueAtMs }) => status === 'in-review' && dueAtMs !== undefined)?.dueAtMs;
  const more: string[] = [];
  if (inReview > 0 && due !== undefined)
    more.push(
      t.now.firstDue(
        due < nowMs.value ? t.overdue(duration(nowMs.value - due)) : t.inTime(duration(due - nowMs.value)),
      ),
    );
  if (silent > 0) more.push(t.now.silent(silent));
  if (now.stops.length > 0) more.push(t.now.stopped);
  if (inReview > 0) return { head: t.now.needs(inReview, inReview >= now.counts.limit), more };
  if (open > 0) return { head: t.now.open(open), more };
  if (now.assets.length > 0) more.unshift(t.now.calmDetail(now.assets.length));
  return { head: t.now.calm, more };
}

function DoingLine({ of: one }: { of: Doing }) {
  return (
    <li>
      <a class="doing" href={to.case(one.caseId)}>
        <Glyph name={one.state === 'VERIFYING' ? 'verifying' : one.state === 'UNKNOWN' ? 'alarm' : 'acting'} large />
        <span>
          <b>{t.order(one.action, one.target)}</b> <span class="quiet">{one.asset}</span>
          <br />
          <span class="small">
            {t.now.doingState[one.state]}, <Age ms={one.sinceMs} word={false} />
          </span>
        </span>
      </a>
    </li>
  );
}

function Counts({ of: counts }: { of: Now['counts'] }) {
  const shown = ['open', 'inReview', 'acting', 'verifying', 'automatedToday'] as const;
  return (
    <dl class="counts">
      {shown.map((name) => (
        <div key={name}>
          <dt>{t.now.counts[name]}</dt>
          <dd>
            {counts[name]}
            {counts[name] >= counts.limit && '+'}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const welcomeKey = 'groundcrew.welcome';

/** For whoever sees it for the first time; once closed it stays closed in this browser. */
function Welcome() {
  const [open] = useState(() => {
    try {
      return localStorage.getItem(welcomeKey) !== 'closed';
    } catch {
      return true;
    }
  });
  return (
    <details
      class="now-welcome"
      open={open}
      onToggle={(event) => {
        try {
          localStorage.setItem(welcomeKey, event.currentTarget.open ? 'open' : 'closed');
        } catch {
          // A browser that keeps nothing shows it again.
        }
      }}
    >
      <summary>{t.now.welcome.title}</summary>
      <ul>
        {t.now.welcome.text.map(([what, text]) => (
          <li key={what}>
            <b>{what}</b> {text}
          </li>
        ))}
      </ul>
    </details>
  );
}

export function NowPage() {
  const [reporting, setReporting] = useState(false);
  return (
    <Shown of={nowState} rows={9} tall>
      {(now) => {
        const { head, more } = summary(now);
        return (
          <>
            <div class="now-head">
              <div>
                <Heading>{head}</Heading>
                <p class="now-more">{more.join(' ')}</p>
              </div>
              <Counts of={now.counts} />
            </div>
            <div class="now">
              <div class="now-column">
                <section class="now-cases">
                  <div class="row row-end">
                    <h2>{t.now.cases}</h2>
                    {mayOperate.value && (
                      <button type="button" class="button button-plain button-small" onClick={() => setReporting(true)}>
                        {t.now.report}
                      </button>
                    )}
                  </div>
                  {now.cases.length === 0 ? (
                    <Empty title={t.now.noCases} hint={t.review.emptyHint} />
                  ) : (
                    <ul class="cases">
                      {now.cases.map((one) => (
                        <li key={one.caseId}>
                          <CaseLine
                            of={one}
                            withheld={now.assets
                              .find(({ asset }) => asset === one.asset)
                              ?.withheld?.filter(({ kind }) => kind === undefined || kind === one.kind)}
                          />
                        </li>
                      ))}
                    </ul>
                  )}
                </section>
                <section class="now-doing">
                  <h2>{t.now.doing}</h2>
                  {now.doing.length === 0 ? (
                    <p class="quiet now-idle">
                      {now.counts.acting > 0 ? t.now.idleActing(now.counts.acting) : t.now.idle}
                    </p>
                  ) : (
                    <ul class="doings">
                      {now.doing.map((one) => (
                        <DoingLine key={one.caseId + one.action} of={one} />
                      ))}
                    </ul>
                  )}
                </section>
              </div>
              <div class="now-column now-plant">
                <section class="now-assets">
                  <h2>{t.now.assets}</h2>
                  {now.assets.length === 0 ? (
                    <Empty title={t.now.noAssets} hint={t.now.noAssetsHint} />
                  ) : (
                    <Schematic assets={now.assets} cases={now.cases} />
                  )}
                  {now.assetsMore && <a href={to.assets}>{t.now.assetsMore}</a>}
                </section>
                <section class="now-ended">
                  <h2>{t.now.ended}</h2>
                  <EndedCases />
                </section>
              </div>
            </div>
            <Welcome />
            {reporting && <ReportDialog assets={now.assets} onClose={() => setReporting(false)} />}
          </>
        );
      }}
    </Shown>
  );
}
