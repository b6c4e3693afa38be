import { connect } from '@innkeeper/libvirt';
import type { NewSnapshot, OperationView, SnapshotChange, SnapshotView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-snapshots';
  process.env.INNKEEPER_TEST_GUESTS = 'test-snap';
});

const lxc = connect(host, 'lxc:///system');
const name = 'test-snap-one';
const spec = { image: 'debian/12', memory: '256MiB', volumes: [{ name: 'data', size: '1GiB' }] };

let innkeeper: Installation;

const done = async (operation: Promise<OperationView>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect(end).toMatchObject({ state: 'done' });
  return end;
};
const create = (parts: NewSnapshot): Promise<OperationView> => done(innkeeper.client.snapshot(name, parts));
const untilBooted = async (): Promise<void> => {
  if ((await innkeeper.client.workload(name)).state === 'running') await booted(name);
};
const restore = async (called: string): Promise<OperationView> => {
  await untilBooted();
  return done(innkeeper.client.restore(name, called));
};
const remove = (called: string): Promise<OperationView> => done(innkeeper.client.removeSnapshot(name, called));
const run = (script: string, ...words: string[]): Promise<string> => inside(name, script, ...words);
const act = async (action: 'start' | 'stop' | 'pause' | 'resume'): Promise<OperationView> => {
  if (action === 'stop') await untilBooted();
  return done(innkeeper.client.act(name, action));
};
const put = async (parts: object): Promise<void> => {
  const operation = await innkeeper.client.put(name, { ...spec, ...parts });
  if (operation !== undefined) await done(Promise.resolve(operation));
};

const tree = async (): Promise<Pick<SnapshotView, 'name' | 'parent' | 'current'>[]> =>
  (await innkeeper.client.snapshots(name)).map(({ name: called, parent, current }) => ({
    name: called,
    ...(parent === undefined ? {} : { parent }),
    current,
  }));

beforeAll(async () => {
  innkeeper = await install();
  await put({});
});

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads())
    if (managed) await innkeeper.finished(await innkeeper.client.remove(left));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

describe('snapshots of a container', () => {
  it('are none at first', async () => {
    expect(await innkeeper.client.snapshots(name)).toEqual([]);
    await expect(innkeeper.client.snapshots('test-snap-none')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are made while it runs, which goes on as the same life, and while it is paused or stopped', async () => {
    await run('echo one > /root/note; echo one > /mnt/data/note; rm /etc/issue');
    const { startedAt } = await innkeeper.client.workload(name);
    const { steps } = await create({ name: 'running', description: 'the first' });
    expect(steps.map((step) => step.name)).toEqual(['record', 'copy', 'complete', 'observe']);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', startedAt, drift: [] });
    await act('pause');
    await create({ name: 'paused' });
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'paused' });
    await act('resume');
    await act('stop');
    await create({ name: 'stopped' });
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'stopped' });
    await act('start');
    expect((await innkeeper.client.snapshots(name))[0]).toMatchObject({
      name: 'running',
      description: 'the first',
      state: 'ready',
      current: false,
      sizeBytes: expect.any(Number),
    });
    expect(await tree()).toEqual([
      { name: 'running', current: false },
      { name: 'paused', parent: 'running', current: false },
      { name: 'stopped', parent: 'paused', current: true },
    ]);
  });

  it.each(['running', 'paused', 'stopped'])('are gone back to exactly, volumes too: %s', async (called) => {
    await run('echo two > /root/note; echo two > /mnt/data/note; echo x > /mnt/data/added; echo x > /etc/issue');
    await restore(called);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', drift: [] });
    expect(await run('cat /root/note /mnt/data/note; ls -a /mnt/data; ls /etc/issue 2>&1 || true')).toBe(
      "one\none\n.\n..\nnote\nls: cannot access '/etc/issue': No such file or directory\n",
    );
    expect((await tree()).find((one) => one.current)?.name).toBe(called);
  });

  it('leave a stopped one stopped, and have a name by themselves', async () => {
    await act('stop');
    await restore('paused');
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'stopped', drift: [] });
    await create({});
    const made = (await innkeeper.client.snapshots(name)).at(-1);
    expect(made).toMatchObject({ name: expect.stringMatching(/^\d{8}-\d{6}$/), parent: 'paused', current: true });
    await act('start');
    expect(await run('cat /root/note')).toBe('one\n');
  });

  it('are planned to be kept or to go, and none goes', async () => {
    const before = await innkeeper.client.snapshots(name);
    const { items } = await innkeeper.client.retention(name, 'last=1,yearly=1');
    expect(items.map(({ name: called }) => called)).toEqual(before.map(({ name: called }) => called));
    expect(items.at(-1)?.keptBy).toBe('last');
    expect(items.filter(({ keptBy }) => keptBy !== undefined)).toHaveLength(1);
    await expect(innkeeper.client.retention(name, 'dayly=1')).rejects.toMatchObject({ code: 'invalid' });
    await expect(innkeeper.client.retention(name)).rejects.toThrow('says nothing of it');
    expect(await innkeeper.client.snapshots(name)).toEqual(before);
  });

  it('are removed each by itself: what was made from one was made from its parent', async () => {
    await remove('paused');
    expect((await tree()).map(({ parent }) => parent)).toEqual([undefined, 'running', 'running']);
    await restore('stopped');
    expect(await run('cat /root/note')).toBe('one\n');
    await remove('stopped');
    expect((await tree()).find((one) => one.current)?.name).toBe('running');
  });

  it('get another name and description, by which they are gone back to, and none that another has', async () => {
    const { client } = innkeeper;
    const change = (called: string, to: SnapshotChange) => done(client.changeSnapshot(name, called, to));
    await create({ name: 'other' });
    await change('other', { name: 'better', description: 'said later' });
    const [before] = (await client.snapshots(name)).filter((one) => one.name === 'better');
    expect(before).toMatchObject({ description: 'said later', current: true, state: 'ready' });
    await expect(client.changeSnapshot(name, 'better', { name: 'running' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(client.restore(name, 'other')).rejects.toMatchObject({ code: 'not_found' });
    await restore('better');
    await change('better', { description: '' });
    expect((await client.snapshots(name)).at(-1)).not.toHaveProperty('description');
    await remove('better');
    await restore('running');
  });

  it('stand where they are when the workload gets another name', async () => {
    await act('stop');
    await done(innkeeper.client.rename(name, 'test-snap-two'));
    expect((await innkeeper.client.snapshots('test-snap-two')).length).toBe(2);
    await done(innkeeper.client.rename('test-snap-two', name));
    await act('start');
  });

  it('are consistent while something is written: one state of two files at any moment', async () => {
    const loop = 'while :; do echo line >> /root/a; echo line >> /root/b; done';
    await run('setsid sh -c "$1" > /dev/null 2>&1 < /dev/null & sleep 0.5', loop);
    await create({ name: 'busy' });
    await restore('busy');
    const [a = 0, b = 0] = (await run('wc -l < /root/a; wc -l < /root/b')).trim().split('\n').map(Number);
    expect(a - b === 0 || a - b === 1).toBe(true);
    expect(a).toBeGreaterThan(0);
    await remove('busy');
  });
});

describe('what is refused', () => {
  const refused = (asking: Promise<unknown>, code: string, message: RegExp) =>
    expect(asking).rejects.toMatchObject({ code, message: expect.stringMatching(message) });

  it('are names that are taken, none, or not there', async () => {
    const { client } = innkeeper;
    await refused(client.snapshot(name, { name: 'running' }), 'conflict', /has a snapshot called running already/);
    await refused(client.snapshot(name, { name: '../x' }), 'invalid', /./);
    await refused(client.restore(name, 'none'), 'not_found', /has no snapshot none/);
    await refused(client.restore(name, '../running'), 'not_found', /has no snapshot/);
    await refused(client.changeSnapshot(name, 'none', { name: 'other' }), 'not_found', /has no snapshot none/);
    await refused(client.changeSnapshot(name, 'running', {}), 'invalid', /says nothing that is to be changed/);
    await refused(client.changeSnapshot(name, 'running', { name: 'auto-20261126-030000' }), 'invalid', /of a schedule/);
    await refused(client.removeSnapshot(name, 'none'), 'not_found', /has no snapshot none/);
    await refused(client.snapshot('test-snap-none', {}), 'not_found', /no workload/);
  });

  it('is going back, and giving up a snapshot, of a protected workload', async () => {
    await put({ protect: true });
    await refused(innkeeper.client.restore(name, 'running'), 'conflict', /is protected/);
    await refused(innkeeper.client.removeSnapshot(name, 'running'), 'conflict', /is protected/);
    await create({ name: 'protected' });
    await put({ protect: false });
    await remove('protected');
  });

  it('is one of a container that has a directory which no snapshot would hold', async () => {
    await act('stop');
    const { id } = await innkeeper.client.workload(name);
    const xml = (await lxc.xml([id], { inactive: true })).get(id) ?? '';
    const more = `<filesystem type="mount"><source dir="/srv"/><target dir="/srv"/></filesystem></devices>`;
    await lxc.define(xml.replace('</devices>', more), { validate: false });
    const end = await innkeeper.finished(await innkeeper.client.snapshot(name, { name: 'half' }));
    expect(end).toMatchObject({
      state: 'failed',
      error: { code: 'unsupported', detail: `${name} has what no snapshot would hold: /srv (/srv)` },
    });
    await lxc.define(xml, { validate: false });
    expect((await tree()).map((one) => one.name)).not.toContain('half');
    await act('start');
  });

  it('is one of a guest that is away or not ours', async () => {
    await refused(innkeeper.client.snapshot('test-snap-stranger', {}), 'not_found', /no workload/);
    await lxc.define(
      `<domain type="lxc"><name>test-snap-stranger</name><uuid>11111111-2222-4333-8444-00000000f12b</uuid>
        <memory>65536</memory><os><type>exe</type><init>/bin/true</init></os></domain>`,
      { validate: false },
    );
    try {
      await viewWhere(innkeeper, 'test-snap-stranger', ({ managed }) => !managed);
      await refused(innkeeper.client.snapshot('test-snap-stranger', {}), 'conflict', /did not create/);
      await done(innkeeper.client.adopt('11111111-2222-4333-8444-00000000f12b', {}));
      await refused(innkeeper.client.snapshot('test-snap-stranger', {}), 'conflict', /was adopted/);
      await refused(innkeeper.client.restore('test-snap-stranger', 'any'), 'conflict', /was adopted/);
      await done(innkeeper.client.release('test-snap-stranger'));
    } finally {
      await lxc.undefine('11111111-2222-4333-8444-00000000f12b');
    }
    const { id } = await innkeeper.client.workload(name);
    const xml = (await lxc.xml([id], { inactive: true })).get(id) ?? '';
    await act('stop');
    await lxc.undefine(id);
    await viewWhere(innkeeper, name, ({ state }) => state === 'missing');
    await refused(innkeeper.client.snapshot(name, {}), 'conflict', /not possible while the workload is missing/);
    await lxc.define(xml, { validate: false });
    await viewWhere(innkeeper, name, ({ state }) => state === 'stopped');
  });
});

describe('a database that is lost', () => {
  it('takes snapshots back from the notes beside them', async () => {
    const before = await innkeeper.client.snapshots(name);
    expect(before.length).toBeGreaterThan(1);
    await innkeeper.loseDatabase();
    await viewWhere(innkeeper, name, () => true);
    await innkeeper.client.recover({ apply: true });
    // Its note names a parent that was removed.
    const known = ({ parent, current, ...rest }: SnapshotView) => rest;
    const after = await innkeeper.client.snapshots(name);
    expect(after.map(known)).toEqual(before.map(known));
    expect(after.filter(({ current }) => current)).toEqual([after.at(-1)]);
    await restore('running');
  });
});

describe('the end of a workload', () => {
  it('is that of its snapshots', async () => {
    const { id } = await innkeeper.client.workload(name);
    expect(await host.files.list(`${paths.state}/roots/${id}/snapshots`)).not.toEqual([]);
    await done(innkeeper.client.remove(name));
    expect(await host.files.list(`${paths.state}/roots`)).toEqual([]);
    expect(await host.files.list(`${paths.state}/volumes`)).toEqual([]);
    await put({});
    expect(await innkeeper.client.snapshots(name)).toEqual([]);
  });
});
