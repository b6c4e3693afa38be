import { describe, expect, it } from 'vitest';
import { buildApplication } from '../application.ts';
import type { Control } from '../control.ts';
import { openApiText } from '../openapi.ts';
import { accessTable } from './table.ts';

const app = buildApplication({ config: { web: '' }, inventory: {} } as unknown as Control);

const document = JSON.parse(openApiText()) as { paths: Record<string, Record<string, unknown>> };
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);
const routed = app.routes
  .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/v1/'))
  .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
const streams = ['exec', 'files', 'console', 'vnc'].map((kind) => `STREAM /v1/workloads/{name}/${kind}`);

describe('the table of who may what', () => {
  it.each(described)('has %s of the openapi document', (route) => expect(accessTable).toHaveProperty([route]));

  it('has every route that is answered below /v1, and none that is not', () => {
    expect(described.length).toBeGreaterThan(50);
    expect(Object.keys(accessTable).sort()).toEqual([...new Set([...routed, ...streams])].sort());
  });

  it('lets who only looks change nothing, and asks for an audit entry for every other change', () => {
    // They answer a question that is too long for an address.
    const questions = ['POST /v1/plan', 'POST /v1/capacity', 'POST /v1/rules/test', 'POST /v1/placements/{id}/replay'];
    for (const [route, { role, audit }] of Object.entries(accessTable)) {
      const changes = !route.startsWith('GET ') && !questions.includes(route);
      expect({ route, audited: audit !== undefined }).toEqual({ route, audited: changes });
      if (changes) expect({ route, role }).not.toEqual({ route, role: 'viewer' });
    }
  });

  it('keeps hosts, rules, tokens, images, where backups go, the log and guests of others for administrators', () => {
    const changing = Object.entries(accessTable).filter(([route]) => !route.startsWith('GET '));
    const kept =
      /^(PUT|POST|PATCH|DELETE) \/v1\/(hosts|rules\/\{|tokens|guests|recover|dumps|images|backup-targets|backups$)|(release|confirm|revert)$/;
    for (const [route, { role }] of changing)
      expect({ route, role: role === 'admin' }).toEqual({ route, role: kept.test(route) });
    expect(accessTable['GET /v1/tokens']?.role).toBe('admin');
    expect(accessTable['GET /v1/audit']?.role).toBe('admin');
  });
});
