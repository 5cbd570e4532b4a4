/** Decisions of the automation, looked at by somebody who is not told what it said: how often it is wrong. */
import { useState } from 'preact/hooks';
import { ApiError, newKey, write } from '../api/client.ts';
import type { SampleAnswered, SampleEstimate, SampleView, Signal } from '../api/types.ts';
import { dateTime } from '../lib/time.ts';
import { tell } from '../state/announce.ts';
import { useResource } from '../state/resource.ts';
import { mayOperate, zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { ReasonField } from '../ui/form-dialog.tsx';
import { Heading } from '../ui/frame.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { Empty, errorText, Shown } from '../ui/states.tsx';
import { Charts } from './case-signal.tsx';

const percent = (share: number): string => `${(share * 100).toLocaleString('en-GB', { maximumFractionDigits: 1 })} %`;

function Window({ id }: { id: string }) {
  const resource = useResource<Signal>(`/samples/${id}/signal`, () => false);
  return (
    <div class="signal-room">
      <Shown of={resource} rows={8}>
        {(signal) =>
          signal.channels.length === 0 ? (
            <Empty title={t.samples.gone} hint={t.samples.goneHint} />
          ) : (
            <Charts signal={signal} syncKey={id} />
          )
        }
      </Shown>
    </div>
  );
}

function Look({ of: one, next }: { of: SampleView; next: () => void }) {
  const [kind, setKind] = useState('');
  const [reason, setReason] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const [answered, setAnswered] = useState<SampleAnswered>();
  const [key, setKey] = useState(newKey);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    if (kind === '') return setError(t.samples.kindMissing);
    if (reason.trim() === '') return setError(t.case.reasonMissing);
    setBusy(true);
    setError('');
    try {
      setAnswered(
        await write<SampleAnswered>('POST', `/samples/${one.id}/answer`, { kind, reason: reason.trim() }, key),
      );
    } catch (problem) {
      if (problem instanceof ApiError && problem.code === 'sample-answered') {
        tell(t.samples.late, true);
        next();
      } else setError(errorText(problem as Error));
      setKey(newKey());
    }
    setBusy(false);
  };
  return (
    <>
      <p class="quiet">
        {one.asset} · {t.samples.span(dateTime(one.fromMs, zone.value), dateTime(one.toMs, zone.value))}
      </p>
      <Window id={one.id} />
      {answered ? (
        <div class="stack" role="status">
          <p class={answered.agrees ? 'verdict-good' : 'verdict-bad'}>
            <Glyph name={answered.agrees ? 'closed' : 'bad'} />{' '}
            {answered.agrees
              ? t.samples.agrees(t.kind(answered.said))
              : t.samples.differs(t.kind(answered.kind), t.kind(answered.said))}
          </p>
          <button type="button" class="button button-main" onClick={next}>
            {t.samples.next}
          </button>
        </div>
      ) : (
        <form class="stack" noValidate onSubmit={submit}>
          <fieldset class="choices choices-wide">
            <legend class="label">{t.samples.question}</legend>
            {one.kinds.map((each) => (
              <label class="choice" key={each}>
                <input type="radio" name="kind" checked={kind === each} onChange={() => setKind(each)} />
                {t.samples.kind(each)}
              </label>
            ))}
          </fieldset>
          <ReasonField id="sample-reason" value={reason} onInput={setReason} hint={t.case.reasonHint} />
          {error && (
            <p class="field-error" role="alert">
              {error}
            </p>
          )}
          <button type="submit" class="button button-main" disabled={busy}>
            {t.samples.submit}
          </button>
        </form>
      )}
    </>
  );
}

function Waiting() {
  const resource = useResource<{ items: SampleView[]; more: boolean }>('/samples', () => false);
  // What was answered here stands until the next one is asked for: its result is read first.
  const [passed, setPassed] = useState<readonly string[]>([]);
  return (
    <Shown of={resource} rows={9}>
      {({ items, more }) => {
        const left = items.filter(({ id }) => !passed.includes(id));
        const [one] = left;
        if (!one) return <Empty title={t.samples.empty} hint={t.samples.emptyHint} />;
        return (
          <>
            <h2>{t.samples.waiting(left.length, more)}</h2>
            <Look
              key={one.id}
              of={one}
              next={() => {
                setPassed([...passed, one.id]);
                void resource.reload();
              }}
            />
          </>
        );
      }}
    </Shown>
  );
}

function Estimate() {
  const resource = useResource<SampleEstimate>('/samples/estimate', ({ type }) => type === 'sample-answered');
  return (
    <Shown of={resource} rows={4}>
      {({ errorRate, low, high, answered, waiting, strata }) => (
        <>
          {errorRate === undefined || low === undefined || high === undefined ? (
            <p class="quiet">{t.samples.nobody}</p>
          ) : (
            <>
              <p class="stat-value">{t.samples.wrong(percent(errorRate))}</p>
              <p>{t.figures.interval(percent(low), percent(high))}</p>
            </>
          )}
          <p class="small">{t.samples.basis(answered, waiting)}</p>
          {strata.length > 0 && (
            <Scroll label={t.samples.estimate}>
              <table>
                <thead>
                  <tr>
                    <th>{t.samples.columns.verdict}</th>
                    <th class="number">{t.samples.columns.selected}</th>
                    <th class="number">{t.samples.columns.answered}</th>
                    <th class="number">{t.samples.columns.wrong}</th>
                  </tr>
                </thead>
                <tbody>
                  {strata.map((one) => (
                    <tr key={`${one.stratum}${one.rate}`}>
                      <td>
                        {t.samples.stratum[one.stratum]}{' '}
                        <span class="small">{t.samples.chosen(percent(one.rate))}</span>
                      </td>
                      <td class="number">{one.selected ?? '–'}</td>
                      <td class="number">{one.answered}</td>
                      <td class="number">{one.wrong}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
          <p class="hint">{t.samples.hint}</p>
        </>
      )}
    </Shown>
  );
}

export function SamplesPage() {
  return (
    <>
      <div class="page-head">
        <Heading>{t.samples.title}</Heading>
      </div>
      <p class="quiet samples-intro">{t.samples.intro}</p>
      <div class="audit">
        <section class="panel stack">
          {mayOperate.value ? <Waiting /> : <Empty title={t.samples.notAllowed} hint={t.error.forbidden} />}
        </section>
        <section class="panel stack">
          <h2>{t.samples.estimate}</h2>
          <Estimate />
        </section>
      </div>
    </>
  );
}
