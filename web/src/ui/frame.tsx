/** What stands around every page. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { to } from '../lib/address.ts';
import { assertive, dismissNote, note, polite } from '../state/announce.ts';
import { waiting } from '../state/now.ts';
import { route } from '../state/router.ts';
import { mayAdminister, me, signOut } from '../state/session.ts';
import { nextTheme, theme } from '../state/theme.ts';
import { t } from '../strings.ts';
import { ConnectionBar, Pulse } from './connection.tsx';
import { PushButton } from './push-button.tsx';
import { StopBand, StopSwitch } from './stop.tsx';
import { SiteClock } from './time.tsx';

const links = [
  { page: 'now', also: [], to: to.now, label: t.nav.now, rare: false },
  { page: 'review', also: [], to: to.review, label: t.nav.review, rare: false },
  { page: 'cases', also: ['case'], to: to.cases, label: t.nav.cases, rare: false },
  { page: 'assets', also: ['asset'], to: to.assets, label: t.nav.assets, rare: false },
  { page: 'shift', also: [], to: to.shift, label: t.nav.shift, rare: true },
  { page: 'samples', also: [], to: to.samples, label: t.nav.samples, rare: true },
  { page: 'audit', also: [], to: to.audit, label: t.nav.audit, rare: true },
  { page: 'models', also: [], to: to.models, label: t.nav.models, rare: true },
  { page: 'figures', also: [], to: to.figures, label: t.nav.figures, rare: true },
  { page: 'settings', also: [], to: to.settings, label: t.nav.settings, rare: true },
] as const;
type Link = (typeof links)[number];

function NavLink({ link }: { link: Link }) {
  const { page } = route.value;
  const here = page === link.page || (link.also as readonly string[]).includes(page);
  return (
    <a class="nav-link" href={link.to} aria-current={here ? 'page' : undefined}>
      {link.label}
      {link.page === 'review' && waiting.value > 0 && (
        <span class="nav-count">
          {waiting.value}
          <span class="sr"> {t.nav.waitingWord}</span>
        </span>
      )}
    </a>
  );
}

/** Closes when something in it was chosen, by Escape, and when the focus goes elsewhere. */
function Menu({
  label,
  class: name,
  children,
}: {
  label: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  const ref = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (ref.current) ref.current.open = false;
  };
  return (
    <details
      ref={ref}
      class="menu"
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest('.menu-list a, .menu-list [data-closes]')) close();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        close();
        ref.current?.querySelector('summary')?.focus();
      }}
      onFocusOut={(event) => {
        if (!(event.relatedTarget instanceof Node && ref.current?.contains(event.relatedTarget)))
          setTimeout(close, 150);
      }}
    >
      <summary class={name ?? 'button button-plain'}>{label}</summary>
      <div class="menu-list">{children}</div>
    </details>
  );
}

function Account() {
  const person = me.value;
  return (
    <Menu
      label={
        <>
          <span class="account-name">{person?.username}</span>
          <span class="account-initial" aria-hidden="true">
            {person?.username.slice(0, 1).toUpperCase()}
          </span>
          <span class="sr">{t.header.account}</span>
        </>
      }
    >
      <p class="menu-who">
        <b>{person?.username}</b>
        <br />
        <span class="small">{t.header.groups(person?.groups ?? [])}</span>
      </p>
      <button type="button" class="button button-plain" onClick={nextTheme}>
        {t.header.theme[theme.value]}
      </button>
      <PushButton />
      <button type="button" class="button button-plain" onClick={() => void signOut()}>
        {t.header.signOut}
      </button>
    </Menu>
  );
}

export function LiveRegions() {
  return (
    <>
      <p class="sr" role="status">
        {polite}
      </p>
      <p class="sr" role="alert">
        {assertive}
      </p>
      {note.value && (
        <div class={`note${note.value.bad ? ' note-bad' : ''}`} key={note.value.id}>
          <span aria-hidden="true">{note.value.text}</span>
          <button type="button" class="button button-plain" onClick={dismissNote}>
            {t.close}
          </button>
        </div>
      )}
    </>
  );
}

export function Frame({ children }: { children: ComponentChildren }) {
  const main = useRef<HTMLElement>(null);
  const { page, id } = route.value;
  const first = useRef(true);
  useEffect(() => {
    // The first page is where the browser is anyway; each further one is announced by its heading.
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    const heading = main.current?.querySelector('h1');
    (heading ?? main.current)?.focus({ preventScroll: true });
  }, [page, id]);
  const shown = links.filter((link) => link.page !== 'settings' || mayAdminister.value);
  return (
    <div class="frame">
      <button type="button" class="button skip" onClick={() => main.current?.focus()}>
        {t.skip}
      </button>
      <header class="head">
        <div class="head-line">
          <a class="brand" href={to.now}>
            <span class="brand-name">{t.product}</span>
            {me.value && me.value.site.name.toLowerCase() !== t.product.toLowerCase() && (
              <span class="brand-site">{me.value.site.name}</span>
            )}
          </a>
          <span class="head-space" />
          <Pulse />
          <SiteClock />
          <Account />
          <StopSwitch />
        </div>
        <ConnectionBar />
        <StopBand />
      </header>
      <nav class="nav" aria-label={t.nav.label}>
        <ul>
          {shown.map((link) => (
            <li key={link.page} class={link.rare ? 'nav-rare' : undefined}>
              <NavLink link={link} />
            </li>
          ))}
          <li class="nav-more">
            <Menu class="nav-link" label={t.nav.more}>
              {shown
                .filter((link) => link.rare)
                .map((link) => (
                  <a key={link.page} class="button button-plain" href={link.to}>
                    {link.label}
                  </a>
                ))}
            </Menu>
          </li>
        </ul>
      </nav>
      <main class="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** A page's heading; it takes the focus when the page is opened. */
export function Heading({ children }: { children: ComponentChildren }) {
  return <h1 tabIndex={-1}>{children}</h1>;
}
