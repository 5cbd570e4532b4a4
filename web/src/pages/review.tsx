/** The queue of questions: one key to each next step, and the time that it took measured, never shown as a race. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { write } from '../api/client.ts';
import type { CaseDetail, ReviewItem } from '../api/types.ts';
import { to } from '../lib/address.ts';
import { duration } from '../lib/time.ts';
import { tell } from '../state/announce.ts';
import { useResource } from '../state/resource.ts';
import { go } from '../state/router.ts';
import { mayOperate, me, nowMs } from '../state/session.ts';
import { t } from '../strings.ts';
import type { AnswerMode } from '../ui/answer-form.tsx';
import { CaseAnswers } from '../ui/case-answers.tsx';
import { caseGlyph, placeOf } from '../ui/case-line.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Heading } from '../ui/frame.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { usePages } from '../ui/paged.tsx';
import { Segments } from '../ui/segments.tsx';
import { Empty, errorText, Shown } from '../ui/states.tsx';
import { canTakeBack, given, TakeBack } from '../ui/take-back.tsx';
import { Due } from '../ui/time.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { CaseProposal } from './case.tsx';
import { CaseSignal } from './case-signal.tsx';

/** As many as the API gives at once: who scrolls through thousands waits less often. */
const pageRows = 200;
const filters = ['all', 'free', 'mine', 'high'] as const;
type Filter = (typeof filters)[number];

function passes(item: ReviewItem, filter: Filter): boolean {
  const claimed = item.claim && item.claim.untilMs > nowMs.peek() ? item.claim.by : undefined;
  if (filter === 'mine') return claimed === me.peek()?.username;
  if (filter === 'free') return claimed === undefined;
  return filter === 'all' || item.proposal?.impact === 'high';
}

function Chosen({ id, ask }: { id: string; ask: { readonly mode: AnswerMode } | undefined }) {
  const resource = useResource<CaseDetail>(`/cases/${encodeURIComponent(id)}`, ({ caseId }) => caseId === id);
  const [since] = useState(nowMs.peek());
  return (
    <Shown of={resource} rows={7}>
      {(one) => (
        <div class="stack">
          <div>
            <h2>
              <Glyph name={caseGlyph(one, nowMs.value)} large /> {t.case.title(t.kind(one.kind), placeOf(one))}
            </h2>
            <p class="review-statement">{one.sentence}</p>
          </div>
          {one.status !== 'in-review' && <p class="stale">{t.review.handled}</p>}
          <div class="review-two">
            <CaseAnswers of={one} />
            <div class="stack">
              <CaseProposal
                of={one}
                ask={ask}
                keyed={!canTakeBack() || given.value?.caseId === id}
                reload={() => void resource.reload()}
              />
            </div>
          </div>
          <CaseSignal id={id} />
          <div class="row row-end">
            <a class="button" href={to.case(id)}>
              {t.review.open}
            </a>
            <span class="small" title={t.review.measured}>
              {t.review.seconds(duration(nowMs.value - since))}
            </span>
          </div>
        </div>
      )}
    </Shown>
  );
}

function Item({ of: item, here, choose }: { of: ReviewItem; here: boolean; choose: () => void }) {
  const ref = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (here) ref.current?.scrollIntoView({ block: 'nearest' });
  }, [here]);
  const claimed = item.claim && item.claim.untilMs > nowMs.value ? item.claim.by : undefined;
  return (
    <button
      ref={ref}
      type="button"
      class={`queue-item${here ? ' here' : ''}`}
      aria-current={here ? 'true' : undefined}
      onClick={choose}
    >
      <Glyph name={caseGlyph(item, nowMs.value)} large />
      <span class="case-what">
        {t.kind(item.kind)} <span class="quiet">{placeOf(item)}</span>
      </span>
      <span class="case-when">
        <Due ms={item.dueAtMs} />
      </span>
      <span class="case-more">
        {item.proposal ? (
          <b>{t.order(item.proposal.action, item.proposal.target)}?</b>
        ) : (
          <span>{t.case.proposalNone}</span>
        )}
        {item.people.needed > 1 && <span>{t.case.people(item.people.approved, item.people.needed)}</span>}
        {claimed && <span>{claimed === me.value?.username ? t.case.claimedYou : t.case.claimedShort(claimed)}</span>}
      </span>
    </button>
  );
}

export function ReviewPage() {
  const { first, items, button, load, hasMore } = usePages<ReviewItem>(
    '/reviews',
    { limit: pageRows },
    ({ caseId, round }) => `${caseId}/${round}`,
  );
  const [filter, setFilter] = useState<Filter>('all');
  const [kind, setKind] = useState('');
  const [chosen, setChosen] = useState<string>();
  const [ask, setAsk] = useState<{ mode: AnswerMode }>();
  const [help, setHelp] = useState(false);
  const shown = useMemo(
    () => items.filter((item) => passes(item, filter) && (kind === '' || item.kind === kind)),
    [items, filter, kind],
  );
  const kinds = [...new Set(items.map((item) => item.kind))].toSorted();
  // Two presses may come before the first is drawn: where they stand is kept beside what is drawn.
  const at = useRef<string | undefined>(undefined);
  const step = (by: number) => {
    const index = shown.findIndex(({ caseId }) => caseId === at.current);
    choose(shown[Math.max(0, Math.min(shown.length - 1, index + by))]);
  };
  const narrow = useRef(matchMedia('(max-width: 60rem)')).current;
  const choose = (item: ReviewItem | undefined) => {
    if (!item) return;
    if (narrow.matches) go(to.case(item.caseId));
    else {
      setAsk(undefined);
      at.current = item.caseId;
      setChosen(item.caseId);
    }
  };
  useEffect(() => {
    if (chosen === undefined && shown[0] && !narrow.matches) choose(shown[0]);
  }, [shown, chosen]);
  const toggleClaim = async (item: ReviewItem | undefined) => {
    if (!item || !mayOperate.value) return;
    const own = item.claim?.by === me.value?.username;
    try {
      await (own ? write('DELETE', `/cases/${item.caseId}/claim`) : write('POST', `/cases/${item.caseId}/claim`, {}));
    } catch (error) {
      tell(errorText(error as Error), true);
    }
    void first.reload();
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, select')) {
        if (event.key === 'Escape') event.target.blur();
        return;
      }
      const ask = (mode: AnswerMode) => setAsk({ mode });
      const keys: Record<string, () => void> = {
        j: () => step(1),
        k: () => step(-1),
        a: () => ask('approve'),
        r: () => ask('reject'),
        o: () => ask('override'),
        c: () => void toggleClaim(shown.find(({ caseId }) => caseId === at.current)),
        Enter: () => {
          if (chosen && !(event.target instanceof HTMLElement && event.target.closest('button, a, summary')))
            go(to.case(chosen));
        },
        '?': () => setHelp(true),
      };
      const act = keys[event.key];
      if (!act) return;
      if (event.key !== 'Enter') event.preventDefault();
      act();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
  // Also where nothing else waits: the last answer can still be taken back.
  const held = canTakeBack() ? given.value : undefined;
  const names = { all: t.all, free: t.review.filterFree, mine: t.review.filterMine, high: t.review.filterHigh };
  return (
    <>
      <div class="page-head">
        <Heading>{items.length > 0 ? t.review.waiting(items.length, hasMore) : t.review.title}</Heading>
        <div class="row">
          <Segments
            label={t.review.filter}
            of={filters.map((value) => ({ value, word: names[value] }))}
            value={filter}
            onChange={setFilter}
          />
          {kinds.length > 1 && (
            <select
              class="select-short"
              aria-label={t.review.kind}
              value={kind}
              onChange={(event) => setKind(event.currentTarget.value)}
            >
              <option value="">{t.review.everyKind}</option>
              {kinds.map((each) => (
                <option key={each} value={each}>
                  {t.kind(each)}
                </option>
              ))}
            </select>
          )}
          <button type="button" class="button button-plain wide-only" onClick={() => setHelp(true)}>
            {t.review.keys} <kbd>?</kbd>
          </button>
        </div>
      </div>
      {held && held.caseId !== (items.length > 0 && !narrow.matches ? chosen : undefined) && (
        <TakeBack key={held.caseId} caseId={held.caseId} of={held.answer} keyed reload={() => void first.reload()} />
      )}
      <Shown of={first} rows={8} tall>
        {() =>
          items.length === 0 ? (
            <Empty title={t.review.empty} hint={t.review.emptyHint} />
          ) : (
            <div class="review">
              <section class="queue" aria-label={t.review.list}>
                {shown.length === 0 && <Empty title={t.cases.empty} hint={t.assets.emptyHint} />}
                <VirtualList items={shown} keyOf={({ caseId }) => caseId} keep={chosen} more={hasMore} onEnd={load}>
                  {(item) => <Item of={item} here={item.caseId === chosen} choose={() => choose(item)} />}
                </VirtualList>
                {button}
              </section>
              <section class="panel review-detail wide-only" aria-label={t.review.detail}>
                {chosen ? <Chosen key={chosen} id={chosen} ask={ask} /> : <p class="quiet">{t.review.choose}</p>}
              </section>
            </div>
          )
        }
      </Shown>
      {help && (
        <Dialog title={t.review.keys} onClose={() => setHelp(false)}>
          <dl class="facts keys">
            {t.review.help.map(([key, what]) => (
              <>
                <dt key={key}>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </>
            ))}
          </dl>
        </Dialog>
      )}
    </>
  );
}
