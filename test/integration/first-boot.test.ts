import { exec } from '@innkeeper/client';
import type { WorkloadSpec, WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

/** A machine under software emulation takes minutes for what a container does in seconds. */
const patienceMs = 15 * 60_000;
const keys = '/tmp/innkeeper-test-keys';

let innkeeper: Installation;
let publicKey = '';

beforeAll(async () => {
  innkeeper = await install();
  await host.files.remove(keys);
  await host.files.makeDirectory(keys, 0o700);
  await host.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${keys}/key`]);
  publicKey = (await host.files.readText(`${keys}/key.pub`)).trim();
});

afterAll(async () => {
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(name));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
  await host.files.remove(keys);
});

const firstBoot = (): NonNullable<WorkloadSpec['cloudInit']> => ({
  hostname: 'reading-room',
  sshKeys: [publicKey],
  users: [{ name: 'ada', sshKeys: [publicKey], sudo: true }],
  files: [{ path: '/home/ada/hello', content: 'grüß dich\n', mode: '0640', owner: 'ada' }],
  commands: ['echo "$(id -un) on $(hostname)" > /srv/ran', ['touch', '/srv/a b']],
  locale: 'de_DE.UTF-8',
  timezone: 'Europe/Berlin',
  userData: '#!/bin/sh\necho mine > /srv/mine\n',
});

/** As that user of the guest, by the key and nothing else. */
const ssh = async (user: string, { addresses }: WorkloadView, command: string): Promise<string> => {
  const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${keys}/known`, 'BatchMode=yes', 'LogLevel=ERROR'];
  const words = options.flatMap((option) => ['-o', option]);
  const argv = ['ssh', '-F', 'none', '-i', `${keys}/key`, ...words, `${user}@${addresses[0]}`, command];
  return (await host.run(argv, { timeoutMs: patienceMs })).stdout.trim();
};

describe.each([
  ['lxc', 'a container'],
  ['kvm', 'a virtual machine'],
] as const)('the first boot of %s', (backend, what) => {
  const name = `test-op-${backend}`;
  let view: WorkloadView;

  it(`of ${what} ends with one that is logged into with the given key`, { timeout: patienceMs }, async () => {
    const spec: WorkloadSpec = {
      image: 'debian/12',
      backend,
      memory: '512MiB',
      cloudInit: firstBoot(),
      readiness: { tcp: 22, within: '15m' },
    };
    expect((await innkeeper.finished(await innkeeper.client.put(name, spec))).error).toBeUndefined();
    view = await viewWhere(innkeeper, name, ({ readiness }) => readiness?.ready === true, patienceMs);
    expect(await ssh('root', view, 'id -un')).toBe('root');
    expect(await ssh('debian', view, 'sudo id -un')).toBe('root');
    expect(await ssh('ada', view, 'sudo id -un')).toBe('root');
  });

  it('has done all of it, without a failure', { timeout: patienceMs }, async () => {
    expect(await ssh('root', view, 'cloud-init status --wait')).toMatch(/status: done$/);
    const said = await ssh(
      'root',
      view,
      'hostname; cat /srv/ran; ls /srv; stat -c "%U %a" /home/ada/hello; cat /home/ada/hello; date +%Z; . /etc/default/locale; echo $LANG; locale -a; systemctl --failed --no-legend',
    );
    const lines = said.split('\n');
    expect(lines.slice(0, 10)).toEqual([
      'reading-room',
      'root on reading-room',
      'a b',
      'mine',
      'ran',
      'ada 640',
      'grüß dich',
      expect.stringMatching(/^CES?T$/),
      'de_DE.UTF-8',
      'C',
    ]);
    expect(lines).toContain('de_DE.utf8');
    expect(lines.at(-1)).toBe('POSIX');
  });
});

it('each guest has host keys and a machine id of its own', async () => {
  const facts = async (name: string): Promise<string[]> => {
    const view = await innkeeper.client.workload(name);
    return (await ssh('root', view, 'cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub')).split('\n');
  };
  const [container, machine] = [await facts('test-op-lxc'), await facts('test-op-kvm')];
  expect(container[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(machine[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(machine[0]).not.toBe(container[0]);
  expect(machine[1]).not.toBe(container[1]);
});

it('a container and a virtual machine reach each other by name', async () => {
  for (const [from, to] of [
    ['test-op-lxc', 'test-op-kvm'],
    ['test-op-kvm', 'test-op-lxc'],
  ] as const)
    expect(
      await ssh('root', await innkeeper.client.workload(from), `timeout 20 bash -c '</dev/tcp/${to}/22' && echo ${to}`),
    ).toBe(to);
});

it('a guest without a first boot runs nothing of cloud-init', async () => {
  const name = 'test-op-plain';
  const spec: WorkloadSpec = { image: 'debian/12', backend: 'lxc', readiness: { systemd: true, every: '1s' } };
  expect((await innkeeper.finished(await innkeeper.client.put(name, spec))).state).toBe('done');
  await viewWhere(innkeeper, name, ({ readiness }) => readiness?.ready === true);
  const said: string[] = [];
  const outputs = {
    stdout: (data: Uint8Array) => void said.push(Buffer.from(data).toString()),
    stderr: () => undefined,
  };
  const command = ['sh', '-c', 'cloud-init status; systemctl is-active ssh; systemctl --failed --no-legend'];
  await (await exec({ socket: paths.socket }, name, { command }, outputs)).exit;
  expect(said.join('')).toBe('status: disabled\ninactive\n');
});
