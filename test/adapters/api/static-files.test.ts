import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { staticFiles } from '../../../lib/adapters/api/static-files.ts';
import { type ApiWorld, apiWorld } from '../../support/api-world.ts';

const page = '<!doctype html><title>Console</title>';
const script = `console.log(${'1,'.repeat(600)}1)`;
const secret = 'not for anybody';
let root: string;
let world: ApiWorld;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'groundcrew-web-'));
  const web = join(root, 'web');
  mkdirSync(join(web, 'assets'), { recursive: true });
  writeFileSync(join(root, 'index.js'), secret);
  writeFileSync(join(web, 'index.html'), page);
  writeFileSync(join(web, 'assets/app-Ab12_-xy.js'), script);
  writeFileSync(join(web, 'assets/app-Ab12_-xy.js.gz'), gzipSync(script));
  writeFileSync(join(web, 'assets/app-Ab12_-xy.js.br'), brotliCompressSync(script));
  writeFileSync(join(web, 'logo.svg'), '<svg/>');
  writeFileSync(join(web, 'key.pem'), secret);
  symlinkSync(join(root, 'index.js'), join(web, 'linked.js'));
  world = apiWorld([], { files: staticFiles(web) });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  world.app.request(`https://console.test${path}`, { method, headers });

describe('the console', () => {
  test.each(['/', '/index.html', '/cases/abc', '/cases/abc?tab=audit', '/audit'])('%s is its page', async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    expect(await answer.text()).toBe(page);
    expect((await get(path, { 'if-none-match': answer.headers.get('etag')! })).status).toBe(304);
  });

  test('files with a hash in their name are kept for ever, compressed as the browser takes them', async () => {
    const path = '/assets/app-Ab12_-xy.js';
    const bytes = async (accept: string) => {
      const answer = await get(path, { 'accept-encoding': accept });
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(answer.headers.get('vary')).toBe('accept-encoding');
      return { encoding: answer.headers.get('content-encoding'), body: Buffer.from(await answer.arrayBuffer()) };
    };
    const brotli = await bytes('gzip, deflate, br');
    expect([brotli.encoding, brotliDecompressSync(brotli.body).toString()]).toEqual(['br', script]);
    const gzip = await bytes('br;q=0, gzip;q=0.5');
    expect([gzip.encoding, gunzipSync(gzip.body).toString()]).toEqual(['gzip', script]);
    expect((await bytes('')).body.toString()).toBe(script);
    expect((await get(path, {}, 'HEAD')).headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await (await get(path, {}, 'HEAD')).text()).toBe('');
  });

  test.each([
    '/missing.js',
    '/assets/app-Ab12_-xy.js.br',
    '/key.pem',
    '/linked.js',
    '/../index.js',
    '/%2e%2e/index.js',
    '/..%2findex.js',
    '/assets/..%5c..%5cindex.js',
    '/assets/%2e%2e/%2e%2e/index.js',
    '/%00index.html',
    '/%',
    '/constructor.js',
  ])('%s is not there', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain(secret);
  });

  test('no address leads out of the folder', async () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '%2f',
      '%5c',
      '/',
      '\\',
      'index.js',
      'web',
      'assets',
      '%00',
      'a',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 10 }), async (pieces) => {
        const answer = await get(`/${pieces.join('/')}`);
        expect([200, 404]).toContain(answer.status);
        expect(await answer.text()).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });

  test('nobody writes there', async () => {
    expect((await get('/index.html', {}, 'POST')).status).toBe(405);
  });
});
