import { randomUUID } from 'node:crypto';
import { exec } from '@innkeeper/client';
import { localHost } from '@innkeeper/host';
import { connect } from '@innkeeper/libvirt';
import type { WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { guestPrefix, type Installation, install, paths, prefix } from './installation.ts';
import { type SecondHost, secondHostSettings, startSecondHost } from './second-host.ts';
import { containerXml, looks } from './strangers.ts';

const name = `${guestPrefix}-one`;
const theirs = { name: `${guestPrefix}-hand`, uuid: randomUUID() };
// Others may test at the same time: a place and names of its own.
vi.hoisted(() => {
  process.env.INNKEEPER_TEST_PREFIX = '/tmp/innkeeper-test-hosts';
});

let second: SecondHost;
let installation: Installation;

beforeAll(async () => {
  installation = await install({ ...secondHostSettings, INNKEEPER_ACCELERATION: 'tcg' });
  second = await startSecondHost(prefix);
});
afterAll(async () => {
  await installation?.stop();
  await second?.remove();
});

const add = (changes: { readonly address?: string; readonly name?: string } = {}) =>
  installation.client.addHost({ address: second.address, labels: { zone: 'b' }, ...changes });
const hostNames = async () => (await installation.client.hosts()).map((host) => host.name);
const becomes = (state: string, timeout = 90_000) =>
  vi.waitFor(async () => expect((await installation.client.host('h2')).state).toBe(state), { timeout, interval: 200 });
const guest = async (stats = false): Promise<WorkloadView | undefined> =>
  (await installation.client.workloads({ stats })).find((one) => one.name === name);
const domains = async (host = second.host) =>
  (await connect(host, 'lxc:///system').domains()).map((domain) => domain.name);

const libvirtThere = () => connect(second.host, 'lxc:///system');

/** Somebody's own container there, which never runs. */
const defineTheirs = async (): Promise<void> => {
  await libvirtThere().define(containerXml(theirs, '/'), { validate: false });
  await vi.waitFor(async () =>
    expect((await installation.client.workloads()).map((one) => one.name)).toContain(theirs.name),
  );
};
const networkFindings = async () =>
  (await installation.client.doctor()).filter(({ check }) => check === 'h2: networking').map(({ text }) => text);

/** What a plan says of a workload that is to be placed there. */
const whyNotThere = async (): Promise<string> => {
  const other = { image: 'debian/12', placement: { host: 'h2' } };
  return JSON.stringify(await installation.client.plan({ workloads: { 'test-far-other': other } }));
};

describe('a host over ssh', () => {
  it('is refused, and nothing is stored, when it does not answer, is not known, or is this machine', async () => {
    const before = await hostNames();
    await expect(add({ address: 'ssh://root@10.219.77.2:9' })).rejects.toMatchObject({
      message: expect.stringContaining('Cannot connect'),
    });
    await expect(add({ address: 'ssh://root@127.0.0.1:9' })).rejects.toMatchObject({ code: 'transient' });
    await expect(add({ address: 'http://h2' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(add({ name: before[0] ?? '' })).rejects.toMatchObject({ code: 'conflict' });
    expect(await hostNames()).toEqual(before);
  });

  it('is added with what was found there, once', async () => {
    const host = await add({ name: 'h2' });
    expect(host).toMatchObject({
      name: 'h2',
      address: second.address,
      state: 'up',
      labels: { zone: 'b' },
      machine: { hostname: second.name },
    });
    // lxc-tools is there as well, and works where the package lxc is.
    expect(host.drivers.filter(({ placeable }) => placeable).map(({ driver, healthy }) => [driver, healthy])).toEqual([
      ['lxc', true],
      ['kvm', true],
    ]);
    await expect(add({ name: 'h3' })).rejects.toMatchObject({ code: 'conflict' });
    const doctor = await installation.client.doctor();
    expect(doctor.map(({ check }) => check)).toContain('h2: inotify limits');
  });

  it('runs a container that is placed there, and only there', async () => {
    const spec = { image: 'debian/12', memory: '256MiB', placement: { host: 'h2' } };
    const operation = await installation.finished(await installation.client.put(name, spec));
    expect(operation.error).toBeUndefined();
    expect(await guest()).toMatchObject({ state: 'running', host: 'h2', backend: 'lxc' });
    expect(await domains()).toContain(name);
    expect(await domains(localHost('here'))).not.toContain(name);
    const stats = (await guest(true))?.stats;
    expect(stats?.memoryBytes).toBeGreaterThan(0);
    // The same path on both, and what is there only on one.
    expect(await second.host.files.list(`${paths.state}/roots`)).toHaveLength(1);
    expect(await localHost('here').files.list(`${paths.state}/roots`)).toEqual([]);
  });

  it('runs a command in it', async () => {
    let said = '';
    const hear = (bytes: Uint8Array): void => {
      said += Buffer.from(bytes).toString();
    };
    const stream = await exec(
      { socket: paths.socket },
      name,
      { command: ['cat', '/etc/hostname'] },
      { stdout: hear, stderr: hear },
    );
    expect(await stream.exit).toMatchObject({ code: 0 });
    expect(said).toBe(`${name}\n`);
  });

  it('has a VPN that takes the subnet of its guests, and forwarding that is off, named by the doctor', async () => {
    expect(await networkFindings()).toEqual([]);
    const vpn = 'ip link add tun0 type bridge && ip link set tun0 up && ip route add 192.168.0.0/16 dev tun0';
    await second.host.run(['sh', '-c', `${vpn} && echo 0 > /proc/sys/net/ipv4/ip_forward`]);
    expect(await networkFindings()).toEqual([
      'guests reach nothing outside: net.ipv4.ip_forward is 0',
      expect.stringContaining('the route to 192.168.0.0/16 over tun0 overlap'),
    ]);
    await second.host.run(['sh', '-c', 'ip link delete tun0 && echo 1 > /proc/sys/net/ipv4/ip_forward']);
    expect(await networkFindings()).toEqual([]);
  });

  it('is not removed while a workload is there, nor is this machine ever', async () => {
    await expect(installation.client.removeHost('h2')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(name),
    });
    const local = (await installation.client.hosts()).find(({ address }) => address === 'local');
    await expect(installation.client.removeHost(local?.name ?? '')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('that falls silent is suspect, then unreachable, also for a control plane that starts meanwhile, and by itself up again', async () => {
    await defineTheirs();
    await second.stopSshd();
    await becomes('suspect');
    expect((await guest())?.state).toBe('unknown');
    await becomes('unreachable');
    expect((await guest(true))?.state).toBe('unknown');
    const doctor = await installation.client.doctor();
    expect(doctor.find(({ check }) => check === 'h2: connection')).toMatchObject({ level: 'error' });
    await expect(installation.client.adopt(theirs.uuid, {})).rejects.toMatchObject({
      code: 'unavailable',
      message: `h2, where ${theirs.name} is, does not answer`,
    });
    await installation.replace();
    expect((await guest())?.state).toBe('unknown');
    await second.startSshd();
    await becomes('up');
    expect((await guest())?.state).toBe('running');
  });

  it('has a guest of somebody else adopted, and released, once it answers', async () => {
    const { client, finished } = installation;
    const before = await looks(libvirtThere(), theirs.uuid);
    expect(await finished(await client.adopt(theirs.uuid, {}))).toMatchObject({ kind: 'adopt', state: 'done' });
    expect(await client.workload(theirs.name)).toMatchObject({ managed: true, adopted: true, host: 'h2' });
    expect(await looks(libvirtThere(), theirs.uuid)).not.toEqual(before);
    expect(await finished(await client.release(theirs.name))).toMatchObject({ kind: 'release', state: 'done' });
    expect(await looks(libvirtThere(), theirs.uuid)).toEqual(before);
    await libvirtThere().undefine(theirs.uuid);
  });

  it('that answers is not dead, whatever somebody says', async () => {
    await expect(installation.client.confirmDead('h2', 'h2')).rejects.toMatchObject({ code: 'conflict' });
    await expect(installation.client.returnHost('h2')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('that was said to be dead frees nothing, is quarantined when it is back, and used again when somebody says so', async () => {
    const before = await installation.client.host('h2');
    await second.stopSshd();
    await becomes('unreachable');
    await expect(installation.client.confirmDead('h2', 'h1')).rejects.toMatchObject({ code: 'invalid' });
    const dead = await installation.client.confirmDead('h2', 'h2');
    expect(dead).toMatchObject({ state: 'unreachable', epoch: before.epoch + 1, confirmedDead: { by: 'local' } });
    expect(dead.capacity.claimed).toEqual(before.capacity.claimed);
    expect((await guest())?.state).toBe('unknown');
    await second.startSshd();
    await becomes('quarantined');
    // What ran on is shown as what it is; nothing is started there, by anybody.
    expect((await guest())?.state).toBe('running');
    const { error } = await installation.finished(await installation.client.act(name, 'start'));
    expect(error?.detail).toMatch(/^h2 is quarantined/);
    expect(await whyNotThere()).toContain('h2 was said to be dead and is back');
    expect((await installation.client.returnHost('h2')).state).toBe('up');
    expect((await installation.finished(await installation.client.act(name, 'start'))).state).toBe('done');
  });

  it('in maintenance says why nothing new is placed there, and is emptied in the order of who depends on whom', async () => {
    await installation.client.changeHost('h2', { draining: true, maintenance: 'new disks' });
    expect(await whyNotThere()).toContain('h2 is being emptied (new disks)');
    expect(await installation.client.drainPlan('h2')).toEqual({ host: 'h2', waves: [[name]], obstacles: [] });
    expect(await installation.client.changeHost('h2', { draining: false })).toMatchObject({ state: 'up' });
    expect((await installation.client.host('h2')).maintenance).toBeUndefined();
  });

  it('is left with nothing, and forgotten', async () => {
    const operation = await installation.finished(await installation.client.remove(name));
    expect(operation.error).toBeUndefined();
    expect(await domains()).not.toContain(name);
    expect(await second.host.files.list(`${paths.state}/roots`)).toEqual([]);
    expect(await second.host.files.readText('/proc/self/mountinfo')).not.toContain(' - overlay ');
    await installation.client.removeHost('h2');
    expect(await hostNames()).not.toContain('h2');
  });
});
