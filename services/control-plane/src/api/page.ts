import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { App } from './app.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'";

const fileName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** The page's files. Only plain names below `assets` are looked up: no path of a request ever reaches the file system. */
export const addPage = (app: App, folder: string): void => {
  const answer = async (path: string): Promise<Response | undefined> => {
    const body = await readFile(path).catch(() => undefined);
    if (body === undefined) return undefined;
    const headers = {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': path.endsWith('.html') ? 'no-cache' : 'public, max-age=31536000, immutable',
    };
    return new Response(new Uint8Array(body), { headers });
  };
  app.get('/assets/:file', async (c) => {
    const file = c.req.param('file');
    return (fileName.test(file) ? await answer(join(folder, 'assets', file)) : undefined) ?? c.notFound();
  });
  app.get(
    '/',
    async (c) => (await answer(join(folder, 'index.html'))) ?? c.text('The page is not built: npm run build', 404),
  );
};
