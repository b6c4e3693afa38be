import type { NewClone, OperationView, WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inside } from './inside.ts';
import { host, type Installation, install, paths } from './installation.ts';
import { disksOf, fill, held, machineSpec, machinesLeft, qemu, unplug } from './machine-disks.ts';

// A place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-vmcopy';
  process.env.INNKEEPER_TEST_GUESTS = 'test-vmclone';
});

const name = 'test-vmclone-one';
const copy = 'test-vmclone-two';
const bootMs = 360_000;
const made: string[] = [];
let innkeeper: Installation;

const done = async (operation: Promise<OperationView | undefined>): Promise<OperationView> => {
  const end = await innkeeper.finished(await operation);
  expect({ state: end.state, error: end.error }).toEqual({ state: 'done', error: undefined });
  return end;
};
const idOf = async (of: string): Promise<string> => (await innkeeper.client.workload(of)).id;
const create = async (of: string, spec: WorkloadSpec): Promise<string> => {
  await done(innkeeper.client.put(of, spec) as Promise<OperationView>);
  made.push(await idOf(of));
  return idOf(of);
};
const clone = async (parts: NewClone, of: string): Promise<string> => {
  await done(innkeeper.client.clone(of, parts));
  made.push(await idOf(parts.name));
  return idOf(parts.name);
};
const remove = (of: string): Promise<OperationView> => done(innkeeper.client.remove(of));
const definitionOf = async (id: string): Promise<string> => (await qemu.xml([id], { inactive: true })).get(id) ?? '';

/** Its agent and our program inside answer. */
const booted = async (of: string): Promise<void> => {
  const id = await idOf(of);
  const deadline = Date.now() + bootMs;
  for (;;) {
    try {
      await qemu.agentCommand(id, 'guest-ping', {});
      await inside(of, 'true');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
};

beforeAll(async () => {
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' });
});

afterAll(async () => {
  for (const { name: left, managed } of await innkeeper.client.workloads()) if (managed) await remove(left);
  expect(await machinesLeft(made)).toEqual([]);
  await innkeeper.stop();
});

describe('a clone of what a machine held in a snapshot', () => {
  const source = 'test-vmclone-disks';

  it('holds that with firmware and TPM, has what its definition wants beside, and is started', async () => {
    const id = await create(source, machineSpec);
    await fill(id, 1);
    await unplug(innkeeper, source);
    const { state } = await held(id);
    await done(innkeeper.client.snapshot(source, { name: 'first' }));
    await fill(id, 2);
    const volumes = [
      { name: 'data', size: '64MiB' },
      { name: 'later', size: '16MiB' },
    ];
    await done(
      innkeeper.client.put(source, {
        ...machineSpec,
        power: 'stopped',
        disk: '2GiB',
        volumes,
      }) as Promise<OperationView>,
    );
    const other = await clone({ name: 'test-vmclone-old', snapshot: 'first', power: 'stopped' }, source);
    expect(await held(other)).toEqual({ bytes: [1, 1], state });
    expect((await host.files.list(`${paths.state}/volumes/${other}`)).sort()).toEqual(['data.qcow2', 'later.qcow2']);
    const { stdout } = await host.run(['qemu-img', 'info', '--output=json', disksOf(other).disk]);
    expect(JSON.parse(stdout)).toMatchObject({ 'virtual-size': 2 * 2 ** 30 });
    await done(innkeeper.client.act('test-vmclone-old', 'start'));
    expect(await innkeeper.client.workload('test-vmclone-old')).toMatchObject({ state: 'running', drift: [] });
    // Nobody inside would read it.
    expect(await definitionOf(other)).not.toContain('seed.iso');
  });

  it('lives on when the other one is gone', async () => {
    await remove(source);
    await unplug(innkeeper, 'test-vmclone-old');
    expect((await held(await idOf('test-vmclone-old'))).bytes).toEqual([1, 1]);
    await remove('test-vmclone-old');
  });
});

it('a clone of a machine that is paused leaves it so; one with something beside its own disks is refused by name', async () => {
  const source = 'test-vmclone-paused';
  const id = await create(source, machineSpec);
  await fill(id, 3);
  await done(innkeeper.client.act(source, 'pause'));
  const other = await clone({ name: 'test-vmclone-still', power: 'stopped' }, source);
  expect(await innkeeper.client.workload(source)).toMatchObject({ state: 'paused' });
  expect((await held(other)).bytes).toEqual([3, 3]);
  await remove('test-vmclone-still');
  await unplug(innkeeper, source);
  const foreign = `${paths.state}/foreign.raw`;
  await host.run(['truncate', '-s', '1M', foreign]);
  const xml = await definitionOf(id);
  const disk = `<disk type="file" device="disk"><source file="${foreign}"/><target dev="sdx" bus="sata"/></disk></devices>`;
  await qemu.define(xml.replace('</devices>', disk), { validate: false });
  const end = await innkeeper.finished(await innkeeper.client.clone(source, { name: 'test-vmclone-half' }));
  expect(end).toMatchObject({
    state: 'failed',
    error: { code: 'unsupported', detail: expect.stringContaining('sdx') },
  });
  await qemu.define(xml, { validate: false });
  await remove(source);
});

it('a clone of a machine that was never started has its whole first boot before it', async () => {
  const source = 'test-vmclone-new';
  const cloudInit = { commands: ['touch /root/ran'] };
  await create(source, { image: 'debian/12', backend: 'kvm', power: 'stopped', cloudInit });
  const other = await clone({ name: 'test-vmclone-fresh', power: 'stopped' }, source);
  const read = async (file: string): Promise<string> => {
    const iso = `${paths.state}/disks/${other}/seed.iso`;
    await host.run(['xorriso', '-osirrox', 'on', '-indev', iso, '-extract', `/${file}`, `${paths.state}/told`]);
    const text = await host.files.readText(`${paths.state}/told`);
    await host.files.remove(`${paths.state}/told`);
    return text;
  };
  expect(JSON.parse(await read('meta-data'))).toEqual({ 'instance-id': other, 'local-hostname': 'test-vmclone-fresh' });
  expect(await read('user-data')).toContain('touch /root/ran');
  for (const one of [source, 'test-vmclone-fresh']) await remove(one);
});

describe('a clone of a machine with a system inside', () => {
  /** What makes it itself, as it says so. */
  const identity = 'hostname; cat /etc/machine-id /etc/ssh/ssh_host_rsa_key.pub /etc/ssh/ssh_host_ed25519_key.pub';
  let theirs: string[] = [];
  let id = '';

  it('is of what it holds at that moment, and what is told of it stays when its definition changes', {
    timeout: 2 * bootMs,
  }, async () => {
    await create(name, { image: 'debian/12', backend: 'kvm', memory: '512MiB' });
    await booted(name);
    await inside(
      name,
      'ssh-keygen -A > /dev/null; echo "127.0.1.1 $(hostname)" >> /etc/hosts; echo "10.0.0.1 $(hostname)-db" >> /etc/hosts; echo held > /root/held',
    );
    theirs = (await inside(name, identity)).trim().split('\n');
    const { startedAt } = await innkeeper.client.workload(name);
    id = await clone({ name: copy, power: 'stopped' }, name);
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running', startedAt, drift: [] });
    // It runs on; what it does needs a processor.
    await done(innkeeper.client.act(name, 'pause'));
    const spec = { image: 'debian/12', backend: 'kvm', memory: '640MiB' } as const;
    await done(innkeeper.client.put(copy, spec) as Promise<OperationView>);
    const definition = await definitionOf(id);
    expect(definition).toContain(`systemd.machine_id=${id.replaceAll('-', '')}`);
    expect(definition).toContain('seed.iso');
  });

  it('finds itself somebody else, over the same image', { timeout: 2 * bootMs }, async () => {
    await booted(copy);
    expect(await inside(copy, 'cloud-init status --wait; cat /root/held; cat /etc/hostname')).toMatch(
      new RegExp(`status: done\\nheld\\n${copy}\\n$`),
    );
    const ours = (await inside(copy, identity)).trim().split('\n');
    expect(ours.slice(0, 2)).toEqual([copy, id.replaceAll('-', '')]);
    expect(ours).toHaveLength(4);
    expect(ours.filter((line) => theirs.includes(line))).toEqual([]);
    const said = await inside(
      copy,
      'cat /etc/hosts; stat -c %a /etc/ssh/ssh_host_*_key; ls /etc/ssh; for key in /etc/ssh/ssh_host_*_key; do ssh-keygen -y -f $key > /dev/null; done; systemctl --failed --no-legend',
    );
    expect(said).toContain(`127.0.1.1 ${copy}\n10.0.0.1 ${name}-db\n`);
    expect(said).not.toContain('.new');
    expect(said).not.toContain('failed');
    expect(said).toContain('600\n600\n600\n');
    // Nothing of what cloud-init does by itself at a first boot: no user of the image.
    expect(await inside(copy, 'ls /home')).toBe('');
    await remove(copy);
    await remove(name);
  });
});
