/** From shift to shift: what is open, what happened, what is set for a while, how many alarms; a note, and who takes over. */
import { useState } from 'preact/hooks';
import { newKey, write } from '../api/client.ts';
import type { Change, HandoverNoteView, HandoverView } from '../api/types.ts';
import { query, to } from '../lib/address.ts';
import { dateTime } from '../lib/time.ts';
import { tell } from '../state/announce.ts';
import { useResource } from '../state/resource.ts';
import { go, route } from '../state/router.ts';
import { mayOperate, me, zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { CaseLine } from '../ui/case-line.tsx';
import { Heading } from '../ui/frame.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { Empty, errorText, Shown } from '../ui/states.tsx';
import { Age, Time } from '../ui/time.tsx';
import { Orders } from './shift-orders.tsx';

const lengths = [4, 6, 8, 12, 24];
const concerns = ({ type }: Change): boolean => /^(case|review|order|stop|handover)-/.test(type);

function Load({ of: load }: { of: HandoverView['alarmLoad'] }) {
  const { reference } = load;
  return (
    <dl class="stats stats-load">
      <div class="stat">
        <dt>{t.shift.perHour}</dt>
        <dd>
          <span class="stat-value">{load.perOperatorHour.toFixed(1)}</span>
          <span class="small">
            <Glyph name={load.verdict === 'acceptable' ? 'closed' : 'alarm'} /> {t.shift.verdict[load.verdict]}
          </span>
        </dd>
      </div>
      <div class="stat">
        <dt>{t.shift.alarms}</dt>
        <dd>
          <span class="stat-value">{load.alarms}</span>
          <span class="small">{t.shift.peak(Math.ceil(load.peakIn10Minutes))}</span>
        </dd>
      </div>
      <div class="stat">
        <dt>{t.shift.flood}</dt>
        <dd>
          <span class="stat-value">{(load.floodShare * 100).toFixed(1)} %</span>
          <span class="small">{t.shift.reference(reference.acceptablePerHour, reference.manageablePerHour)}</span>
        </dd>
      </div>
    </dl>
  );
}

function Write({ hours, operators, done }: { hours: number; operators: number; done: () => void }) {
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [key, setKey] = useState(newKey);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || note.trim() === '') return;
    setBusy(true);
    try {
      await write<HandoverNoteView>('POST', '/handovers', { hours, operators, note: note.trim() }, key);
      tell(t.shift.written);
      setNote('');
      setKey(newKey());
      done();
    } catch (error) {
      tell(errorText(error as Error), true);
    }
    setBusy(false);
  };
  return (
    <form class="stack" onSubmit={submit}>
      <div class="field">
        <label for="shift-note">{t.shift.note}</label>
        <textarea
          id="shift-note"
          required
          maxLength={2000}
          value={note}
          aria-describedby="shift-note-hint"
          onInput={(event) => setNote(event.currentTarget.value)}
        />
        <p class="hint" id="shift-note-hint">
          {t.shift.noteHint}
        </p>
      </div>
      <button type="submit" class="button button-main" disabled={busy}>
        {t.shift.write}
      </button>
    </form>
  );
}

function Note({ of: one, reload }: { of: HandoverNoteView; reload: () => void }) {
  const own = one.by === me.value?.username;
  const take = async () => {
    try {
      await write('POST', `/handovers/${one.id}/take`);
      tell(t.shift.takenOver);
    } catch (error) {
      tell(errorText(error as Error), true);
    }
    reload();
  };
  return (
    <li class="effect">
      <b>{one.by}</b>{' '}
      <span class="small">
        <Time ms={one.atMs} /> · {t.shift.numbers(one.open, one.alarms, one.perOperatorHour)}
      </span>
      <p class="shift-note">{one.note}</p>
      {one.taken ? (
        <p class="small">
          <Glyph name="closed" /> {t.shift.takenBy(one.taken.by)} <Time ms={one.taken.atMs} />
        </p>
      ) : own ? (
        <p class="small">{t.shift.waits}</p>
      ) : (
        mayOperate.value && (
          <button type="button" class="button button-main" onClick={() => void take()}>
            {t.shift.take}
          </button>
        )
      )}
    </li>
  );
}

function Notes({ hours, operators }: { hours: number; operators: number }) {
  const notes = useResource<{ items: HandoverNoteView[] }>('/handovers', concerns);
  const reload = () => void notes.reload();
  return (
    <div class="stack">
      <Shown of={notes} rows={3}>
        {({ items: [newest, ...older] }) => (
          <>
            {newest ? (
              <ol class="cases">
                <Note of={newest} reload={reload} />
              </ol>
            ) : (
              <p class="quiet">{t.shift.notesNone}</p>
            )}
            {older.length > 0 && (
              <details class="fold">
                <summary>{t.shift.older(older.length)}</summary>
                <ol class="cases">
                  {older.map((one) => (
                    <Note key={one.id} of={one} reload={reload} />
                  ))}
                </ol>
              </details>
            )}
          </>
        )}
      </Shown>
      {mayOperate.value && <Write hours={hours} operators={operators} done={reload} />}
    </div>
  );
}

function Cases({ of: cases, none }: { of: HandoverView['open']; none: string }) {
  if (cases.length === 0) return <p class="quiet">{none}</p>;
  return (
    <ul class="cases">
      {cases.map((one) => (
        <li key={one.caseId}>
          <CaseLine of={one} />
        </li>
      ))}
    </ul>
  );
}

const within = (text: string | null, usual: number, low: number, high: number): number => {
  const asked = Number(text);
  return text !== null && asked >= low && asked <= high ? asked : usual;
};

export function ShiftPage() {
  const asked = route.value.query;
  const hours = within(asked.get('hours'), 8, 0.5, 168);
  const operators = Math.floor(within(asked.get('operators'), 1, 1, 100));
  const kind = asked.get('kind') ?? '';
  const asset = asked.get('asset') ?? '';
  const resource = useResource<HandoverView>(`/handover${query({ hours, operators })}`, concerns);
  const set = (change: Record<string, number>) => go(`${to.shift}${query({ hours, operators, ...change })}`);
  return (
    <>
      <div class="page-head">
        <Heading>{t.shift.title}</Heading>
        <div class="row">
          <div class="field">
            <label for="shift-hours">{t.shift.length}</label>
            <select
              id="shift-hours"
              value={String(hours)}
              onChange={(event) => set({ hours: Number(event.currentTarget.value) })}
            >
              {[...new Set([...lengths, hours])].map((each) => (
                <option key={each} value={each}>
                  {t.shift.hours(each)}
                </option>
              ))}
            </select>
          </div>
          <div class="field">
            <label for="shift-operators">{t.shift.operators}</label>
            <input
              id="shift-operators"
              type="number"
              min={1}
              max={100}
              inputMode="numeric"
              value={operators}
              onChange={(event) => set({ operators: Number(event.currentTarget.value) })}
            />
          </div>
        </div>
      </div>
      <Shown of={resource} rows={9} tall>
        {(shift) => (
          <>
            <p class="quiet">
              {t.shift.span(dateTime(shift.fromMs, zone.value), dateTime(shift.toMs, zone.value))}
              {!shift.complete && ` ${t.figures.incomplete}`}
            </p>
            <Load of={shift.alarmLoad} />
            <div class="case">
              <section class="panel">
                <h2>{t.shift.openTitle(shift.open.length)}</h2>
                <Cases of={shift.open} none={t.now.noCases} />
              </section>
              <section class="panel">
                <h2>{t.shift.handover}</h2>
                <Notes hours={hours} operators={operators} />
              </section>
              <section class="panel">
                <h2>{t.shift.ordersTitle}</h2>
                <Orders
                  key={`${asset}/${kind}`}
                  of={[...shift.plannedWork, ...shift.shelved]}
                  about={asset ? { asset, kind } : undefined}
                  reload={() => void resource.reload()}
                />
              </section>
              <section class="panel">
                <h2>{t.shift.changed}</h2>
                <p>
                  {t.shift.counts(
                    shift.opened,
                    Object.values(shift.closed).reduce((sum, each) => sum + each, 0),
                  )}
                </p>
                <Cases of={shift.ended} none={t.shift.endedNone} />
              </section>
              <section class="panel case-wide">
                <h2>{t.shift.stops}</h2>
                {shift.stops.length === 0 ? (
                  <Empty title={t.shift.stopsNone} />
                ) : (
                  <ul class="cases">
                    {shift.stops.map((stop) => (
                      <li class="effect" key={stop.scope}>
                        <p>
                          <Glyph name="stop" /> <b>{t.stop.band(t.stop.scopeName(stop.scope))}</b>{' '}
                          <span class="small">
                            <Age ms={stop.atMs} /> {t.stop.by(stop.by)}
                          </span>
                        </p>
                        <p>{stop.reason}</p>
                      </li>
                    ))}
                  </ul>
                )}
              </section>
            </div>
          </>
        )}
      </Shown>
    </>
  );
}
