/** Who is told what: what the configuration says, and the quiet hours, which can be set here. */
import { useState } from 'preact/hooks';
import { write } from '../api/client.ts';
import type { NotificationsView } from '../api/types.ts';
import { useResource } from '../state/resource.ts';
import { t } from '../strings.ts';
import { FormDialog, ReasonField } from '../ui/form-dialog.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { Shown } from '../ui/states.tsx';

const { notifications: words } = t;

function QuietDialog({ of: view, done, onClose }: { of: NotificationsView; done: () => void; onClose: () => void }) {
  const hours = view.settings.quietHours;
  const [from, setFrom] = useState(hours?.from ?? '');
  const [to, setTo] = useState(hours?.to ?? '');
  const [reason, setReason] = useState('');
  return (
    <FormDialog
      title={words.quiet}
      submit={t.save}
      refuse={() => {
        if ((from === '') !== (to === '')) return words.both;
        if (from !== '' && from === to) return words.same;
        return reason.trim() === '' ? t.case.reasonMissing : undefined;
      }}
      onClose={onClose}
      run={async (key) => {
        const quietHours = from === '' ? null : { from, to };
        try {
          await write(
            'PUT',
            '/notifications/quiet-hours',
            { quietHours, reason: reason.trim(), version: view.version },
            key,
          );
        } finally {
          done();
        }
        return t.saved;
      }}
    >
      <p>{words.quietIntro}</p>
      <div class="two">
        <div class="field">
          <label for="quiet-from">{t.contacts.from}</label>
          <input id="quiet-from" type="time" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="quiet-to">{t.contacts.until}</label>
          <input id="quiet-to" type="time" value={to} onInput={(event) => setTo(event.currentTarget.value)} />
        </div>
      </div>
      <ReasonField id="quiet-reason" value={reason} onInput={setReason} hint={t.case.reasonHint} maxLength={500} />
    </FormDialog>
  );
}

export function NotificationsPanel() {
  const resource = useResource<NotificationsView>('/notifications', () => false);
  const [open, setOpen] = useState(false);
  return (
    <Shown of={resource} rows={5}>
      {(view) => (
        <div class="stack">
          <div class="row row-end">
            <p>
              <b>{words.quiet}</b>{' '}
              {view.settings.quietHours
                ? `${view.settings.quietHours.from}–${view.settings.quietHours.to}`
                : words.quietNone}
            </p>
            <button type="button" class="button button-small" onClick={() => setOpen(true)}>
              {t.contacts.edit}
              <span class="sr"> {words.quiet}</span>
            </button>
          </div>
          {view.missing.length > 0 && (
            <p class="verdict-bad">
              <Glyph name="bad" /> {words.missing(view.missing)}
            </p>
          )}
          <dl class="facts">
            <dt>{words.channels}</dt>
            <dd>{view.channels.map(({ name, by }) => (name === by ? name : `${name} (${by})`)).join(', ')}</dd>
            <dt>{words.routes}</dt>
            <dd>
              <ul>
                {view.settings.routes.map((route) => (
                  <li key={route.name}>
                    <b>{route.name}</b>: {words.when(route.when)} → {route.channels.join(', ')}
                  </li>
                ))}
              </ul>
            </dd>
            <dt>{words.storm}</dt>
            <dd>{words.stormWords(view.settings.storm.most, view.settings.storm.windowMs / 60_000)}</dd>
            <dt>{words.links}</dt>
            <dd>{view.settings.consoleUrl ?? words.linksNone}</dd>
          </dl>
          <p class="hint">{words.hint}</p>
          {open && <QuietDialog of={view} done={() => void resource.reload()} onClose={() => setOpen(false)} />}
        </div>
      )}
    </Shown>
  );
}
