/** Whom to call, as an admin enters it. Each change writes the whole list, and only over what was seen. */
import { useState } from 'preact/hooks';
import { ApiError, write } from '../api/client.ts';
import type { Contact, ContactList } from '../api/types.ts';
import { tell } from '../state/announce.ts';
import { useResource } from '../state/resource.ts';
import { t } from '../strings.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { errorText, Shown } from '../ui/states.tsx';

const { contacts: words } = t;
const days = [1, 2, 3, 4, 5, 6, 7];

function ContactDialog({
  of: before,
  save,
  onClose,
}: {
  of: Contact | undefined;
  save: (contact: Contact, key: string) => Promise<string>;
  onClose: () => void;
}) {
  const [role, setRole] = useState(before?.role ?? '');
  const [name, setName] = useState(before?.name ?? '');
  const [phone, setPhone] = useState(before?.phone ?? '');
  const [scope, setScope] = useState<string>(before?.scope ?? 'all');
  const [kinds, setKinds] = useState(before?.kinds?.join(' ') ?? '');
  const [from, setFrom] = useState(before?.hours?.from ?? '');
  const [to, setTo] = useState(before?.hours?.to ?? '');
  const [chosen, setChosen] = useState<readonly number[]>(before?.hours?.days ?? days);
  const entered = (): Contact => {
    const wanted = kinds.split(/[\s,]+/).filter(Boolean);
    const some = chosen.length > 0 && chosen.length < days.length;
    return {
      role: role.trim(),
      ...(name.trim() !== '' && { name: name.trim() }),
      phone: phone.trim(),
      scope: scope.trim() as Contact['scope'],
      ...(wanted.length > 0 && { kinds: wanted }),
      ...(from !== '' && to !== '' && { hours: { from, to, ...(some && { days: [...chosen].sort() }) } }),
    };
  };
  const field = (
    id: string,
    label: string,
    value: string,
    set: (text: string) => void,
    more: { hint?: string; type?: 'tel' | 'time'; required?: boolean; maxLength?: number } = {},
  ) => (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        value={value}
        // One of the three; the attributes' types tell kinds of fields apart that share all that is used here.
        type={(more.type ?? 'text') as 'tel'}
        required={more.required ?? false}
        maxLength={more.maxLength ?? 80}
        autoComplete="off"
        aria-describedby={more.hint && `${id}-hint`}
        onInput={(event) => set(event.currentTarget.value)}
      />
      {more.hint && (
        <p class="hint" id={`${id}-hint`}>
          {more.hint}
        </p>
      )}
    </div>
  );
  return (
    <FormDialog
      title={before ? words.edit : words.add}
      submit={t.save}
      run={(key) => save(entered(), key)}
      onClose={onClose}
    >
      {field('contact-role', words.role, role, setRole, { required: true })}
      {field('contact-name', words.name, name, setName)}
      {field('contact-phone', words.phone, phone, setPhone, { type: 'tel', required: true, maxLength: 32 })}
      {field('contact-scope', words.scope, scope, setScope, { required: true, hint: words.scopeHint, maxLength: 140 })}
      {field('contact-kinds', words.kinds, kinds, setKinds, { hint: words.kindsHint, maxLength: 400 })}
      <div class="two">
        {field('contact-from', words.from, from, setFrom, { type: 'time' })}
        {field('contact-to', words.until, to, setTo, { type: 'time' })}
      </div>
      <p class="hint">{words.hoursHint}</p>
      <fieldset class="segments" aria-label={words.days}>
        {days.map((day) => (
          <button
            key={day}
            type="button"
            aria-pressed={chosen.includes(day)}
            disabled={from === '' || to === ''}
            onClick={() => setChosen(chosen.includes(day) ? chosen.filter((each) => each !== day) : [...chosen, day])}
          >
            {t.weekday(day)}
          </button>
        ))}
      </fieldset>
    </FormDialog>
  );
}

export function ContactsPanel() {
  const resource = useResource<ContactList>('/contacts', () => false);
  const [editing, setEditing] = useState<number>();
  const list = resource.state.value.data;
  const put = async (items: readonly Contact[], key?: string): Promise<string> => {
    try {
      await write('PUT', '/contacts', { items, version: list?.version ?? 0 }, key);
      return t.saved;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'contacts-changed') throw new Error(words.changedSince);
      throw error;
    } finally {
      await resource.reload();
    }
  };
  const remove = (index: number) =>
    put(list?.items.filter((_, at) => at !== index) ?? []).then(tell, (error: Error) => tell(errorText(error), true));
  return (
    <div class="stack">
      <p class="hint">{words.settingsHint}</p>
      <Shown of={resource} rows={3}>
        {({ items }) => (
          <>
            {items.length === 0 && <p class="quiet">{words.empty}</p>}
            <ul class="people-list">
              {items.map((one, index) => (
                <li key={`${one.role}${one.name}${one.phone}`}>
                  <div class="row row-end">
                    <span>
                      <b>{one.name ?? one.role}</b> {one.name && <span class="quiet">{one.role}</span>}
                      <br />
                      <span class="small">
                        {[
                          one.phone,
                          t.shift.scope(one.scope),
                          ...(one.kinds ?? []),
                          one.hours ? words.hours(one.hours) : words.always,
                        ].join(' · ')}
                      </span>
                    </span>
                    <span class="row">
                      <button type="button" class="button button-small" onClick={() => setEditing(index)}>
                        {words.edit}
                        <span class="sr"> {one.name ?? one.role}</span>
                      </button>
                      <button type="button" class="button button-small" onClick={() => void remove(index)}>
                        {words.remove}
                        <span class="sr"> {one.name ?? one.role}</span>
                      </button>
                    </span>
                  </div>
                </li>
              ))}
            </ul>
            <button type="button" class="button" onClick={() => setEditing(items.length)}>
              {words.add}
            </button>
            {editing !== undefined && (
              <ContactDialog
                of={items[editing]}
                save={(contact, key) =>
                  put(
                    items[editing] ? items.map((one, at) => (at === editing ? contact : one)) : [...items, contact],
                    key,
                  )
                }
                onClose={() => setEditing(undefined)}
              />
            )}
          </>
        )}
      </Shown>
    </div>
  );
}
