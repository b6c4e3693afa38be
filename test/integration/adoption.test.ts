import { exec } from '@innkeeper/client';
import { ensureLibvirt, stopLibvirt } from '@innkeeper/infra';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';
import { adopting, looks, refusal, strangers } from './strangers.ts';

const { container, machine, windows, classic, root, lxc, kvm } = strangers;

let innkeeper: Installation;
let { adopt, release, releaseAll }: ReturnType<typeof adopting> = {} as never;

beforeAll(async () => {
  await strangers.remove();
  innkeeper = await install();
  ({ adopt, release, releaseAll } = adopting(innkeeper));
  await strangers.placeContainer();
  await strangers.placeMachines();
  await classic.start();
  for (const { name } of [container, machine, windows, classic])
    await viewWhere(innkeeper, name, ({ managed }) => !managed);
});

afterEach(() => releaseAll());

afterAll(async () => {
  await innkeeper.stop();
  await strangers.remove();
  expect(await leftOnHost()).toEqual([]);
});

const outputOf = async (name: string, command: readonly string[]): Promise<string> => {
  let output = '';
  const add = (data: Uint8Array): void => {
    output += Buffer.from(data).toString();
  };
  const stream = await exec({ socket: paths.socket }, name, { command: [...command] }, { stdout: add, stderr: add });
  await stream.exit;
  return output.trim();
};

describe('a container that somebody made with virsh', () => {
  const { uuid, name } = container;

  it('is adopted where it runs, changed by nothing but its metadata, and released as it was', async () => {
    const before = await looks(lxc, uuid);
    const plan = await innkeeper.client.adoption(uuid);
    expect(plan).toMatchObject({
      name,
      state: 'running',
      autostart: false,
      spec: { cpus: 1, memory: '65536KiB', networks: [{ network: 'default', mac: '52:54:00:7e:57:01' }] },
    });
    expect(plan.beyond).toEqual(expect.arrayContaining(['title made by hand', `filesystem mount ${root} /`]));
    expect(await looks(lxc, uuid)).toEqual(before);

    expect(await adopt(uuid)).toMatchObject({ kind: 'adopt', state: 'done' });
    expect(await innkeeper.client.workload(name)).toMatchObject({
      managed: true,
      adopted: true,
      state: 'running',
      drift: [],
      reason: expect.stringMatching(/^was there before Innkeeper/),
    });
    expect(await outputOf(name, ['/bin/busybox', 'cat', '/proc/1/comm'])).toBe('busybox');

    expect(await release(name)).toMatchObject({ kind: 'release', state: 'done' });
    expect(await looks(lxc, uuid)).toEqual(before);
    expect(await innkeeper.client.workload(name)).toMatchObject({ managed: false, state: 'running' });
  });

  it('is refused while libvirt would forget it when it stops', async () => {
    const xml = (await lxc.xml([uuid], { inactive: true })).get(uuid) ?? '';
    await lxc.undefine(uuid);
    const before = await looks(lxc, uuid);
    expect(before.domain).toMatchObject({ persistent: false });
    const why = `${name} is transient: libvirt forgets it when it stops`;
    expect(await refusal(innkeeper.client.adoption(uuid))).toBe(why);
    expect(await refusal(innkeeper.client.adopt(uuid, {}))).toBe(why);
    expect(await looks(lxc, uuid)).toEqual(before);
    await lxc.define(xml, { validate: false });
  });

  it('is started and stopped like any other, shows what its owner changes, and keeps it', async () => {
    await adopt(uuid);
    await innkeeper.finished(await innkeeper.client.act(name, 'stop'));
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'stopped', drift: [] });
    const edited = (await lxc.xml([uuid], { inactive: true })).get(uuid)?.replace('made by hand', 'edited');
    await lxc.define(edited ?? '', { validate: false });
    await lxc.start(uuid);
    await viewWhere(innkeeper, name, ({ state, drift }) => state === 'running' && drift.length === 1);
    await innkeeper.finished(await innkeeper.client.act(name, 'restart'));
    await viewWhere(innkeeper, name, ({ state, drift }) => state === 'running' && drift.length === 0);
    await release(name);
    expect((await looks(lxc, uuid)).kept).toContain('<title>edited</title>');
  });

  it('is not deleted or changed while it is managed, and says who can', async () => {
    await adopt(uuid);
    const { client } = innkeeper;
    const { spec } = await client.workload(name);
    if (spec === undefined) throw new Error('no specification');
    expect(await refusal(client.remove(name))).toMatch(/was adopted: Innkeeper deletes nothing that it did not make/);
    expect(await refusal(client.put(name, { ...spec, cpus: 2, memory: '1GiB' }))).toMatch(/cpus, memory of it cannot/);
    expect(await refusal(client.put(name, { ...spec, image: 'debian/12' }))).toMatch(
      /image, disk of it cannot be changed/,
    );
    const labelled = await innkeeper.finished(await client.put(name, { ...spec, labels: { owner: 'ann' } }));
    expect(labelled.state).toBe('done');
    expect(await client.workload(name)).toMatchObject({ labels: { owner: 'ann' }, drift: [], generation: 2 });
    expect(await client.put(name, { ...spec, labels: { owner: 'ann' } })).toBeUndefined();
    expect(await client.plan({ workloads: { [name]: { ...spec, labels: { owner: 'ann' } } } })).toMatchObject({
      workloads: [{ action: 'none' }],
    });
    await release(name);
  });

  it('runs on, and is managed, when the control plane and libvirt were restarted', async () => {
    await adopt(uuid);
    const { startedAt } = await innkeeper.client.workload(name);
    await innkeeper.replace(async () => {
      await stopLibvirt(host);
      await ensureLibvirt(host);
    });
    const view = await viewWhere(innkeeper, name, ({ state }) => state === 'running');
    expect(view).toMatchObject({ adopted: true, startedAt, drift: [] });
    await release(name);
  });
});

describe('a machine with a command line of its own, and a name that no workload can have', () => {
  const { uuid } = machine;

  it('is adopted under another name while it runs, and keeps its own', async () => {
    const before = await looks(kvm, uuid);
    const plan = await innkeeper.client.adoption(uuid);
    expect(plan.name).toBeUndefined();
    expect(plan.nameProblem).toMatch(/cannot be a name/);
    expect(plan.beyond).toContain('qemu:commandline -fw_cfg name=opt/org.example/answer,string=42');
    expect(await refusal(innkeeper.client.adopt(uuid, {}))).toMatch(/cannot keep its name/);
    expect((await adopt(uuid, { name: 'test-op-vm' })).state).toBe('done');
    expect(await innkeeper.client.workload('test-op-vm')).toMatchObject({
      adopted: true,
      guestName: machine.name,
      state: 'running',
      cpus: 2,
    });
    await innkeeper.finished(await innkeeper.client.act('test-op-vm', 'pause'));
    await innkeeper.finished(await innkeeper.client.act('test-op-vm', 'resume'));
    expect((await innkeeper.client.workload('test-op-vm')).state).toBe('running');
    expect(await refusal(innkeeper.client.put(machine.name.toLowerCase(), { image: 'adopted' }))).toMatch(
      /name|adopted/,
    );
    await release('test-op-vm');
    expect(await looks(kvm, uuid)).toEqual(before);
  });
});

describe('a Windows machine as virt-install makes it', () => {
  const { uuid } = windows;

  it('gives its autostart to Innkeeper and gets it back, whatever its owner edited in between', async () => {
    const before = await looks(kvm, uuid);
    const { beyond, autostart } = await innkeeper.client.adoption(uuid);
    expect(autostart).toBe(true);
    for (const part of ['features', 'tpm tpm-crb', 'disk', 'clock', 'qemu:commandline -smbios'])
      expect(beyond.join('\n')).toContain(part);
    expect((await adopt(uuid, { name: 'test-op-win', takeAutostart: true })).state).toBe('done');
    expect((await looks(kvm, uuid)).domain?.autostart).toBe(false);
    const edited = (await kvm.xml([uuid], { inactive: true })).get(uuid)?.replace('>4</vcpu>', '>2</vcpu>');
    await kvm.define(edited ?? '', { validate: false });
    await release('test-op-win');
    const after = await looks(kvm, uuid);
    expect(after.domain?.autostart).toBe(true);
    expect(after.kept).toBe(before.kept.replace('>4</vcpu>', '>2</vcpu>'));
    await kvm.define(before.kept, { validate: false });
  });
});

describe('a container that runs under lxc-start', () => {
  const { name } = classic;

  it('is adopted and released as it was, and is started by its own tools while it is managed', async () => {
    const before = await classic.looks();
    const { id } = await innkeeper.client.workload(name);
    const plan = await innkeeper.client.adoption(id);
    expect(plan).toMatchObject({ driver: 'lxc-tools', spec: { networks: [{ network: 'default' }] } });
    expect(plan.beyond).toContain('lxc.init.cmd /bin/sh /init');
    expect((await adopt(id)).state).toBe('done');
    expect(await innkeeper.client.workload(name)).toMatchObject({ adopted: true, state: 'running', drift: [] });
    expect(await outputOf(name, ['/bin/busybox', 'hostname'])).toBe(name);
    expect(await release(name)).toMatchObject({ state: 'done' });
    expect(await classic.looks()).toBe(before);

    await adopt(id);
    await innkeeper.finished(await innkeeper.client.act(name, 'stop'));
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'stopped' });
    await innkeeper.finished(await innkeeper.client.act(name, 'start'));
    expect(await innkeeper.client.workload(name)).toMatchObject({ state: 'running' });
    await release(name);
  });
});
