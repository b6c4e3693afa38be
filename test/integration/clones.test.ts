import { connect } from '@innkeeper/libvirt';
import type { NewClone, OperationView, WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { booted, inside } from './inside.ts';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-clone';
  process.env.INNKEEPER_TEST_GUESTS = 'test-clone';
});

const lxc = connect(host, 'lxc:///system');
const name = 'test-clone-one';
const copy = 'test-clone-two';
const old = 'test-clone-old';
const spec = {
  image: 'debian/12',
  memory: '256MiB',
  protect: true,
  labels: { app: 'shop' },
  volumes: [{ name: 'data', size: '1GiB' }],
  networks: [{ network: 'default', ports: ['18080:80'] }],
  snapshots: { schedule: '@yearly' },
};

let innkeeper: Installation;

const done = async (operation: Promise<OperationView | undefined>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
  return end;
};
const clone = (parts: NewClone, of = name): Promise<OperationView> => done(innkeeper.client.clone(of, parts));

/** What makes a guest itself, as it says so. */
const identity = (of: string): Promise<string> =>
  inside(
    of,
    'hostname; cat /etc/machine-id; cat /etc/ssh/ssh_host_ed25519_key.pub; cat /etc/ssh/ssh_host_rsa_key.pub; cat /sys/class/net/*/address',
  );
const lines = async (of: string): Promise<string[]> =>
  (await identity(of)).split('\n').filter((line) => !['', '00:00:00:00:00:00'].includes(line));

/** What it holds, with owners and marks as the guest sees them. */
const held = 'for f in /root/held /mnt/data/held /root/owned /usr/local/bin/able; do stat -c "%n %u:%g %a %s" $f; done';
const setUp = [
  'echo first > /root/held; echo first > /mnt/data/held; echo own > /root/owned; chown 33:1000 /root/owned; rm /etc/issue',
  'rm -r /etc/cron.daily; mkdir /etc/cron.daily; echo own > /etc/cron.daily/own; ln /root/held /root/linked',
  'cp /usr/bin/id /usr/local/bin/able; chmod 4711 /usr/local/bin/able; ssh-keygen -A > /dev/null',
  'echo x > /var/lib/systemd/random-seed; ln -s /etc/hostname /root/link; chmod 700 /mnt/data',
].join('; ');
const rest =
  'cat /root/held /mnt/data/held /root/linked; ls /etc/issue 2>&1 || true; ls /etc/cron.daily; ssh-keygen -y -f /etc/ssh/ssh_host_rsa_key > /dev/null; stat -c "%u:%g" /';

/** The text of the first event of a kind about a workload. */
const told = async (kind: string, of: string): Promise<string | undefined> => {
  const late = AbortSignal.timeout(30_000);
  for await (const event of innkeeper.client.events(late, '0'))
    if (event.kind === kind && event.subject.name === of) return event.text;
  return undefined;
};

const uidStart = async ({ id }: WorkloadView): Promise<number> =>
  (JSON.parse(await host.files.readText(`${paths.state}/roots/${id}/root.json`)) as { uidStart: number }).uidStart;

beforeAll(async () => {
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
  await done(innkeeper.client.put(name, spec));
  await booted(name);
  await inside(name, setUp);
  await done(innkeeper.client.snapshot(name, { name: 'first' }));
  await inside(name, 'echo second > /root/held; echo second > /mnt/data/held');
});

afterAll(async () => {
  for (const { name: left, managed, spec: own } of await innkeeper.client.workloads()) {
    if (!managed) continue;
    if (own?.protect === true) await done(innkeeper.client.put(left, { ...own, protect: false }));
    await done(innkeeper.client.remove(left));
  }
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

describe('a clone of a container that runs', () => {
  it('is another workload with the same specification, but for what there can be one of', async () => {
    const before = await innkeeper.client.workload(name);
    const { kind, steps, workload } = await clone({ name: copy });
    expect({ kind, of: workload.name }).toEqual({ kind: 'clone', of: copy });
    expect(steps.map((step) => step.name)).toEqual([
      'place',
      'source',
      'copy',
      'let go',
      'define',
      'start',
      'observe',
      'addresses',
    ]);
    const after = await innkeeper.client.workload(name);
    expect(after).toMatchObject({ state: 'running', startedAt: before.startedAt, drift: [] });
    const made = await innkeeper.client.workload(copy);
    expect(made).toMatchObject({ state: 'running', drift: [], host: before.host, driver: 'lxc' });
    const { protect, networks, ...same } = spec;
    expect(made.spec).toEqual({ ...same, networks: [{ network: 'default' }] });
    expect(made.reason).toContain(`it is a clone of ${name}, which is on ${before.host}/lxc`);
    expect(await uidStart(made)).not.toBe(await uidStart(before));
    expect(await told('workload.created', copy)).toBe(
      `${copy} was made as a clone of ${name}; 18080/tcp of the host stay with ${name}`,
    );
  });

  it('holds what the other one holds, with the same owners inside and other ids outside', async () => {
    await booted(copy);
    expect(await inside(copy, held)).toBe(await inside(name, held));
    expect(await inside(copy, rest)).toBe(
      "second\nsecond\nsecond\nls: cannot access '/etc/issue': No such file or directory\nown\n0:0\n",
    );
  });

  it('is nobody else: its name, the id of its machine, keys, address', async () => {
    const [theirs, ours] = [await lines(name), await lines(copy)];
    expect(ours).toHaveLength(theirs.length);
    expect(theirs.filter((line) => ours.includes(line))).toEqual([]);
    const made = await innkeeper.client.workload(copy);
    expect(ours.slice(0, 2)).toEqual([copy, made.id.replaceAll('-', '')]);
    const hosts = await inside(copy, 'cat /etc/hosts; cat /etc/hostname; stat -c %a /etc/ssh/ssh_host_rsa_key');
    expect(hosts).not.toContain(name);
    expect(hosts).toContain(`${made.addresses[0]} ${copy}\n`);
    expect(hosts).toContain('\n600\n');
    expect(made.addresses).not.toEqual((await innkeeper.client.workload(name)).addresses);
  });
});

describe('a clone of a snapshot', () => {
  it('holds what the other one held then, and is stopped when that was asked for', async () => {
    await clone({ name: old, snapshot: 'first', power: 'stopped' });
    expect(await innkeeper.client.workload(old)).toMatchObject({
      state: 'stopped',
      drift: [],
      spec: { power: 'stopped' },
    });
    await done(innkeeper.client.act(old, 'start'));
    expect(await inside(old, 'cat /root/held /mnt/data/held; hostname')).toBe(`first\nfirst\n${old}\n`);
    expect(await inside(old, held)).toContain('/root/owned 33:1000 644 4');
    expect(await innkeeper.client.snapshots(old)).toEqual([]);
  });

  it('lives on when the snapshot, and the other one, are gone; a clone of it can be made', async () => {
    await done(innkeeper.client.put(name, { ...spec, protect: false }));
    await done(innkeeper.client.removeSnapshot(name, 'first'));
    const other = await clone({ name: 'test-clone-again' }, old);
    await done(innkeeper.client.remove(name));
    expect(other.workload.name).toBe('test-clone-again');
    for (const one of [old, 'test-clone-again'])
      expect(await inside(one, 'cat /root/held; hostname')).toBe(`first\n${one}\n`);
    await booted(old);
    await done(innkeeper.client.act(old, 'stop'));
    await done(innkeeper.client.act(old, 'start'));
    expect(await inside(old, 'cat /root/held')).toBe('first\n');
    expect(await inside(copy, 'cat /root/held')).toBe('second\n');
    await done(innkeeper.client.remove('test-clone-again'));
  });
});

describe('what is asked of a workload while it is copied', () => {
  it.each(['stop', 'remove-snapshot', 'remove'] as const)('waits until it has been copied: %s', async (kind) => {
    const { client } = innkeeper;
    await client.workload(copy);
    if (kind === 'remove-snapshot') await done(client.snapshot(copy, { name: 'kept' }));
    const asked: OperationView[] = [];
    innkeeper.fault = async (point) => {
      if (point !== 'before copy' || asked.length > 0) return;
      asked.push(
        await (kind === 'stop'
          ? client.act(copy, 'stop')
          : kind === 'remove'
            ? client.remove(copy)
            : client.removeSnapshot(copy, 'kept')),
      );
      const [one] = asked;
      while ((await client.operation(one?.id ?? '')).state !== 'waiting')
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await client.workload(copy)).toMatchObject({ state: 'running' });
    };
    const to = `test-clone-${kind}`;
    await clone({ name: to, ...(kind === 'remove-snapshot' ? { snapshot: 'kept' } : {}) }, copy);
    innkeeper.fault = () => undefined;
    await done(Promise.resolve(asked[0]));
    expect(await inside(to, 'cat /root/held')).toBe('second\n');
    if (kind === 'stop') await done(client.act(copy, 'start'));
    await done(client.remove(to));
  });
});

describe('what is refused', () => {
  const refused = (asking: Promise<unknown>, code: string, message: RegExp) =>
    expect(asking).rejects.toMatchObject({ code, message: expect.stringMatching(message) });

  it('are names that are taken or none, snapshots and workloads that are not there', async () => {
    const { client } = innkeeper;
    await refused(client.clone(old, { name: old }), 'conflict', /There is a workload called test-clone-old already/);
    await refused(client.clone(old, { name: '../x' }), 'invalid', /name/);
    await refused(client.clone(old, { name: 'test-clone-x', snapshot: 'none' }), 'not_found', /has no snapshot none/);
    await refused(client.clone(old, { name: 'test-clone-x', snapshot: "'; drop" }), 'not_found', /has no snapshot/);
    await refused(client.clone('test-clone-none', { name: 'test-clone-x' }), 'not_found', /no workload/);
    await refused(client.clone(old, { name: 'test-clone-x', power: 'paused' } as never), 'invalid', /power/);
    await refused(client.clone(old, { name: 'test-clone-x', memory: '1GiB' } as never), 'invalid', /memory/);
    await refused(client.workload('test-clone-x'), 'not_found', /no workload/);
  });

  it('is one of a container with a directory that would not be copied; nothing is left of the attempt', async () => {
    await booted(old);
    await done(innkeeper.client.act(old, 'stop'));
    const { id } = await innkeeper.client.workload(old);
    const xml = (await lxc.xml([id], { inactive: true })).get(id) ?? '';
    const more = `<filesystem type="mount"><source dir="/srv"/><target dir="/srv"/></filesystem></devices>`;
    await lxc.define(xml.replace('</devices>', more), { validate: false });
    const end = await innkeeper.finished(await innkeeper.client.clone(old, { name: 'test-clone-half' }));
    expect(end).toMatchObject({ state: 'failed', error: { code: 'unsupported' } });
    await lxc.define(xml, { validate: false });
    await refused(innkeeper.client.workload('test-clone-half'), 'not_found', /no workload/);
    expect(await host.files.list(`${paths.state}/roots`)).toEqual([id]);
  });

  it('is one of a guest that is not ours, and of one that was adopted', async () => {
    const { client } = innkeeper;
    const stranger = '11111111-2222-4333-8444-00000000f12c';
    await lxc.define(
      `<domain type="lxc"><name>test-clone-stranger</name><uuid>${stranger}</uuid>
        <memory>65536</memory><os><type>exe</type><init>/bin/true</init></os></domain>`,
      { validate: false },
    );
    try {
      await viewWhere(innkeeper, 'test-clone-stranger', ({ managed }) => !managed);
      await refused(client.clone('test-clone-stranger', { name: 'test-clone-x' }), 'conflict', /did not create/);
      await done(client.adopt(stranger, {}));
      await refused(client.clone('test-clone-stranger', { name: 'test-clone-x' }), 'conflict', /was adopted/);
      await done(client.release('test-clone-stranger'));
    } finally {
      await lxc.undefine(stranger);
    }
  });
});
