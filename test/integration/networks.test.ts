import { exec } from '@innkeeper/client';
import { connect } from '@innkeeper/libvirt';
import type { WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, type Installation, install, leftOnHost, paths, viewWhere } from './installation.ts';

const [shop, bank] = ['test-op-shop', 'test-op-bank'];
const lxc = connect(host, 'lxc:///system');

let innkeeper: Installation;

const removeNetworks = async (): Promise<void> => {
  for (const { name } of await lxc.networks()) {
    if (!name.startsWith('test-op')) continue;
    await lxc.networkDestroy(name);
    await lxc.networkUndefine(name);
  }
};

beforeAll(async () => {
  await removeNetworks();
  innkeeper = await install();
});

afterAll(async () => {
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(name));
  for (const { name, managed } of await innkeeper.client.networks())
    if (managed) await innkeeper.client.removeNetwork(name);
  expect(await leftOnHost()).toEqual([]);
  expect((await lxc.networks()).filter(({ name }) => name.startsWith('test-op'))).toEqual([]);
  await innkeeper.stop();
});

const spec = (network: string, project: string, address?: string): WorkloadSpec => ({
  image: 'debian/12',
  backend: 'lxc',
  memory: '256MiB',
  project,
  networks: [{ network, ...(address === undefined ? {} : { address }) }],
});

const apply = async (name: string, what: WorkloadSpec) => innkeeper.finished(await innkeeper.client.put(name, what));

/** What a script of a guest prints and how it ends. */
const inside = async (name: string, script: string): Promise<{ output: string; code: number | undefined }> => {
  let output = '';
  const add = (data: Uint8Array): void => {
    output += Buffer.from(data).toString();
  };
  const stream = await exec(
    { socket: paths.socket },
    name,
    { command: ['bash', '-c', script] },
    { stdout: add, stderr: add },
  );
  const end = await stream.exit;
  return { output: output.trim(), code: 'code' in end ? end.code : undefined };
};

const listen = `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 9, LocalPort => 7007, ReuseAddr => 1) or die; fork and exit; while (my $c = $s->accept) { close $c }' </dev/null >/dev/null 2>&1`;
const reaches = (where: string): string => `timeout 3 bash -c '</dev/tcp/${where}/7007'`;

describe('networks of two projects', () => {
  it('are made when the first workload needs them, and not before', async () => {
    const first = await innkeeper.client.putNetwork(shop, { subnet: '10.219.80.0/24', project: 'shop' });
    expect(first).toMatchObject({ managed: true, mode: 'nat', subnet: '10.219.80.0/24', hosts: [] });
    expect(await innkeeper.client.putNetwork(shop, { subnet: '10.219.80.0/24', project: 'shop' })).toBeUndefined();
    const second = await innkeeper.client.putNetwork(bank, { mode: 'isolated', project: 'bank' });
    expect(second?.subnet).toMatch(/^10\.\d+\.\d+\.0\/24$/);
    expect((await lxc.networks()).filter(({ name }) => name.startsWith('test-op'))).toEqual([]);
    for (const [name, network, project] of [
      ['test-op-web', shop, 'shop'],
      ['test-op-db', shop, 'shop'],
      ['test-op-vault', bank, 'bank'],
    ] as const)
      expect((await apply(name, spec(network, project))).error).toBeUndefined();
    const states = (await lxc.networks()).filter(({ name }) => name.startsWith('test-op'));
    expect(states.map(({ active, autostart }) => ({ active, autostart }))).toEqual([
      { active: true, autostart: true },
      { active: true, autostart: true },
    ]);
  });

  it('let their own guests reach each other by name, at once', async () => {
    await inside('test-op-db', listen);
    expect(await inside('test-op-web', reaches('test-op-db'))).toEqual({ output: '', code: 0 });
  });

  it('do not let guests of the other project in, by address or by name', async () => {
    await inside('test-op-vault', listen);
    const [db] = (await innkeeper.client.workload('test-op-db')).addresses;
    const [vault] = (await innkeeper.client.workload('test-op-vault')).addresses;
    for (const [from, to] of [
      ['test-op-web', vault],
      ['test-op-web', 'test-op-vault'],
      ['test-op-vault', db],
      ['test-op-vault', 'test-op-db'],
    ] as const)
      expect((await inside(from, reaches(to ?? ''))).code, `${from} reaches ${to}`).not.toBe(0);
  });

  it('say who has which address', async () => {
    const leases = await innkeeper.client.leases(shop);
    expect(leases.map(({ address, workload }) => [address, workload])).toEqual([
      ['10.219.80.2', 'test-op-web'],
      ['10.219.80.3', 'test-op-db'],
    ]);
    expect((await innkeeper.client.network(shop)).workloads).toEqual(['test-op-db', 'test-op-web']);
  });

  it('are back with their guests when another control plane begins', async () => {
    await innkeeper.replace();
    expect((await apply('test-op-late', spec(shop, 'shop'))).error).toBeUndefined();
    expect((await innkeeper.client.workload('test-op-late')).addresses).toEqual(['10.219.80.4']);
  });
});

describe('what is wrong with a network is said, and changes nothing', () => {
  const refused = async (work: () => Promise<unknown>): Promise<string> => {
    try {
      await work();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return 'nothing was refused';
  };

  it.each([
    [
      'that overlaps with one of ours',
      'test-op-x',
      { subnet: '10.219.80.128/25' },
      /subnet: 10\.219\.80\.128\/25 overlaps with .*test-op-shop/,
    ],
    [
      'that overlaps with one of the host',
      'test-op-x',
      { subnet: '192.168.0.0/16' },
      /overlaps with 192\.168\.122\.1\/24, the network default/,
    ],
    ['of a name that the host has', 'default', {}, /has a network default that Innkeeper did not make/],
    ['that is no subnet', 'test-op-x', { subnet: '10.1.2.3/24' }, /the subnet is 10\.1\.2\.0\/24/],
    ['whose guests would lose it', shop, { subnet: '10.219.81.0/24' }, /cannot be changed: it is used by test-op-db/],
  ] as const)('one %s', async (_, name, network, message) => {
    expect(await refused(() => innkeeper.client.putNetwork(name, network))).toMatch(message);
    expect((await innkeeper.client.networks()).filter(({ managed }) => managed).map((one) => one.name)).toEqual([
      bank,
      shop,
    ]);
  });

  it('removing one that is used, or that is not ours', async () => {
    expect(await refused(() => innkeeper.client.removeNetwork(shop))).toMatch(/is used by test-op-db/);
    expect(await refused(() => innkeeper.client.removeNetwork('default'))).toMatch(/leaves it alone/);
    expect(await refused(() => innkeeper.client.removeNetwork('test-op-none'))).toMatch(/There is no network/);
  });

  it.each([
    ['of another project', spec(bank, 'shop'), /belongs to the project bank, the workload to shop/],
    ['that nobody knows', spec('test-op-none', 'shop'), /needs the network test-op-none/],
  ] as const)('a workload on a network %s', async (_, wanted, message) => {
    expect(await refused(() => innkeeper.client.put('test-op-bad', wanted))).toMatch(message);
  });

  it.each([
    ['outside of its network', '10.99.0.5', /10\.99\.0\.5 is not of the network test-op-shop/],
    ['that another workload holds', '10.219.80.2', /10\.219\.80\.2 is held by the workload test-op-web/],
  ])('an address %s', async (_, address, message) => {
    expect((await apply('test-op-bad', spec(shop, 'shop', address))).error?.detail).toMatch(message);
    await innkeeper.finished(await innkeeper.client.remove('test-op-bad'));
  });

  it('a bridge that is gone is waited for by its name', async () => {
    await innkeeper.client.putNetwork('test-op-lan', { mode: 'bridge', bridge: 'test-br9' });
    const operation = await innkeeper.client.put('test-op-out', spec('test-op-lan', 'shop'));
    const waiting = await viewWhere(innkeeper, 'test-op-out', ({ state }) => state === 'waiting');
    expect(waiting.operation?.progress).toContain('is the bridge test-br9 of the host');
    await innkeeper.client.cancel(operation?.id ?? '');
    await innkeeper.finished(await innkeeper.client.remove('test-op-out'));
    await innkeeper.client.removeNetwork('test-op-lan');
  });
});
