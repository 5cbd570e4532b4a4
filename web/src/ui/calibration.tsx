/** What an asset is measured by, why, and the word of a person that what it does now is its new normal. */
import { useState } from 'preact/hooks';
import { write } from '../api/client.ts';
import type { AssetDetail, NewNormalAnswer } from '../api/types.ts';
import { mayApprove } from '../state/session.ts';
import { t } from '../strings.ts';
import { FormDialog, ReasonField } from './form-dialog.tsx';
import { Time } from './time.tsx';

const words = t.assets.newNormal;

function NewNormalDialog({ of: { asset, alarm }, onClose }: { of: AssetDetail; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const [since, setSince] = useState('');
  const said = since === '' ? undefined : Date.parse(`${since}Z`);
  return (
    <FormDialog
      title={words.title(asset)}
      submit={words.submit}
      working={words.working}
      refuse={() => {
        if (!alarm && said === undefined) return words.sinceMissing;
        return reason.trim() === '' ? t.case.reasonMissing : undefined;
      }}
      onClose={onClose}
      run={async (key) => {
        const { state, wantedRows } = await write<NewNormalAnswer>(
          'POST',
          `/assets/${encodeURIComponent(asset)}/new-normal`,
          { reason: reason.trim(), ...(said !== undefined && { fromMs: said }) },
          key,
        );
        return state === 'calibrated' ? words.done : words.waits(wantedRows);
      }}
    >
      <p>{words.intro}</p>
      <div class="field">
        <label for="normal-since">{words.since}</label>
        <input
          id="normal-since"
          type="datetime-local"
          value={since}
          required={!alarm}
          aria-describedby="normal-since-hint"
          onInput={(event) => setSince(event.currentTarget.value)}
        />
        <p class="hint" id="normal-since-hint">
          {alarm ? (
            <>
              {words.sinceAlarm} <Time ms={alarm.atMs} full />.
            </>
          ) : (
            words.sinceHint
          )}
        </p>
      </div>
      <ReasonField id="normal-reason" value={reason} onInput={setReason} hint={words.reasonHint} maxLength={500} />
    </FormDialog>
  );
}

export function CalibrationPanel({ of: one }: { of: AssetDetail }) {
  const [open, setOpen] = useState(false);
  const fit = one.calibration;
  if (!fit) return <p class="quiet">{t.assets.calibrationNone}</p>;
  return (
    <>
      <dl class="facts">
        <dt>{t.assets.fitted}</dt>
        <dd>
          <Time ms={fit.fittedAtMs} full />
        </dd>
        {fit.why !== undefined && (
          <>
            <dt>{t.assets.why}</dt>
            <dd>{t.assets.whys[fit.why]}</dd>
          </>
        )}
        <dt>{t.assets.rows}</dt>
        <dd>{fit.rows.toLocaleString('en-GB')}</dd>
        {fit.dueAtReadings !== undefined && (
          <>
            <dt>{t.assets.due}</dt>
            <dd>{t.assets.dueIn(Math.max(0, fit.dueAtReadings - one.quality.readings))}</dd>
          </>
        )}
        <dt>{t.assets.hash}</dt>
        <dd class="hash">{fit.hash}</dd>
        {fit.notes.length > 0 && (
          <>
            <dt>{t.assets.channel.note}</dt>
            <dd>{fit.notes.join(' ')}</dd>
          </>
        )}
      </dl>
      {fit.newNormal && (
        <p role="status">
          {words.said(fit.newNormal.by, fit.newNormal.wantedRows)} <Time ms={fit.newNormal.fromMs} full />.
        </p>
      )}
      {mayApprove.value && (
        <button type="button" class="button" onClick={() => setOpen(true)}>
          {words.open}
        </button>
      )}
      {open && <NewNormalDialog of={one} onClose={() => setOpen(false)} />}
    </>
  );
}
