/** Planned work and what is shelved: giving an order, and ending it before its time. */
import { useState } from 'preact/hooks';
import { write } from '../api/client.ts';
import type { OrderView } from '../api/types.ts';
import { isoDay, shortTime, wallMs } from '../lib/time.ts';
import { nowState } from '../state/now.ts';
import { mayApprove, mayOperate, nowMs, zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { FormDialog, ReasonField } from '../ui/form-dialog.tsx';
import { Glyph } from '../ui/glyph.tsx';
import { Time } from '../ui/time.tsx';

const hourMs = 3_600_000;
const shelveHours = [1, 4, 8, 12, 24, 72, 168];

function places(): { readonly value: string; readonly word: string }[] {
  const assets = nowState.state.value.data?.assets ?? [];
  const sites = new Set(assets.flatMap(({ site }) => site ?? []));
  const zones = new Set(assets.flatMap(({ site, zone: name }) => (site && name ? [`${site}/${name}`] : [])));
  return [
    ...[...sites].map((site) => `site#${site}`),
    ...[...zones].map((place) => `zone#${place}`),
    ...assets.map(({ asset }) => `asset#${asset}`),
  ].map((value) => ({ value, word: t.shift.scope(value) }));
}

function PlanDialog({ done, onClose }: { done: () => void; onClose: () => void }) {
  const found = places();
  const [scope, setScope] = useState(found[0]?.value ?? '');
  const today = isoDay(nowMs.value, zone.value);
  const [fromDay, setFromDay] = useState('');
  const [fromTime, setFromTime] = useState('');
  const [toDay, setToDay] = useState(today);
  const [toTime, setToTime] = useState('');
  const [reason, setReason] = useState('');
  const fromMs = fromTime === '' ? undefined : wallMs(fromDay || today, fromTime, zone.value);
  const toMs = toTime === '' ? undefined : wallMs(toDay, toTime, zone.value);
  return (
    <FormDialog
      title={t.shift.plan}
      submit={t.shift.plan}
      refuse={() => {
        if (toMs === undefined) return t.shift.endMissing;
        if (toMs <= (fromMs ?? nowMs.value)) return t.shift.endBefore;
        return reason.trim() === '' ? t.case.reasonMissing : undefined;
      }}
      onClose={onClose}
      run={async (key) => {
        const body = { what: 'planned-work', scope, toMs, reason: reason.trim(), ...(fromMs && { fromMs }) };
        await write<OrderView>('POST', '/orders', body, key);
        done();
        return t.shift.given;
      }}
    >
      <p>{t.shift.planIntro}</p>
      <div class="field">
        <label for="plan-scope">{t.shift.where}</label>
        <select id="plan-scope" value={scope} onChange={(event) => setScope(event.currentTarget.value)}>
          {found.map(({ value, word }) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      </div>
      <fieldset class="two choices">
        <legend class="label">{t.shift.from}</legend>
        <input
          type="date"
          aria-label={t.shift.fromDay}
          value={fromDay}
          onInput={(event) => setFromDay(event.currentTarget.value)}
        />
        <input
          type="time"
          aria-label={t.shift.fromTime}
          value={fromTime}
          onInput={(event) => setFromTime(event.currentTarget.value)}
        />
      </fieldset>
      <fieldset class="two choices">
        <legend class="label">{t.shift.until}</legend>
        <input
          type="date"
          aria-label={t.shift.toDay}
          value={toDay}
          onInput={(event) => setToDay(event.currentTarget.value)}
        />
        <input
          type="time"
          aria-label={t.shift.toTime}
          value={toTime}
          onInput={(event) => setToTime(event.currentTarget.value)}
        />
      </fieldset>
      <p class="hint">{t.shift.zoneHint(zone.value)}</p>
      <ReasonField id="plan-reason" value={reason} onInput={setReason} hint={t.stop.reasonHint} maxLength={500} />
    </FormDialog>
  );
}

/** @param about what it begins with, where a case asks for it */
function ShelveDialog({
  about,
  done,
  onClose,
}: {
  about: { readonly asset: string; readonly kind: string };
  done: () => void;
  onClose: () => void;
}) {
  const assets = nowState.state.value.data?.assets ?? [];
  const [asset, setAsset] = useState(about.asset || (assets[0]?.asset ?? ''));
  const [kind, setKind] = useState(about.kind);
  const [hours, setHours] = useState(8);
  const [reason, setReason] = useState('');
  const names = [...new Set([...(about.asset ? [about.asset] : []), ...assets.map((one) => one.asset)])];
  const toMs = nowMs.value + hours * hourMs;
  return (
    <FormDialog
      title={t.shift.shelve}
      submit={t.shift.shelve}
      refuse={() => (reason.trim() === '' ? t.case.reasonMissing : undefined)}
      onClose={onClose}
      run={async (key) => {
        const body = { what: 'shelving', scope: `asset#${asset}`, kind: kind.trim(), toMs, reason: reason.trim() };
        await write<OrderView>('POST', '/orders', body, key);
        done();
        return t.shift.given;
      }}
    >
      <p>{t.shift.shelveIntro}</p>
      <div class="field">
        <label for="shelve-asset">{t.trigger.asset}</label>
        <select id="shelve-asset" value={asset} onChange={(event) => setAsset(event.currentTarget.value)}>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for="shelve-kind">{t.cases.kind}</label>
        <input
          id="shelve-kind"
          required
          pattern="[a-z][a-z0-9\-]{0,31}"
          value={kind}
          aria-describedby="shelve-kind-hint"
          onInput={(event) => setKind(event.currentTarget.value)}
        />
        <p class="hint" id="shelve-kind-hint">
          {t.shift.kindHint}
        </p>
      </div>
      <div class="field">
        <label for="shelve-hours">{t.shift.length}</label>
        <select
          id="shelve-hours"
          value={String(hours)}
          onChange={(event) => setHours(Number(event.currentTarget.value))}
        >
          {shelveHours.map((each) => (
            <option key={each} value={each}>
              {t.shift.hours(each)}
            </option>
          ))}
        </select>
        <p class="hint">{t.shift.withheldUntil(shortTime(toMs, nowMs.value, zone.value))}</p>
      </div>
      <ReasonField id="shelve-reason" value={reason} onInput={setReason} hint={t.stop.reasonHint} maxLength={500} />
    </FormDialog>
  );
}

function EndDialog({ of: order, done, onClose }: { of: OrderView; done: () => void; onClose: () => void }) {
  const [reason, setReason] = useState('');
  return (
    <FormDialog
      title={t.shift.endTitle(t.shift.orderWords(order))}
      submit={t.shift.endNow}
      refuse={() => (reason.trim() === '' ? t.case.reasonMissing : undefined)}
      onClose={onClose}
      run={async (key) => {
        await write('POST', `/orders/${order.id}/end`, { reason: reason.trim() }, key);
        done();
        return t.shift.ended;
      }}
    >
      <p>{order.reason}</p>
      <ReasonField id="end-reason" value={reason} onInput={setReason} hint={t.stop.reasonHint} maxLength={500} />
    </FormDialog>
  );
}

export function Orders({
  of: orders,
  about,
  reload,
}: {
  of: readonly OrderView[];
  about: { readonly asset: string; readonly kind: string } | undefined;
  reload: () => void;
}) {
  const [open, setOpen] = useState<'plan' | 'shelve' | OrderView | undefined>(
    about && mayOperate.value ? 'shelve' : undefined,
  );
  const close = () => setOpen(undefined);
  const done = () => {
    reload();
    void nowState.reload();
  };
  return (
    <>
      {orders.length === 0 && <p class="quiet">{t.shift.ordersNone}</p>}
      <ul class="people-list">
        {orders.map((order) => (
          <li key={order.id}>
            <div class="row row-end">
              <span>
                <Glyph name="withheld" /> <b>{t.shift.orderWords(order)}</b>{' '}
                <span class="small">
                  {order.holds ? (
                    t.shift.holdsNow
                  ) : (
                    <>
                      {t.shift.begins} <Time ms={order.fromMs} />,
                    </>
                  )}{' '}
                  {t.shift.untilWord} <Time ms={order.toMs} />
                </span>
                <br />
                <span class="small">
                  {order.by}: {order.reason}
                </span>
              </span>
              {mayOperate.value && (
                <button type="button" class="button button-small" onClick={() => setOpen(order)}>
                  {t.shift.end}
                  <span class="sr"> {t.shift.orderWords(order)}</span>
                </button>
              )}
            </div>
          </li>
        ))}
      </ul>
      {mayOperate.value && (
        <div class="row row-after">
          <button
            type="button"
            class="button"
            disabled={!mayApprove.value}
            title={mayApprove.value ? undefined : t.shift.planNotAllowed}
            onClick={() => setOpen('plan')}
          >
            {t.shift.plan}
          </button>
          <button type="button" class="button" onClick={() => setOpen('shelve')}>
            {t.shift.shelve}
          </button>
        </div>
      )}
      {open === 'plan' && <PlanDialog done={done} onClose={close} />}
      {open === 'shelve' && <ShelveDialog about={about ?? { asset: '', kind: '' }} done={done} onClose={close} />}
      {typeof open === 'object' && <EndDialog of={open} done={done} onClose={close} />}
    </>
  );
}
