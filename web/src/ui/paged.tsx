/** A list that comes page by page. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { Change, Page } from '../api/types.ts';
import { query } from '../lib/address.ts';
import { tell } from '../state/announce.ts';
import { useResource } from '../state/resource.ts';
import { t } from '../strings.ts';
import { errorText } from './states.tsx';

/**
 * The first page stays fresh; further ones are added behind it when they are asked for.
 * @param parameters of the query, without the cursor
 */
export function usePages<T>(
  path: string,
  parameters: Record<string, string | number | undefined>,
  idOf: (item: T) => string,
  concerns?: (change: Change) => boolean,
) {
  const address = `${path}${query(parameters)}`;
  const first = useResource<Page<T>>(address, concerns);
  const [more, setMore] = useState<{ items: readonly T[]; next: string | undefined }>();
  const [busy, setBusy] = useState(false);
  useEffect(() => setMore(undefined), [address]);
  const { data } = first.state.value;
  const items = useMemo(() => {
    const known = new Set(data?.items.map(idOf));
    return [...(data?.items ?? []), ...(more?.items.filter((item) => !known.has(idOf(item))) ?? [])];
  }, [data, more]);
  const next = more ? more.next : data?.nextCursor;
  const load = async () => {
    if (next === undefined || busy) return;
    setBusy(true);
    try {
      const page = await get<Page<T>>(`${path}${query({ ...parameters, cursor: next })}`);
      setMore({ items: [...(more?.items ?? []), ...page.items], next: page.nextCursor });
    } catch (error) {
      tell(errorText(error as Error), true);
    }
    setBusy(false);
  };
  const button = next !== undefined && (
    <button type="button" class="button" disabled={busy} onClick={load}>
      {busy ? t.loading : t.more}
    </button>
  );
  return { first, items, button, load, hasMore: next !== undefined };
}
