/** What an admin enters: how long cases take by hand, the site's zone, and who may do what. */
import { useState } from 'preact/hooks';
import { write } from '../api/client.ts';
import type { NewUser, Settings, User } from '../api/types.ts';
import { tell } from '../state/announce.ts';
import { useResource } from '../state/resource.ts';
import { mayAdminister, resume } from '../state/session.ts';
import { t } from '../strings.ts';
import { Heading } from '../ui/frame.tsx';
import { usePages } from '../ui/paged.tsx';
import { Empty, errorText, Shown } from '../ui/states.tsx';
import { ContactsPanel } from './settings-contacts.tsx';
import { NotificationsPanel } from './settings-notifications.tsx';

const groups = ['viewer', 'operator', 'approver', 'auditor', 'admin'] as const;
type Group = (typeof groups)[number];

const attempt = async (run: () => Promise<unknown>, done: string): Promise<boolean> => {
  try {
    await run();
    tell(done);
    return true;
  } catch (error) {
    tell(errorText(error as Error), true);
    return false;
  }
};

function SettingsForm({ of: settings, reload }: { of: Settings; reload: () => void }) {
  const [minutes, setMinutes] = useState<[string, string][]>(
    Object.entries(settings.manualMinutes).map(([kind, value]) => [kind, String(value)]),
  );
  const [timeZone, setTimeZone] = useState(settings.timeZone);
  const [siteName, setSiteName] = useState(settings.siteName ?? '');
  const change = (index: number, row: [string, string]) =>
    setMinutes(minutes.map((old, at) => (at === index ? row : old)));
  const submit = async (event: Event) => {
    event.preventDefault();
    const manualMinutes = Object.fromEntries(
      minutes
        .filter(([kind, value]) => kind.trim() !== '' && value !== '')
        .map(([kind, value]) => [kind.trim(), Number(value)]),
    );
    const name = siteName.trim();
    const next: Settings = { manualMinutes, timeZone: timeZone.trim(), ...(name !== '' && { siteName: name }) };
    if (await attempt(() => write('PUT', '/settings', next), t.saved)) {
      reload();
      await resume();
    }
  };
  return (
    <form class="stack" onSubmit={submit}>
      <fieldset class="choices">
        <legend class="label">{t.settings.manual}</legend>
        <p class="hint">{t.settings.manualHint}</p>
        {[...minutes, ['', ''] as [string, string]].map(([kind, value], index) => (
          <div class="settings-row" key={index}>
            <input
              aria-label={t.settings.kind}
              placeholder={index === minutes.length ? t.settings.add : ''}
              pattern="[a-z][a-z0-9\-]*"
              value={kind}
              onInput={(event) =>
                index === minutes.length
                  ? setMinutes([...minutes, [event.currentTarget.value, '']])
                  : change(index, [event.currentTarget.value, value])
              }
            />
            <input
              aria-label={t.settings.minutes}
              type="number"
              min={0}
              max={100000}
              step="any"
              inputMode="decimal"
              value={value}
              disabled={index === minutes.length}
              onInput={(event) => change(index, [kind, event.currentTarget.value])}
            />
            <span aria-hidden="true">min</span>
          </div>
        ))}
      </fieldset>
      <div class="field">
        <label for="site-name">{t.settings.site}</label>
        <input
          id="site-name"
          maxLength={64}
          value={siteName}
          aria-describedby="site-name-hint"
          onInput={(event) => setSiteName(event.currentTarget.value)}
        />
        <p class="hint" id="site-name-hint">
          {t.settings.siteHint}
        </p>
      </div>
      <div class="field">
        <label for="time-zone">{t.settings.zone}</label>
        <input
          id="time-zone"
          required
          maxLength={64}
          value={timeZone}
          aria-describedby="time-zone-hint"
          onInput={(event) => setTimeZone(event.currentTarget.value)}
        />
        <p class="hint" id="time-zone-hint">
          {t.settings.zoneHint}
        </p>
      </div>
      <button type="submit" class="button button-main">
        {t.save}
      </button>
    </form>
  );
}

function AddUser({ added }: { added: () => void }) {
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly Group[]>(['viewer']);
  const [made, setMade] = useState<NewUser>();
  const submit = async (event: Event) => {
    event.preventDefault();
    const done = await attempt(
      async () =>
        setMade(await write<NewUser>('POST', '/users', { username: name.trim().toLowerCase(), groups: chosen })),
      t.settings.created(name.trim()),
    );
    if (!done) return;
    setName('');
    added();
  };
  return (
    <form class="stack" onSubmit={submit}>
      <h3>{t.settings.addUser}</h3>
      {made && (
        <p role="status" class="temporary">
          {t.settings.temporary(made.username)}
          <code>{made.temporaryPassword}</code>
        </p>
      )}
      <div class="field">
        <label for="new-user">{t.settings.user.name}</label>
        <input
          id="new-user"
          required
          maxLength={64}
          autoCapitalize="none"
          spellcheck={false}
          autoComplete="off"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </div>
      <fieldset class="choices">
        <legend class="label">{t.settings.user.groups}</legend>
        {groups.map((group) => (
          <label class="choice" key={group}>
            <input
              type="checkbox"
              checked={chosen.includes(group)}
              onChange={(event) =>
                setChosen(event.currentTarget.checked ? [...chosen, group] : chosen.filter((each) => each !== group))
              }
            />
            <span>
              {group} <span class="hint">{t.settings.groupHint[group]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <button type="submit" class="button" disabled={chosen.length === 0}>
        {t.settings.addUser}
      </button>
    </form>
  );
}

function People() {
  const { first, items, button } = usePages<User>(
    '/users',
    { limit: 100 },
    ({ username }) => username,
    () => false,
  );
  const set = async (user: User, change: { disabled?: boolean; groups?: readonly Group[] }) => {
    await attempt(() => write('PATCH', `/users/${encodeURIComponent(user.username)}`, change), t.saved);
    void first.reload();
  };
  const toggled = (user: User, group: Group): Group[] =>
    user.groups.includes(group) ? user.groups.filter((each) => each !== group) : [...user.groups, group];
  return (
    <div class="stack">
      <Shown of={first} rows={4}>
        {() => (
          <ul class="people-list">
            {items.map((user) => (
              <li key={user.username}>
                <div class="row row-end">
                  <b>{user.username}</b>
                  <button
                    type="button"
                    class="button button-small"
                    onClick={() => void set(user, { disabled: !user.disabled })}
                  >
                    {user.disabled ? t.settings.enable : t.settings.disable}
                  </button>
                </div>
                {user.disabled && <p class="small">{t.settings.disabled}</p>}
                <fieldset class="segments" aria-label={t.settings.groupsOf(user.username)}>
                  {groups.map((group) => (
                    <button
                      key={group}
                      type="button"
                      aria-pressed={user.groups.includes(group)}
                      title={t.settings.groupHint[group]}
                      onClick={() =>
                        toggled(user, group).length > 0 && void set(user, { groups: toggled(user, group) })
                      }
                    >
                      {group}
                    </button>
                  ))}
                </fieldset>
              </li>
            ))}
          </ul>
        )}
      </Shown>
      {button}
      <AddUser added={() => void first.reload()} />
    </div>
  );
}

export function SettingsPage() {
  const resource = useResource<Settings>('/settings', () => false);
  return (
    <>
      <div class="page-head">
        <Heading>{t.settings.title}</Heading>
      </div>
      {!mayAdminister.value ? (
        <Empty title={t.settings.adminOnly} hint={t.error.forbidden} />
      ) : (
        <div class="settings">
          <div class="stack">
            <section class="panel">
              <Shown of={resource} rows={5}>
                {(settings) => <SettingsForm of={settings} reload={() => void resource.reload()} />}
              </Shown>
            </section>
            <section class="panel">
              <h2>{t.contacts.settings}</h2>
              <ContactsPanel />
            </section>
            <section class="panel">
              <h2>{t.notifications.title}</h2>
              <NotificationsPanel />
            </section>
          </div>
          <section class="panel">
            <h2>{t.settings.users}</h2>
            <People />
          </section>
        </div>
      )}
    </>
  );
}
