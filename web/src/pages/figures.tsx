/** Figures of a span of time, for a meeting: on paper and in a spreadsheet as well. */
import type { ComponentChildren } from 'preact';
import type { Figures } from '../api/types.ts';
import { query, to } from '../lib/address.ts';
import { type Cell, toCsv } from '../lib/csv.ts';
import { usd } from '../lib/money.ts';
import { save } from '../lib/save.ts';
import { dateOnly, duration, isoDay, measured } from '../lib/time.ts';
import { useResource } from '../state/resource.ts';
import { go, route } from '../state/router.ts';
import { mayAdminister, me, nowMs } from '../state/session.ts';
import { t } from '../strings.ts';
import { Heading } from '../ui/frame.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { Empty, Shown } from '../ui/states.tsx';

const dayMs = 86_400_000;
const percent = (share: number | undefined): string =>
  share === undefined
    ? t.figures.none
    : `${(share * 100).toLocaleString('en-GB', { maximumFractionDigits: 1 })}\u00a0%`;
/** Work that took longer than by hand saved less than nothing, and says so. */
const minutes = (count: number | undefined): string =>
  count === undefined ? t.figures.none : `${count < 0 ? '−' : ''}${duration(Math.abs(count) * 60_000)}`;

/** One decision costs too little for a number that anybody can read: of how many it is a sum of money. */
function costWords(perDecision: number | undefined): { value: string; of: string } {
  if (perDecision === undefined) return { value: t.figures.none, of: '' };
  const [count, of] =
    perDecision >= 0.01
      ? ([1, t.figures.costDecision] as const)
      : perDecision >= 0.00001
        ? ([1_000, t.figures.costThousand] as const)
        : ([1_000_000, t.figures.costMillion] as const);
  return { value: usd(perDecision * count), of };
}

/** Minutes that a case saved in the mean, over the cases of kinds for which somebody entered the time by hand. */
function savedPerCase({ perKind }: Figures): { minutes: number; cases: number } | undefined {
  const known = perKind.filter(({ timeSavedMinutes }) => timeSavedMinutes !== undefined);
  const cases = known.reduce((sum, one) => sum + one.cases, 0);
  const saved = known.reduce((sum, one) => sum + (one.timeSavedMinutes ?? 0), 0);
  return cases === 0 ? undefined : { minutes: saved / cases, cases };
}

/** All numbers of the page as one table: what, of what, value, unit. */
export function figuresCsv(data: Figures): string {
  const rows: Cell[][] = [
    ['cases', '', data.cases, ''],
    ['automated', '', data.automatedShare, 'share'],
    ['overrides', '', data.overrides, ''],
    ['rejected', '', data.rejected, ''],
    ['expired', '', data.expired, ''],
    ['decisions', '', data.sample.decisions, ''],
    ['time saved', '', data.timeSavedMinutes, 'min'],
    ['cost', 'decision', data.costUsd?.perDecision, 'USD'],
    ['cost', 'month', data.costUsd?.month, 'USD'],
    ['false alarms', '', data.falseAlarms.n, ''],
    ['false alarms', 'judged', data.falseAlarms.of, ''],
    ['false alarms', 'low', data.falseAlarms.low, 'share'],
    ['false alarms', 'high', data.falseAlarms.high, 'share'],
    ['questions waiting', '', data.queue?.waiting, ''],
    ['questions waiting', 'oldest', data.queue?.oldestAgeMs, 'ms'],
    ...(data.workQueues ?? []).flatMap(({ name, waiting, oldestAgeMs, unknown }) => [
      [name, 'waiting', waiting, ''],
      [name, 'oldest', oldestAgeMs, 'ms'],
      ...(unknown === undefined ? [] : [[name, 'not known', unknown, '']]),
    ]),
    ['hasty approvals', '', data.hastyApprovals.n, ''],
    ['hasty approvals', 'of', data.hastyApprovals.of, ''],
    ['answers', 'taken back', data.takenBack, ''],
    ...data.steps.flatMap((step) => [
      [step.title, 'p50', step.p50Ms, 'ms'],
      [step.title, 'p95', step.p95Ms, 'ms'],
      [step.title, 'p99', step.p99Ms, 'ms'],
      [step.title, 'n', step.n, ''],
    ]),
    ...data.perKind.flatMap((kind) => [
      [kind.kind, 'cases', kind.cases, ''],
      [kind.kind, 'automated', kind.automated, ''],
      [kind.kind, 'overrides', kind.overrides, ''],
      [kind.kind, 'rejected', kind.rejected, ''],
      [kind.kind, 'median', kind.medianMs, 'ms'],
      [kind.kind, 'time saved', kind.timeSavedMinutes, 'min'],
    ]),
  ];
  return toCsv(['figure', 'of', 'value', 'unit'], rows);
}

function Stat({ name, value, children }: { name: string; value: string; children?: ComponentChildren }) {
  return (
    <div class="stat">
      <dt>{name}</dt>
      <dd>
        <span class="stat-value">{value}</span>
        {children && <span class="small">{children}</span>}
      </dd>
    </div>
  );
}

/** What is not known is said so: a 0 would be taken for calm. */
function WorkQueues({ of: queues }: { of: NonNullable<Figures['workQueues']> }) {
  const { workColumns, workNames, workTodo, workUnknown, workAtLeast, none } = t.figures;
  const shown = (value: string | undefined, { complete, unknown }: (typeof queues)[number]): string =>
    value === undefined ? (workUnknown[unknown ?? ''] ?? none) : complete ? value : workAtLeast(value);
  return (
    <section class="panel">
      <h2>{t.figures.work}</h2>
      <p class="small">{t.figures.workHint}</p>
      <Scroll label={t.figures.work}>
        <table>
          <thead>
            <tr>
              <th>{workColumns.name}</th>
              <th class="number">{workColumns.waiting}</th>
              <th class="number">{workColumns.oldest}</th>
              <th>{workColumns.todo}</th>
            </tr>
          </thead>
          <tbody>
            {queues.map((one) => (
              <tr key={one.name}>
                <td>{workNames[one.name] ?? one.name}</td>
                <td class="number">{shown(one.waiting?.toLocaleString('en-GB'), one)}</td>
                <td class="number">
                  {one.waiting === 0
                    ? t.none
                    : shown(one.oldestAgeMs === undefined ? undefined : measured(one.oldestAgeMs), one)}
                </td>
                <td>{one.waiting === 0 ? t.none : workTodo[one.name]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

/** What could not be delivered and nothing tries again: the errors that want a person. */
function Errors({ of: queues }: { of: NonNullable<Figures['workQueues']> }) {
  const dead = queues.find(({ name }) => name === 'dead-letters');
  if (!dead) return null;
  const { errors, errorsNone, errorsSome, errorsUnknown, workAtLeast, none } = t.figures;
  const count = dead.waiting?.toLocaleString('en-GB');
  return (
    <Stat name={errors} value={count === undefined ? none : dead.complete ? count : workAtLeast(count)}>
      {dead.waiting === undefined ? errorsUnknown : dead.waiting === 0 ? errorsNone : errorsSome}
    </Stat>
  );
}

function FiguresView({ of: data }: { of: Figures }) {
  const { falseAlarms, hastyApprovals, queue, sample } = data;
  const site = me.value?.site.name ?? '';
  const days = Math.max(1, Math.round((Math.min(data.toMs, nowMs.peek()) - data.fromMs) / dayMs));
  const cost = costWords(data.costUsd?.perDecision);
  const perCase = savedPerCase(data);
  const answered = data.steps.find(({ name }) => name === 'answer');
  const step = t.figures.step;
  return (
    <>
      <p class="quiet">
        {t.figures.span(
          dateOnly(data.fromMs, 'UTC'),
          dateOnly(data.toMs, 'UTC'),
          site.toLowerCase() === t.product.toLowerCase() ? t.product : site,
        )}
      </p>
      {!data.sample.complete && <p class="stale">{t.figures.incomplete}</p>}
      <dl class="stats">
        <Stat
          name={t.figures.decisions}
          value={
            sample.complete
              ? sample.decisions.toLocaleString('en-GB')
              : t.figures.workAtLeast(sample.decisions.toLocaleString('en-GB'))
          }
        >
          {t.figures.perDay((sample.decisions / days).toLocaleString('en-GB', { maximumSignificantDigits: 2 }))}
        </Stat>
        <Stat name={t.figures.cases} value={data.cases.toLocaleString('en-GB')}>
          {percent(data.automatedShare)} {t.figures.automated}
        </Stat>
        <Stat name={t.figures.people} value={(data.overrides + data.rejected).toLocaleString('en-GB')}>
          {data.overrides} {t.figures.overrides}, {data.rejected} {t.figures.rejected}, {data.expired}{' '}
          {t.figures.expired}
        </Stat>
        <Stat name={t.figures.saved} value={minutes(data.timeSavedMinutes)}>
          {perCase ? (
            t.figures.savedCase(minutes(perCase.minutes), perCase.cases)
          ) : mayAdminister.value ? (
            <a class="no-print" href={to.settings}>
              {t.figures.savedEnter}
            </a>
          ) : (
            t.figures.savedNone
          )}
        </Stat>
        <Stat
          name={t.figures.falseAlarms}
          value={falseAlarms.of === 0 ? t.figures.none : percent(falseAlarms.n / falseAlarms.of)}
        >
          {falseAlarms.of === 0 ? t.figures.notJudged : t.figures.falseAlarmsOf(falseAlarms.n, falseAlarms.of)}
          {falseAlarms.of > 0 && `; ${t.figures.interval(percent(falseAlarms.low), percent(falseAlarms.high))}`}
        </Stat>
        <Stat name={t.figures.cost} value={cost.value}>
          {cost.of}
          {data.costUsd &&
            ` ${data.costUsd.month === undefined ? t.figures.costMonthNone : t.figures.costMonth(usd(data.costUsd.month))}`}
        </Stat>
        {queue && (
          <Stat
            name={t.figures.queue}
            value={queue.oldestAgeMs === undefined ? t.figures.queueNone : measured(queue.oldestAgeMs)}
          >
            {queue.oldestAgeMs !== undefined && `${t.figures.queueWaiting(queue.waiting, queue.complete)} `}
            {answered && t.figures.queueAnswered(measured(answered.p50Ms), measured(answered.p95Ms))}
          </Stat>
        )}
        {data.workQueues && <Errors of={data.workQueues} />}
        <Stat
          name={t.figures.hasty}
          value={hastyApprovals.of === 0 ? t.figures.hastyNone : t.figures.hastyOf(hastyApprovals.n, hastyApprovals.of)}
        >
          {t.figures.hastyHint(measured(hastyApprovals.belowMs))}
          {data.takenBack ? ` ${t.figures.takenBack(data.takenBack)}` : ''}
        </Stat>
      </dl>
      <section class="panel">
        <h2>{t.figures.steps}</h2>
        {data.steps.length === 0 ? (
          <Empty title={t.figures.empty} hint={t.figures.emptyHint} />
        ) : (
          <Scroll label={t.figures.steps}>
            <table>
              <thead>
                <tr>
                  <th>{step.name}</th>
                  <th class="number">{step.p50}</th>
                  <th class="number">{step.p95}</th>
                  <th class="number">{step.p99}</th>
                  <th class="number">{step.n}</th>
                </tr>
              </thead>
              <tbody>
                {data.steps.map((one) => (
                  <tr key={one.name}>
                    <td>{one.title}</td>
                    <td class="number">{measured(one.p50Ms)}</td>
                    <td class="number">{measured(one.p95Ms)}</td>
                    <td class="number">{measured(one.p99Ms)}</td>
                    <td class="number">{one.n.toLocaleString('en-GB')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </section>
      {data.workQueues && <WorkQueues of={data.workQueues} />}
      <section class="panel">
        <h2>{t.figures.perKind}</h2>
        {data.perKind.length === 0 ? (
          <Empty title={t.figures.empty} hint={t.figures.emptyHint} />
        ) : (
          <Scroll label={t.figures.perKind}>
            <table>
              <thead>
                <tr>
                  <th>{t.figures.kind}</th>
                  <th class="number">{t.figures.kindCases}</th>
                  <th class="number">{t.figures.automated}</th>
                  <th class="number">{t.figures.overrides}</th>
                  <th class="number">{t.figures.rejected}</th>
                  <th class="number">{t.figures.median}</th>
                  <th class="number">{t.figures.byHand}</th>
                  <th class="number">{t.figures.saved}</th>
                </tr>
              </thead>
              <tbody>
                {data.perKind.map((one) => (
                  <tr key={one.kind}>
                    <td>{t.kind(one.kind)}</td>
                    <td class="number">{one.cases}</td>
                    <td class="number">{one.automated}</td>
                    <td class="number">{one.overrides}</td>
                    <td class="number">{one.rejected}</td>
                    <td class="number">{one.medianMs === undefined ? t.none : measured(one.medianMs)}</td>
                    <td class="number">{minutes(one.manualMinutes)}</td>
                    <td class="number">{minutes(one.timeSavedMinutes)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </section>
    </>
  );
}

export function FiguresPage() {
  const asked = route.value.query;
  // Whole days, so that the address stands still while the page is open.
  const today = Math.floor(nowMs.peek() / dayMs) * dayMs;
  const untilDay = asked.get('until') ?? isoDay(nowMs.peek(), 'UTC');
  const fromDay = asked.get('from') ?? isoDay(today - 6 * dayMs, 'UTC');
  const fromMs = Date.parse(`${fromDay}T00:00:00Z`);
  const toMs = Date.parse(`${untilDay}T00:00:00Z`) + dayMs - 1;
  const resource = useResource<Figures>(
    `/figures${query({ fromMs: Number.isNaN(fromMs) ? undefined : fromMs, toMs: Number.isNaN(toMs) ? undefined : toMs })}`,
    ({ type }) => type === 'case-closed',
  );
  const { data } = resource.state.value;
  const set = (change: Record<string, string>) =>
    go(`${to.figures}${query({ from: fromDay, until: untilDay, ...change })}`);
  return (
    <>
      <div class="page-head">
        <Heading>{t.figures.title}</Heading>
        <div class="row no-print">
          <button
            type="button"
            class="button"
            disabled={!data}
            onClick={() => data && save(`groundcrew-figures-${fromDay}-${untilDay}.csv`, 'text/csv', figuresCsv(data))}
          >
            {t.figures.export}
          </button>
          <button type="button" class="button" onClick={() => print()}>
            {t.figures.print}
          </button>
        </div>
      </div>
      <div class="filters no-print">
        {(['from', 'until'] as const).map((end) => (
          <div class="field" key={end}>
            <label for={`figures-${end}`}>{t.figures[end]}</label>
            <input
              id={`figures-${end}`}
              type="date"
              value={end === 'from' ? fromDay : untilDay}
              onChange={(event) => set({ [end]: event.currentTarget.value })}
            />
          </div>
        ))}
      </div>
      <Shown of={resource} rows={9} tall>
        {(figures) => <FiguresView of={figures} />}
      </Shown>
    </>
  );
}
