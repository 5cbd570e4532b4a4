/** The record, and the check of it that this browser makes by itself. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api/client.ts';
import type { CaseSummary, ChainPage, Page } from '../api/types.ts';
import {
  type CheckedChain,
  type CheckedCheckpoints,
  canVerify,
  checkChain,
  checkCheckpoints,
} from '../audit/check-chain.ts';
import { query, to } from '../lib/address.ts';
import { save } from '../lib/save.ts';
import { dateTime, shortTime } from '../lib/time.ts';
import { useResource } from '../state/resource.ts';
import { go, route } from '../state/router.ts';
import { nowMs, zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { AuditEntries } from '../ui/audit-entries.tsx';
import { placeOf } from '../ui/case-line.tsx';
import { Heading } from '../ui/frame.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { usePages } from '../ui/paged.tsx';
import { Segments } from '../ui/segments.tsx';
import { Empty, Failed, Shown, Skeleton } from '../ui/states.tsx';

type ChainItem = ChainPage['items'][number];

function Finding({ good, children }: { good: boolean; children: preact.ComponentChildren }) {
  return (
    <li class={good ? 'verdict-good' : 'verdict-bad'}>
      <Glyph name={good ? 'closed' : 'bad'} /> {children}
    </li>
  );
}

function Findings({ chain, checkpoints }: { chain: CheckedChain; checkpoints: CheckedCheckpoints | undefined }) {
  const { fault, entries } = chain.check;
  const newest = chain.entries.length - 1;
  return (
    <ul class="stack" aria-live="polite">
      {fault ? (
        <Finding good={false}>{t.audit.fault[fault.problem](fault.seq)}</Finding>
      ) : (
        <Finding good>{t.audit.ok(entries)}</Finding>
      )}
      {checkpoints && (
        <>
          {checkpoints.fault ? (
            <Finding good={false}>{t.audit.checkpoint[checkpoints.fault as keyof typeof t.audit.checkpoint]}</Finding>
          ) : (
            checkpoints.checked > 0 && (
              <Finding good>
                {checkpoints.more
                  ? t.audit.checkpointsSome(checkpoints.checked)
                  : t.audit.checkpoints(checkpoints.checked)}
              </Finding>
            )
          )}
          {checkpoints.contradicted !== undefined ? (
            <Finding good={false}>{t.audit.contradicted(checkpoints.contradicted)}</Finding>
          ) : checkpoints.covered >= 0 ? (
            <Finding good>
              {t.audit.covered(checkpoints.covered, dateTime(checkpoints.byAtMs ?? 0, zone.value))}
            </Finding>
          ) : (
            <li class="quiet">{t.audit.uncoveredAll}</li>
          )}
          {checkpoints.covered >= 0 && checkpoints.covered < newest && (
            <li class="quiet">{t.audit.uncovered(newest - checkpoints.covered)}</li>
          )}
        </>
      )}
    </ul>
  );
}

function Chain({ name }: { name: string }) {
  const [chain, setChain] = useState<CheckedChain>();
  const [checkpoints, setCheckpoints] = useState<CheckedCheckpoints>();
  const [done, setDone] = useState(0);
  const [error, setError] = useState<Error>();
  const load = async () => {
    setError(undefined);
    try {
      const found = await checkChain(name, setDone);
      setChain(found);
      if (canVerify()) setCheckpoints(await checkCheckpoints(name, found.entries));
    } catch (problem) {
      setError(problem as Error);
    }
  };
  useEffect(() => void load(), [name]);
  const forbidden = error instanceof ApiError && error.status === 403;
  return (
    <div class="audit">
      <section class="panel stack">
        <h2 class="hash">{name}</h2>
        <Subject of={name} />
        {forbidden ? (
          <Empty title={t.audit.forbidden} hint={t.error.forbidden} />
        ) : (
          error && <Failed error={error} again={() => void load()} />
        )}
        {!chain && !error && (
          <>
            <p role="status">{t.audit.verifying(done)}</p>
            <Skeleton rows={6} />
          </>
        )}
        {chain &&
          (canVerify() ? (
            <Findings chain={chain} checkpoints={checkpoints} />
          ) : (
            <p class="verdict-bad">{t.audit.insecure}</p>
          ))}
        {chain && (
          <>
            <div class="row">
              <button
                type="button"
                class="button"
                onClick={() =>
                  save(`${name.replace('#', '-')}.jsonl`, 'application/jsonl', `${chain.texts.join('\n')}\n`)
                }
              >
                {t.audit.export}
              </button>
            </div>
            <AuditEntries of={chain} withBody />
          </>
        )}
      </section>
      <aside class="panel stack">
        {checkpoints && (
          <div>
            <h2>{t.audit.key}</h2>
            <p class="small">{t.audit.fingerprint}</p>
            <p class="hash">{checkpoints.fingerprint.replaceAll(/(.{8})(?=.)/g, '$1 ')}</p>
            <p class="small">{t.audit.keyHint}</p>
          </div>
        )}
        <Honest />
      </aside>
    </div>
  );
}

function Honest() {
  return (
    <div class="stack">
      <h2>{t.audit.honest}</h2>
      {t.audit.honestText.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </div>
  );
}

/** What a chain is of, on its own page. */
function Subject({ of: chain }: { of: string }) {
  const [what, name = ''] = chain.split('#', 2);
  if (what === 'case') return <a href={to.case(name)}>{t.audit.toCase}</a>;
  return what === 'asset' ? <a href={to.asset(name)}>{t.audit.toAsset}</a> : null;
}

/** A chain of a case has a hash for a name: what the case is says more, where it is among the newest. */
function chainWords(chain: string, cases: readonly CaseSummary[]): string {
  const [what, name = ''] = chain.split('#', 2);
  if (what === 'asset') return t.audit.assetChain(name);
  if (what === 'system') return t.audit.systemChain(name);
  if (what !== 'case') return chain;
  const found = cases.find(({ caseId }) => caseId === name);
  const id = t.audit.caseChain(name.slice(0, 8));
  if (!found) return id;
  const when = shortTime(found.openedAtMs, nowMs.value, zone.value);
  return `${id}: ${t.case.title(t.kind(found.kind), placeOf(found))}, ${when}`;
}

const whiches = ['', 'case#', 'asset#', 'system#'] as const;
const casesNamed = 100;

function Chains({ prefix }: { prefix: string }) {
  const { state } = useResource<Page<CaseSummary>>(`/cases${query({ state: 'all', limit: casesNamed })}`);
  const cases = state.value.data?.items ?? [];
  const { first, items, button } = usePages<ChainItem>(
    '/audit/chains',
    { prefix, limit: 100 },
    ({ chain }) => chain,
    () => false,
  );
  const { error } = first.state.value;
  if (error instanceof ApiError && error.status === 403)
    return <Empty title={t.audit.listForbidden} hint={t.audit.listForbiddenHint} />;
  return (
    <Shown of={first} rows={8}>
      {() =>
        items.length === 0 ? (
          <Empty title={t.audit.none} hint={t.audit.noneHint} />
        ) : (
          <div class="stack">
            <ul class="chains">
              {items.map(({ chain, entries }) => (
                <li key={chain}>
                  <a href={to.chain(chain)} title={chain}>
                    {chainWords(chain, cases)}
                  </a>
                  {entries !== undefined && <span class="small">{t.audit.count(entries)}</span>}
                </li>
              ))}
            </ul>
            {button}
          </div>
        )
      }
    </Shown>
  );
}

export function AuditPage({ chain }: { chain: string | undefined }) {
  const prefix = route.value.query.get('prefix') ?? '';
  const [typed, setTyped] = useState(prefix);
  return (
    <>
      <div class="page-head">
        <Heading>{t.audit.title}</Heading>
        {chain && (
          <a class="button" href={to.audit}>
            {t.audit.chains}
          </a>
        )}
      </div>
      {chain ? (
        <Chain name={chain} />
      ) : (
        <div class="audit">
          <section class="panel stack">
            <p>{t.audit.intro}</p>
            <form
              class="filters"
              onSubmit={(event) => {
                event.preventDefault();
                go(
                  /^(asset|case|system)#[a-z0-9-]{1,64}$/.test(typed) && typed.length > 60
                    ? to.chain(typed)
                    : `${to.audit}${query({ prefix: typed })}`,
                );
              }}
            >
              <div class="field">
                <label for="audit-prefix">{t.audit.prefix}</label>
                <input
                  id="audit-prefix"
                  value={typed}
                  autoCapitalize="none"
                  spellcheck={false}
                  pattern="(asset|case|system)?(#[a-z0-9\-]*)?"
                  aria-describedby="audit-prefix-hint"
                  onInput={(event) => setTyped(event.currentTarget.value)}
                />
              </div>
              <button type="submit" class="button">
                {t.audit.find}
              </button>
              <p class="hint" id="audit-prefix-hint">
                {t.audit.prefixHint}
              </p>
            </form>
            <Segments
              label={t.audit.which}
              of={whiches.map((value) => ({ value, word: t.audit.whiches[value] ?? value }))}
              value={whiches.find((value) => value === prefix)}
              onChange={(value) => {
                setTyped(value);
                go(`${to.audit}${query({ prefix: value })}`);
              }}
            />
            <Chains prefix={prefix} />
          </section>
          <aside class="panel">
            <Honest />
          </aside>
        </div>
      )}
    </>
  );
}
