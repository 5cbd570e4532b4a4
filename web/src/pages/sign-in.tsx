/** Signing in, and choosing a password at the first time. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/client.ts';
import { session, signIn } from '../state/session.ts';
import { t } from '../strings.ts';
import { errorText } from '../ui/states.tsx';

const shortest = 12;

function message(error: Error, choosing: boolean): string {
  if (!(error instanceof ApiError)) return errorText(error);
  if (error.status === 429) return t.signIn.limited;
  if (error.status === 401) return t.signIn.wrong;
  if (choosing) return t.signIn.refused(error.detail);
  return error.detail || error.title;
}

function PasswordField({
  id,
  label,
  value,
  onInput,
  complete,
  error,
}: {
  id: string;
  label: string;
  value: string;
  onInput: (text: string) => void;
  complete: string;
  error?: string;
}) {
  const [shown, setShown] = useState(false);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="password">
        <input
          id={id}
          type={(shown ? 'text' : 'password') as 'password'}
          required
          maxLength={256}
          autoComplete={complete}
          value={value}
          aria-invalid={error ? true : undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <button
          type="button"
          class="button button-plain"
          aria-label={shown ? t.signIn.hide : t.signIn.show}
          onClick={() => setShown(!shown)}
        >
          {shown ? t.signIn.hideShort : t.signIn.showShort}
        </button>
      </div>
      {error && <p class="field-error">{error}</p>}
    </div>
  );
}

export function SignInPage() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [choosing, setChoosing] = useState(false);
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const [tried, setTried] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${t.signIn.title} · ${t.product}`;
  }, []);
  useEffect(() => {
    if (choosing) heading.current?.focus();
  }, [choosing]);
  const tooShort = fresh.length < shortest ? t.signIn.short : '';
  const differs = fresh !== again ? t.signIn.differs : '';
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setTried(true);
    if (choosing && (tooShort || differs)) return;
    setBusy(true);
    setError('');
    try {
      await signIn(name.trim().toLowerCase(), password, choosing ? fresh : undefined);
    } catch (problem) {
      setBusy(false);
      setTried(false);
      if (problem instanceof ApiError && problem.code === 'new-password-required') setChoosing(true);
      else setError(message(problem as Error, choosing));
    }
  };
  const current = session.value;
  return (
    <main class="sign-in">
      <form class="stack" onSubmit={submit} noValidate>
        <div>
          <p class="brand-name sign-in-brand">{t.product}</p>
          <p class="quiet">{t.signIn.what}</p>
        </div>
        <h1 ref={heading} tabIndex={-1}>
          {choosing ? t.signIn.newTitle : t.signIn.title}
        </h1>
        {current.kind === 'out' && current.ended && !choosing && <p role="status">{t.signIn.ended}</p>}
        {choosing ? (
          <>
            <p>{t.signIn.newHint}</p>
            <PasswordField
              id="new-password"
              label={t.signIn.newPassword}
              value={fresh}
              onInput={setFresh}
              complete="new-password"
              error={tried ? tooShort : ''}
            />
            <PasswordField
              id="again"
              label={t.signIn.repeat}
              value={again}
              onInput={setAgain}
              complete="new-password"
              error={tried && !tooShort ? differs : ''}
            />
          </>
        ) : (
          <>
            <div class="field">
              <label for="username">{t.signIn.username}</label>
              <input
                id="username"
                name="username"
                required
                maxLength={64}
                autoComplete="username"
                autoCapitalize="none"
                spellcheck={false}
                value={name}
                onInput={(event) => setName(event.currentTarget.value)}
              />
            </div>
            <PasswordField
              id="password"
              label={t.signIn.password}
              value={password}
              onInput={setPassword}
              complete="current-password"
            />
          </>
        )}
        <p class="field-error sign-in-error" role="alert">
          {error}
        </p>
        <button type="submit" class="button button-main" disabled={busy}>
          {busy ? t.signIn.working : t.signIn.submit}
        </button>
        {!choosing && <p class="hint">{t.signIn.help}</p>}
      </form>
    </main>
  );
}
