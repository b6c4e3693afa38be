import { readFile } from 'node:fs/promises';
import { exec } from '@innkeeper/client';
import { installationSuffix, type WorkloadSpec } from '@innkeeper/model';
import { forgetNames } from '@innkeeper/network';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths } from './installation.ts';

const [name, renamed] = ['test-op-web', 'test-op-site'];
const spec: WorkloadSpec = { image: 'debian/12', backend: 'lxc', memory: '256MiB' };
const mark = `innkeeper${installationSuffix(paths)}`;

let innkeeper: Installation;
let local = '';
let before = '';

const hostsText = (): Promise<string> => readFile('/etc/hosts', 'utf8');

beforeAll(async () => {
  await forgetNames(host, paths);
  before = await hostsText();
  innkeeper = await install();
  local = (await innkeeper.client.hosts())[0]?.name ?? '';
});

afterAll(async () => {
  for (const one of await innkeeper.client.workloads())
    if (one.name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(one.name));
  await innkeeper.client.changeHost(local, { guestNames: 'off' });
  expect(await leftOnHost()).toEqual([]);
  expect(await hostsText()).toBe(before);
  await innkeeper.stop();
});

const nameFindings = async (): Promise<string[]> =>
  (await innkeeper.client.doctor())
    .filter(({ check }) => check.endsWith('names of guests'))
    .map(({ text, fix }) => `${text}; ${fix ?? ''}`);

/** What a program of this machine finds for a name. */
const found = async (wanted: string): Promise<string> =>
  (await host.run(['getent', 'ahostsv4', wanted], { expect: [0, 2] })).stdout.split(/\s/)[0] ?? '';

const program = `my $s = IO::Socket::INET->new(Listen => 9, LocalPort => 80, ReuseAddr => 1) or die; fork and exit;
while (my $c = $s->accept) { sysread $c, my $asked, 4096; print $c "HTTP/1.0 200 OK\\r\\n\\r\\nfrom the guest\\n"; close $c }`;
const serve = async (): Promise<void> => {
  const outputs = { stdout: () => undefined, stderr: () => undefined };
  const script = 'perl -MIO::Socket::INET -e "$1" </dev/null >/dev/null 2>&1';
  const stream = await exec({ socket: paths.socket }, name, { command: ['sh', '-c', script, 'sh', program] }, outputs);
  expect(await stream.exit).toEqual({ code: 0 });
};

describe('the names of guests on a host without systemd-resolved', () => {
  it('are not written unless somebody wants it, and the doctor says how', async () => {
    expect((await innkeeper.finished(await innkeeper.client.put(name, spec))).error).toBeUndefined();
    expect(await hostsText()).toBe(before);
    expect(await nameFindings()).toEqual([
      expect.stringMatching(/systemd-resolved does not run there; inn host set .* --guest-names hosts writes/),
    ]);
  });

  it('lead to the guests from then on', async () => {
    expect((await innkeeper.client.changeHost(local, { guestNames: 'hosts' })).guestNames).toBe('hosts');
    const [address] = (await innkeeper.client.workload(name)).addresses;
    expect(await found(name)).toBe(address);
    expect(await hostsText()).toBe(
      `${before}# BEGIN ${mark}: names of guests, written by Innkeeper\n${address} ${name}\n# END ${mark}\n`,
    );
    await serve();
    const { stdout } = await host.run([
      'curl',
      '-sS',
      '-m',
      '10',
      '--retry',
      '5',
      '--retry-all-errors',
      `http://${name}/`,
    ]);
    expect(stdout).toBe('from the guest\n');
    expect(await nameFindings()).toEqual([]);
  });

  it('come with new guests, follow a rename, and go with the guest', async () => {
    const others = ['test-op-a', 'test-op-b', 'test-op-c'];
    const asked = await Promise.all(others.map((other) => innkeeper.client.put(other, { ...spec, power: 'stopped' })));
    for (const operation of asked) expect((await innkeeper.finished(operation)).error).toBeUndefined();
    for (const other of others) expect(await found(other)).toMatch(/^192\.168\.122\./);
    await innkeeper.finished(await innkeeper.client.act(name, 'stop'));
    await innkeeper.finished(await innkeeper.client.rename(name, renamed));
    expect([await found(name), await found(renamed)]).toEqual(['', expect.stringMatching(/^192\.168\.122\./)]);
    for (const one of [...others, renamed]) {
      await innkeeper.finished(await innkeeper.client.remove(one));
      expect(await found(one)).toBe('');
    }
    expect(await hostsText()).toBe(before);
  });

  it('that somebody else has given to something stay what they are, and the doctor says so', async () => {
    await host.files.write('/etc/hosts', `${before}127.0.0.9 ${name}\n`, 0o644);
    try {
      await innkeeper.finished(await innkeeper.client.put(name, { ...spec, power: 'stopped' }));
      expect(await found(name)).toBe('127.0.0.9');
      expect(await nameFindings()).toEqual([expect.stringContaining(`${name} is not found by its name: /etc/hosts`)]);
    } finally {
      await innkeeper.finished(await innkeeper.client.remove(name));
      await host.files.write('/etc/hosts', before, 0o644);
    }
  });

  it('go when they are not wanted any more, and when everything is undone', async () => {
    await innkeeper.finished(await innkeeper.client.put(name, { ...spec, power: 'stopped' }));
    expect(await hostsText()).toContain(name);
    await innkeeper.client.changeHost(local, { guestNames: 'off' });
    expect(await hostsText()).toBe(before);
    await innkeeper.client.changeHost(local, { guestNames: 'hosts' });
    await forgetNames(host, paths);
    expect(await hostsText()).toBe(before);
  });
});
