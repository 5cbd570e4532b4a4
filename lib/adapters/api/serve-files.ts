/** Everything outside `/api/`: the console's files, and its first page for every address that the console itself knows. */
import type { Context } from 'hono';
import { ProblemError } from './problems.ts';
import { hasIt } from './response-headers.ts';
import type { StaticFile, StaticFiles } from './static-files.ts';

export async function serveFile(c: Context, files: StaticFiles): Promise<Response> {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD')
    throw new ProblemError(405, 'method-refused', 'Files are only read.', { allowed: ['GET', 'HEAD'] });
  const path = decoded(c.req.path);
  const encodings = c.req.header('accept-encoding') ?? '';
  const file = path === undefined ? undefined : await files.find(path === '/' ? '/index.html' : path, encodings);
  if (file !== undefined) return answer(c, file);
  // A page's address has no extension; a file that is missing must not come back as a page.
  const isPage = path !== undefined && !/\.[^/]*$/.test(path);
  const page = isPage ? await files.find('/index.html', encodings) : undefined;
  if (page === undefined) throw new ProblemError(404, 'no-such-file', 'There is no such file or page.');
  return answer(c, page);
}

function decoded(path: string): string | undefined {
  try {
    const text = decodeURIComponent(path);
    return text.includes('\0') || text.split(/[/\\]/).includes('..') ? undefined : text;
  } catch {
    return undefined;
  }
}

function answer(c: Context, file: StaticFile): Response {
  const headers = new Headers({
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (hasIt(c.req.header('if-none-match'), file.etag)) return new Response(null, { status: 304, headers });
  headers.set('content-type', file.contentType);
  if (file.encoding !== undefined) headers.set('content-encoding', file.encoding);
  return new Response(c.req.method === 'HEAD' ? null : file.bytes, { status: 200, headers });
}
