/** The stop switch: always in sight, one press and a reason away. */
import { useState } from 'preact/hooks';
import { write } from '../api/client.ts';
import type { Now, Resumed, Stopped, StopState } from '../api/types.ts';
import { nowState } from '../state/now.ts';
import { mayApprove, mayOperate, me } from '../state/session.ts';
import { t } from '../strings.ts';
import { FormDialog, ReasonField } from './form-dialog.tsx';
import { Glyph } from './glyph.tsx';
import { Age } from './time.tsx';

function scopes(now: Now | undefined): string[] {
  const sites = new Set(now?.assets.flatMap(({ site }) => (site ? [site] : [])));
  return [
    'all',
    ...[...sites].map((site) => `site#${site}`),
    ...(now?.assets.map(({ asset }) => `asset#${asset}`) ?? []),
  ];
}

function scopeLabel(scope: string): string {
  if (scope === 'all') return t.stop.everything;
  return scope.startsWith('site#') ? t.stop.site(scope.slice(5)) : t.stop.asset(scope.slice(6));
}

function StopDialog({ onClose }: { onClose: () => void }) {
  const [scope, setScope] = useState('all');
  const [reason, setReason] = useState('');
  return (
    <FormDialog
      title={t.stop.title}
      kind="danger"
      submit={
        <>
          <Glyph name="stop" /> {t.stop.confirm}
        </>
      }
      working={t.stop.working}
      refuse={() => (reason.trim() === '' ? t.case.reasonMissing : undefined)}
      onClose={onClose}
      run={async (key) => {
        const { inFlight } = await write<Stopped>('POST', '/stops', { scope, reason: reason.trim() }, key);
        void nowState.reload();
        const left = inFlight.length > 0 ? ` ${t.stop.inFlight(inFlight.length)}` : '';
        return `${t.stop.done(t.stop.scopeName(scope))}${left}`;
      }}
    >
      <p>{t.stop.intro}</p>
      <div class="field">
        <label for="stop-scope">{t.stop.scope}</label>
        <select id="stop-scope" value={scope} onChange={(event) => setScope(event.currentTarget.value)}>
          {scopes(nowState.state.value.data).map((one) => (
            <option key={one} value={one}>
              {scopeLabel(one)}
            </option>
          ))}
        </select>
      </div>
      <ReasonField id="stop-reason" value={reason} onInput={setReason} hint={t.stop.reasonHint} />
    </FormDialog>
  );
}

function ResumeDialog({ stop, onClose }: { stop: StopState; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const own = stop.resumeRequestedBy === me.value?.username;
  return (
    <FormDialog
      title={t.stop.resumeTitle(t.stop.scopeName(stop.scope))}
      {...(!own && { submit: stop.resumeRequestedBy ? t.stop.resumeNow : t.stop.resumeAsk })}
      refuse={() => (reason.trim() === '' ? t.case.reasonMissing : undefined)}
      onClose={onClose}
      run={async (key) => {
        try {
          const body = { scope: stop.scope, reason: reason.trim() };
          const { state } = await write<Resumed>('POST', '/stops/resume', body, key);
          return state === 'resumed' ? t.stop.resumed : t.stop.waiting;
        } finally {
          void nowState.reload();
        }
      }}
    >
      <p>
        <b>{stop.reason}</b>
      </p>
      <p>
        {own
          ? t.stop.resumeOwn
          : stop.resumeRequestedBy
            ? t.stop.resumeSecond(stop.resumeRequestedBy)
            : t.stop.resumeIntro}
      </p>
      {!own && <ReasonField id="resume-reason" value={reason} onInput={setReason} hint={t.stop.reasonHint} />}
    </FormDialog>
  );
}

export function StopSwitch() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="button stop-button"
        disabled={!mayOperate.value}
        title={mayOperate.value ? undefined : t.stop.stopNotAllowed}
        onClick={() => setOpen(true)}
      >
        <Glyph name="stop" />
        <span>
          {t.stop.short}
          <span class="stop-more"> {t.stop.more}</span>
        </span>
      </button>
      {open && <StopDialog onClose={() => setOpen(false)} />}
    </>
  );
}

/** What is stopped, on every page, with the way back. */
export function StopBand() {
  const [resuming, setResuming] = useState<StopState>();
  const stops = nowState.state.value.data?.stops ?? [];
  return (
    <>
      {stops.slice(0, 3).map((stop) => (
        <div class="bar bar-stop" key={stop.scope}>
          <Glyph name="stop" large />
          <p>
            <b>{t.stop.band(t.stop.scopeName(stop.scope))}</b> <Age ms={stop.atMs} /> {t.stop.by(stop.by)}:{' '}
            {stop.reason}
            {stop.resumeRequestedBy &&
              ` · ${stop.resumeRequestedBy === me.value?.username ? t.stop.resumeOwn : t.stop.asked(stop.resumeRequestedBy)}`}
          </p>
          <button
            type="button"
            class="button"
            disabled={!mayApprove.value}
            title={mayApprove.value ? undefined : t.stop.notAllowed}
            onClick={() => setResuming(stop)}
          >
            {t.stop.resume}
          </button>
        </div>
      ))}
      {stops.length > 3 && <p class="bar bar-stop">{t.stop.also(stops.length - 3)}</p>}
      {resuming && <ResumeDialog stop={resuming} onClose={() => setResuming(undefined)} />}
    </>
  );
}
