/** Whom to call: who is on call now with a number that a finger can hit, the others behind. */
import type { ShownContact } from '../api/types.ts';
import { to } from '../lib/address.ts';
import { mayAdminister, mayOperate } from '../state/session.ts';
import { t } from '../strings.ts';

function Contact({ of: one }: { of: ShownContact }) {
  return (
    <li class="contact">
      <span>
        <b>{one.name ?? one.role}</b>
        {one.name && <span class="quiet">{one.role}</span>}
        {one.hours && <span class="small contact-hours">{t.contacts.hours(one.hours)}</span>}
      </span>
      {one.phone && (
        <a class="button call" href={`tel:${one.phone.replaceAll(/[^+\d]/g, '')}`}>
          <span class="sr">{t.contacts.call(one.name ?? one.role)} </span>
          {one.phone}
        </a>
      )}
    </li>
  );
}

export function Contacts({ of: contacts }: { of: readonly ShownContact[] }) {
  const now = contacts.filter(({ onCall }) => onCall);
  const others = contacts.filter(({ onCall }) => !onCall);
  const first = now.slice(0, 2);
  const rest = [...now.slice(2), ...others];
  return (
    <>
      {now.length === 0 && <p>{contacts.length === 0 ? t.contacts.none : t.contacts.nobody}</p>}
      {contacts.length === 0 && mayAdminister.value && <a href={to.settings}>{t.contacts.enter}</a>}
      <ul>
        {first.map((one) => (
          <Contact key={one.role + (one.name ?? '')} of={one} />
        ))}
      </ul>
      {rest.length > 0 && (
        <details open={now.length === 0}>
          <summary class="small">{t.contacts.more(rest.length)}</summary>
          <ul>
            {rest.map((one) => (
              <Contact key={one.role + (one.name ?? '')} of={one} />
            ))}
          </ul>
        </details>
      )}
      {contacts.length > 0 && !mayOperate.value && <p class="hint">{t.contacts.hidden}</p>}
    </>
  );
}
