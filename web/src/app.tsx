/** Which page is shown, and what it needs while somebody is signed in. */
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Route, to } from './lib/address.ts';
import { AssetPage } from './pages/asset.tsx';
import { AssetsPage } from './pages/assets.tsx';
import { AuditPage } from './pages/audit.tsx';
import { CasePage } from './pages/case.tsx';
import { CasesPage } from './pages/cases.tsx';
import { FiguresPage } from './pages/figures.tsx';
import { ModelsPage } from './pages/models.tsx';
import { NowPage } from './pages/now.tsx';
import { ReviewPage } from './pages/review.tsx';
import { SamplesPage } from './pages/samples.tsx';
import { SettingsPage } from './pages/settings.tsx';
import { ShiftPage } from './pages/shift.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { say, tell } from './state/announce.ts';
import { connection, live, news } from './state/live.ts';
import { nowState } from './state/now.ts';
import { follow } from './state/resource.ts';
import { route } from './state/router.ts';
import { resume, session } from './state/session.ts';
import { t } from './strings.ts';
import { Frame, Heading, LiveRegions } from './ui/frame.tsx';
import { Empty, Failed, Skeleton } from './ui/states.tsx';

function Page({ at }: { at: Route }) {
  switch (at.page) {
    case 'now':
      return <NowPage />;
    case 'review':
      return <ReviewPage />;
    case 'cases':
      return <CasesPage />;
    case 'case':
      return <CasePage key={at.id} id={at.id ?? ''} />;
    case 'assets':
      return <AssetsPage />;
    case 'asset':
      return <AssetPage key={at.id} asset={at.id ?? ''} />;
    case 'audit':
      return <AuditPage key={at.id} chain={at.id} />;
    case 'shift':
      return <ShiftPage />;
    case 'samples':
      return <SamplesPage />;
    case 'models':
      return <ModelsPage />;
    case 'figures':
      return <FiguresPage />;
    case 'settings':
      return <SettingsPage />;
    default:
      return (
        <>
          <Heading>{t.error.page}</Heading>
          <Empty title="" hint={t.error.pageHint}>
            <a class="button" href={to.now}>
              {t.error.toNow}
            </a>
          </Empty>
        </>
      );
  }
}

/** A page that breaks must not take the stop switch with it. */
class Guard extends Component<{ children: ComponentChildren }, { broke: boolean }> {
  override state = { broke: false };
  override componentDidCatch() {
    this.setState({ broke: true });
  }
  render() {
    if (!this.state.broke) return this.props.children;
    return (
      <>
        <Heading>{t.error.broke}</Heading>
        <Empty title="" hint={t.error.brokeHint}>
          <button type="button" class="button" onClick={() => location.reload()}>
            {t.error.reload}
          </button>
        </Empty>
      </>
    );
  }
}

const titles: Partial<Record<Route['page'], string>> = {
  now: t.nav.now,
  review: t.nav.review,
  cases: t.nav.cases,
  case: t.case.caseId,
  assets: t.nav.assets,
  asset: t.nav.assets,
  audit: t.nav.audit,
  shift: t.nav.shift,
  samples: t.nav.samples,
  models: t.nav.models,
  figures: t.nav.figures,
  settings: t.nav.settings,
};

function SignedIn() {
  const at = route.value;
  const waits = nowState.state.value.data?.counts.inReview ?? 0;
  const name = titles[at.page] ?? t.product;
  useEffect(() => {
    // The count first: it is what a tab among many shows.
    document.title = `${waits > 0 ? `(${waits}) ` : ''}${name} · ${t.product}`;
  }, [waits, name]);
  useEffect(() => {
    live.start();
    const unfollow = follow(nowState);
    let wasLost = false;
    const offState = connection.subscribe(({ kind }) => {
      if (kind === 'live' && wasLost) tell(t.connection.regained);
      wasLost = kind === 'lost' || (wasLost && kind === 'catching-up');
    });
    const offNews = news.subscribe(({ changes }) => {
      const asked = changes?.filter(({ type }) => type === 'review-requested').at(-1);
      if (asked) say(t.review.newUrgent(asked.sentence ?? '', asked.asset ?? ''), true);
    });
    return () => {
      live.stop();
      unfollow();
      offState();
      offNews();
    };
  }, []);
  return (
    <Frame>
      <Guard key={`${at.page}/${at.id ?? ''}`}>
        <Page at={at} />
      </Guard>
    </Frame>
  );
}

export function App() {
  const [error, setError] = useState<Error>();
  const begin = () => {
    setError(undefined);
    resume().catch((problem: Error) => setError(problem));
  };
  useEffect(begin, []);
  const { kind } = session.value;
  return (
    <>
      {kind === 'in' && <SignedIn />}
      {kind === 'out' && <SignInPage />}
      {kind === 'unknown' && (
        <main class="sign-in">{error ? <Failed error={error} again={begin} /> : <Skeleton rows={4} />}</main>
      )}
      <LiveRegions />
    </>
  );
}
