import type { Problem } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { buildApplication } from '../application.ts';
import type { Control } from '../control.ts';

// What is refused at the edge reaches neither database nor host, so none stands behind.
const app = buildApplication({ config: { web: '' }, inventory: {} } as unknown as Control);

const ask = async (method: string, path: string, body: unknown): Promise<{ type: string | null; problem: Problem }> => {
  const request = { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await app.request(path, request, { arrival: 'socket' });
  return { type: answer.headers.get('content-type'), problem: (await answer.json()) as Problem };
};

describe('a bad workload is refused with a problem that names the field', () => {
  const size = '"12 bananas" is not a size; write a number and a unit, such as 512MiB or 2GiB';

  it.each([
    ['a plan', 'POST', '/v1/plan', { workloads: { web: { image: 'debian/12', memory: '12 bananas' } } }],
    ['a PUT', 'PUT', '/v1/workloads/web', { image: 'debian/12', memory: '12 bananas' }],
  ])('in %s', async (_what, method, path, body) => {
    const { type, problem } = await ask(method, path, body);
    expect(type).toBe('application/problem+json');
    expect(problem).toMatchObject({
      status: 400,
      code: 'invalid',
      errors: [{ path: 'workloads.web.memory', message: size }],
    });
  });

  it('and with the key that was probably meant', async () => {
    const { problem } = await ask('PUT', '/v1/workloads/web', { image: 'debian/12', memroy: '1GiB' });
    expect(JSON.stringify(problem.errors)).toContain('memory');
  });

  it('or a bad name', async () => {
    const { problem } = await ask('PUT', '/v1/workloads/Not%20a%20name', { image: 7 });
    expect(problem).toMatchObject({ code: 'invalid', errors: [{ path: 'name' }] });
  });

  it('or a bad header, which the manifest knows nothing of', async () => {
    const body = { method: 'PUT', body: JSON.stringify({ image: 'debian/12' }) };
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'x'.repeat(201) };
    const answer = await app.request('/v1/workloads/web', { ...body, headers }, { arrival: 'socket' });
    expect(await answer.json()).toMatchObject({ code: 'invalid', errors: [{ path: 'idempotency-key' }] });
  });
});
