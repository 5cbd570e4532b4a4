/** What a page shows while there is nothing to show: loading, empty, failed. Each says what to do. */
import type { ComponentChildren } from 'preact';
import { ApiError, UnreachableError } from '../api/client.ts';
import { clockSeconds } from '../lib/time.ts';
import type { Resource } from '../state/resource.ts';
import { zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { Glyph } from './glyph.tsx';

/** What is wrong and what to do about it. */
export function errorText(error: Error): string {
  if (error instanceof UnreachableError) return t.error.unreachable;
  if (error instanceof ApiError && error.status === 403) return t.error.forbidden;
  if (error instanceof ApiError && error.status === 404) return t.error.notFound;
  return t.error.other(error.message);
}

export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {hint && <p class="quiet">{hint}</p>}
      {children}
    </div>
  );
}

export function Failed({ error, again }: { error: Error; again: () => void }) {
  return (
    <div class="empty" role="alert">
      <p class="empty-title">
        <Glyph name="bad" /> {t.error.title}
      </p>
      <p class="quiet">{errorText(error)}</p>
      <button type="button" class="button" onClick={again}>
        {t.error.again}
      </button>
    </div>
  );
}

/** Grey lines that keep the room of what is coming. */
export function Skeleton({ rows = 5, tall }: { rows?: number; tall?: boolean }) {
  return (
    <div class={`skeleton${tall ? ' skeleton-tall' : ''}`} role="status">
      <span class="sr">{t.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} class={`bone bone-${row % 4}`} />
      ))}
    </div>
  );
}

/** Data where there are some, also old ones; else why there are none. */
export function Shown<T>({
  of,
  rows,
  tall,
  children,
}: {
  of: Resource<T>;
  rows?: number;
  tall?: boolean;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error, atMs } = of.state.value;
  if (data === undefined)
    return error ? (
      <Failed error={error} again={() => void of.reload()} />
    ) : (
      <Skeleton rows={rows ?? 5} tall={tall ?? false} />
    );
  return (
    <>
      {error && atMs !== undefined && (
        <p class="stale" role="status">
          <Glyph name="lost" /> {t.error.old(clockSeconds(atMs, zone.value))}
        </p>
      )}
      {children(data)}
    </>
  );
}
