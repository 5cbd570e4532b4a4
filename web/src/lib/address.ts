/** Addresses after the `#`: they work behind any server of static files, and as deep links in notifications. */

export type PageName =
  | 'now'
  | 'review'
  | 'shift'
  | 'samples'
  | 'case'
  | 'cases'
  | 'assets'
  | 'asset'
  | 'audit'
  | 'models'
  | 'figures'
  | 'settings'
  | 'unknown';
export interface Route {
  readonly page: PageName;
  readonly id?: string;
  readonly query: URLSearchParams;
}

const plainPages = ['review', 'shift', 'samples', 'models', 'figures', 'settings'] as const;

/** Reads an address: `#/cases/3f2a?tab=x`. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const query = new URLSearchParams(search);
  const [name = '', raw] = path.split('/');
  let id: string | undefined;
  try {
    id = raw === undefined || raw === '' ? undefined : decodeURIComponent(raw);
  } catch {
    return { page: 'unknown', query };
  }
  if (name === '' || name === 'now') return { page: 'now', query };
  if (name === 'cases') return id ? { page: 'case', id, query } : { page: 'cases', query };
  if (name === 'assets') return id ? { page: 'asset', id, query } : { page: 'assets', query };
  if (name === 'audit') return { page: 'audit', ...(id && { id }), query };
  const plain = plainPages.find((page) => page === name);
  if (plain) return { page: plain, query };
  return { page: 'unknown', query };
}

export const to = {
  now: '#/now',
  review: '#/review',
  cases: '#/cases',
  case: (id: string) => `#/cases/${encodeURIComponent(id)}`,
  assets: '#/assets',
  asset: (id: string) => `#/assets/${encodeURIComponent(id)}`,
  audit: '#/audit',
  chain: (chain: string) => `#/audit/${encodeURIComponent(chain)}`,
  shift: '#/shift',
  samples: '#/samples',
  models: '#/models',
  figures: '#/figures',
  settings: '#/settings',
};

/** `?a=1&b=2` of what is given; nothing for what is empty. */
export function query(parameters: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
