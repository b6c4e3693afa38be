import { type Client, createClient, exec } from '@innkeeper/client';
import type { AuditView, NewToken, WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

const [mine, theirs, later] = ['test-op-mine', 'test-op-theirs', 'test-op-later'];
const marked = 'a-marked-secret-of-a-test';

let innkeeper: Installation;
/** By the names of tokens. */
const clients = new Map<string, Client>();
const secrets = new Map<string, string>();

const as = (name: string): Client => clients.get(name) as Client;

const makeToken = async (token: NewToken): Promise<void> => {
  const { token: secret } = await innkeeper.client.createToken(token);
  secrets.set(token.name, secret);
  clients.set(token.name, createClient({ socket: paths.socket, token: secret }));
};

const spec = (project: string): WorkloadSpec => ({
  image: 'debian/12',
  backend: 'lxc',
  memory: '128MiB',
  project,
  cloudInit: { userData: `#cloud-config\npassword: ${marked}\n` },
});

const put = async (client: Client, name: string, project: string) =>
  innkeeper.finished(await client.put(name, spec(project)));

beforeAll(async () => {
  innkeeper = await install();
  await makeToken({ name: 'looker', role: 'viewer' });
  await makeToken({ name: 'shop', role: 'operator', projects: ['shop'], expires: '1d' });
  await makeToken({ name: 'bank', role: 'operator', projects: ['bank'] });
  await makeToken({ name: 'chief', role: 'admin' });
  expect((await put(as('shop'), mine, 'shop')).state).toBe('done');
  expect((await put(as('bank'), theirs, 'bank')).state).toBe('done');
});

afterAll(async () => {
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(name));
  for (const { name, managed } of await innkeeper.client.networks())
    if (managed) await innkeeper.client.removeNetwork(name);
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

const names = async (client: Client): Promise<string[]> => (await client.workloads()).map(({ name }) => name).sort();

const entries = async (query: Parameters<Client['audit']>[0] = {}): Promise<AuditView[]> =>
  (await innkeeper.client.audit(query)).items;

describe('a token that is bound to a project', () => {
  it('sees its workloads, and of others not that they are there', async () => {
    expect(await names(as('shop'))).toEqual([mine]);
    expect((await names(innkeeper.client)).filter((name) => name.startsWith('test-op'))).toEqual([mine, theirs]);
    await expect(as('shop').workload(theirs)).rejects.toMatchObject({ code: 'not_found' });
    const { id } = await innkeeper.client.workload(theirs);
    await expect(as('shop').workload(id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(as('shop').explain(theirs)).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each([
    ['stop', (client: Client) => client.act(theirs, 'stop')],
    ['remove', (client: Client) => client.remove(theirs)],
    ['rename', (client: Client) => client.rename(theirs, later)],
    ['clone', (client: Client) => client.clone(theirs, { name: later })],
    ['put', (client: Client) => client.put(theirs, spec('shop'))],
    ['plan', (client: Client) => client.plan({ workloads: { [theirs]: spec('shop') } })],
    ['logs', (client: Client) => client.logs(theirs)],
  ])('finds nothing of another project to %s', async (_what, act) => {
    await expect(act(as('shop'))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is told who it is, and what it may', async () => {
    expect(await innkeeper.client.me()).toEqual({ who: 'socket', role: 'admin', projects: [] });
    expect(await as('shop').me()).toEqual({ who: 'shop', role: 'operator', projects: ['shop'] });
  });

  it('makes nothing for another project, nor for none, and says which it is for', async () => {
    const message = 'shop is for the project shop';
    await expect(as('shop').put(later, spec('bank'))).rejects.toThrow(message);
    await expect(as('shop').put(later, { image: 'debian/12' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('shop').put(mine, spec('bank'))).rejects.toThrow(message);
    expect((await innkeeper.client.workload(mine)).spec?.project).toBe('shop');
  });

  it('sees operations, events and decisions of its project alone, also when the workload is gone', async () => {
    expect((await put(as('bank'), later, 'bank')).state).toBe('done');
    const { id } = await as('bank').remove(later, { wait: '60s' });
    expect((await as('bank').operation(id)).state).toBe('done');
    await expect(as('shop').operation(id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(as('shop').cancel(id)).rejects.toMatchObject({ code: 'not_found' });
    const about = new Set((await as('shop').operations()).map(({ workload }) => workload.name));
    expect([...about]).toEqual([mine]);
    expect(new Set((await as('shop').placements()).map(({ workload }) => workload))).toEqual(new Set([mine]));
    const [decided] = await as('bank').placements({ workload: theirs });
    await expect(as('shop').placement(decided?.id ?? '')).rejects.toMatchObject({ code: 'not_found' });
    const ended = new AbortController();
    const told: string[] = [];
    try {
      for await (const { subject } of as('bank').events(ended.signal, '0')) {
        told.push(subject.name);
        // What comes last of all that has happened until now.
        if (told.filter((name) => name === later).length > 2) ended.abort();
      }
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    }
    expect(new Set(told)).toEqual(new Set([theirs, later]));
  });

  it('uses networks of everybody, sees and changes those of its project', async () => {
    await as('bank').putNetwork('test-op-vault', { project: 'bank' });
    await innkeeper.client.putNetwork('test-op-street', {});
    const seen = (await as('shop').networks()).map(({ name }) => name);
    expect(seen).toContain('test-op-street');
    expect(seen).not.toContain('test-op-vault');
    await expect(as('shop').network('test-op-vault')).rejects.toMatchObject({ code: 'not_found' });
    await expect(as('shop').removeNetwork('test-op-vault')).rejects.toMatchObject({ code: 'not_found' });
    await expect(as('shop').removeNetwork('test-op-street')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('shop').putNetwork('test-op-own', {})).rejects.toMatchObject({ code: 'forbidden' });
    expect((await as('shop').leases('default')).map(({ workload }) => workload)).toEqual([mine]);
  });

  it('has no stream into a guest of another project', async () => {
    const token = secrets.get('shop') ?? '';
    const nothing = { stdout: () => undefined, stderr: () => undefined };
    const open = exec({ socket: paths.socket, token }, theirs, { command: ['id'] }, nothing);
    await expect(open).rejects.toMatchObject({ code: 'not_found' });
    const own = await exec({ socket: paths.socket, token }, mine, { command: ['id', marked] }, nothing);
    expect(await own.exit).toMatchObject({ code: expect.any(Number) });
  });

  it('has no business with what belongs to everybody', async () => {
    await expect(as('shop').rebalance()).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('shop').doctor()).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('a role', () => {
  it('is named where it is not enough', async () => {
    const needs = (role: string) => new RegExp(`has the role .* this needs ${role}`);
    await expect(as('looker').act(mine, 'stop')).rejects.toThrow(needs('operator'));
    await expect(as('looker').logs(mine)).rejects.toThrow(needs('operator'));
    await expect(as('bank').tokens()).rejects.toThrow(needs('admin'));
    await expect(as('bank').audit()).rejects.toThrow(needs('admin'));
    await expect(as('bank').release(theirs)).rejects.toThrow(needs('admin'));
    await expect(as('looker').addHost({ address: 'ssh://root@nowhere' })).rejects.toThrow(needs('admin'));
  });

  it('viewer plans, and is not shown what is told at the first boot', async () => {
    expect((await as('looker').plan({})).workloads.map(({ name }) => name)).toContain(mine);
    expect(JSON.stringify(await as('looker').workloads())).not.toContain(marked);
    expect(JSON.stringify(await as('shop').workloads())).toContain(marked);
  });
});

describe('a token', () => {
  it('is used at most once a minute as far as the database knows', async () => {
    const lastUse = async () => (await innkeeper.client.tokens()).find(({ name }) => name === 'looker')?.lastUsedAt;
    const first = await lastUse();
    expect(first).toBeDefined();
    await as('looker').workloads();
    expect(await lastUse()).toBe(first);
  });

  it('is not there in two, and its name is free when it is revoked', async () => {
    await expect(innkeeper.client.createToken({ name: 'chief', role: 'viewer' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(innkeeper.client.createToken({ name: 'socket', role: 'viewer' })).rejects.toMatchObject({
      code: 'invalid',
    });
    await makeToken({ name: 'short', role: 'viewer' });
    const [short] = (await innkeeper.client.tokens()).filter(({ name }) => name === 'short');
    await innkeeper.client.revokeToken(short?.id ?? '');
    await expect(as('short').workloads()).rejects.toThrow('The token short was revoked at');
    await makeToken({ name: 'short', role: 'viewer' });
    await as('short').workloads();
  });

  it('is over when its time is', async () => {
    await makeToken({ name: 'brief', role: 'viewer', expires: '1s' });
    const [brief] = (await innkeeper.client.tokens()).filter(({ name }) => name === 'brief');
    await expect
      .poll(
        () =>
          as('brief')
            .workloads()
            .then(
              () => 'good',
              (error: Error) => error.message,
            ),
        { timeout: 5000 },
      )
      .toBe(`The token brief expired at ${brief?.expiresAt ?? ''}`);
  });
});

describe('the audit log', () => {
  it('has a creation with who, from where, what it became, and no secret', async () => {
    const [first] = (await entries({ workload: mine, who: 'shop' })).filter(({ method }) => method === 'PUT').reverse();
    expect(first).toMatchObject({
      who: 'shop',
      address: 'socket',
      method: 'PUT',
      resource: { kind: 'workload', name: mine },
      project: 'shop',
      after: { image: 'debian/12', cloudInit: { userData: expect.stringContaining('not shown') } },
      outcome: 'done',
      operation: expect.any(String),
    });
    expect(first).not.toHaveProperty('before');
  });

  it('has a change with what was before and after', async () => {
    await innkeeper.finished(await as('chief').put(mine, { ...spec('shop'), memory: '192MiB' }));
    const [entry] = await entries({ workload: mine, who: 'chief' });
    expect(entry).toMatchObject({ before: { memory: '128MiB' }, after: { memory: '192MiB' }, outcome: 'done' });
  });

  it('has commands with their program and without their arguments', async () => {
    const [entry] = (await entries({ workload: mine, who: 'shop' })).filter(({ method }) => method === 'exec');
    expect(entry).toMatchObject({ after: { program: 'id', arguments: 1, user: 'root' } });
  });

  it('has a row for each refusal of somebody who is known', async () => {
    const refused = (await entries({ who: 'looker' })).filter(({ outcome }) => outcome === 'refused');
    expect(refused.map(({ reason }) => reason)).toContain('forbidden: looker has the role viewer; this needs operator');
  });

  it('counts those who are not known, one row for an address', async () => {
    const stranger = createClient({ socket: paths.socket, token: 'ink_nobody' });
    const before = (await entries({ who: 'nobody' })).length;
    for (let turn = 0; turn < 20; turn += 1)
      await expect(stranger.workloads()).rejects.toMatchObject({ code: 'unauthenticated' });
    const counted = await entries({ who: 'nobody' });
    expect(counted).toHaveLength(before + 1);
    expect(counted[0]).toMatchObject({ address: 'socket', count: 20, outcome: 'refused' });
  });

  it('has tokens, rules and networks, and says everything once', async () => {
    const [shipped] = await innkeeper.client.rules();
    if (shipped === undefined) throw new Error('there are no rules');
    await as('chief').putRule({ ...shipped.rule, enabled: false });
    const all = await entries({ limit: 1000 });
    expect(all.find(({ resource, outcome }) => resource.name === 'test-op-vault' && outcome === 'done')).toMatchObject({
      who: 'bank',
      after: { project: 'bank' },
    });
    expect(all.find(({ resource }) => resource.name === 'brief')).toMatchObject({
      who: 'socket',
      after: { role: 'viewer' },
    });
    expect(all.find(({ resource }) => resource.kind === 'rule')).toMatchObject({
      who: 'chief',
      before: { id: shipped.rule.id },
      after: { enabled: false },
    });
    const operations = all.flatMap(({ operation, resource }) =>
      operation !== undefined && resource.kind === 'workload' ? [operation] : [],
    );
    expect(new Set(operations).size).toBe(operations.length);
  });

  it('comes in pages, newest first', async () => {
    const { items, next } = await innkeeper.client.audit({ limit: 3 });
    expect(items).toHaveLength(3);
    const after = await innkeeper.client.audit({ limit: 3, before: next ?? '' });
    expect(Number(after.items[0]?.id)).toBeLessThan(Number(items[2]?.id));
    expect(await entries({ since: '1s', workload: 'nobody-knows-it' })).toEqual([]);
    await expect(innkeeper.client.audit({ since: 'yesterday' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('holds neither the secrets of tokens nor those of first boots', async () => {
    const text = JSON.stringify(await entries({ limit: 1000 }));
    expect(text).not.toContain(marked);
    for (const secret of secrets.values()) expect(text).not.toContain(secret);
  });
});

it('a token is good for a control plane that comes after', async () => {
  await innkeeper.replace();
  expect(await names(as('shop'))).toEqual([mine]);
  await viewWhere(innkeeper, mine, ({ state }) => state === 'running');
});
