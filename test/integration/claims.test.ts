import { randomUUID } from 'node:crypto';
import { localHost } from '@innkeeper/host';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import {
  changeHost,
  claimCapacity,
  claimDevices,
  claimNetwork,
  claimPorts,
  claimUidRange,
  ensureHost,
  type Inventory,
  insertWorkload,
  listDevices,
  listHosts,
  openInventory,
  portsToPublish,
  recordDevices,
  recordReport,
  releaseClaims,
  resizeClaim,
} from '@innkeeper/inventory';
import { type DeviceReport, deviceRequestOf, pathsUnder } from '@innkeeper/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const paths = pathsUnder('/tmp/innkeeper-test-claims');
const machine = localHost('test');
const GiB = 2 ** 30;
const nobody = { cpus: 0, memoryBytes: 0 };
const gpu = [deviceRequestOf({ gpu: {} })];

let inventory: Inventory;
let round = 0;
let on = '';

const workload = async (): Promise<string> => {
  const id = randomUUID();
  await insertWorkload(inventory.db, { id, name: `w-${id}`, spec: { image: 'debian/12' } });
  return id;
};
const workloads = (count: number): Promise<string[]> => Promise.all(Array.from({ length: count }, workload));
const device = (key: string, parts: Partial<DeviceReport> = {}): DeviceReport => ({
  key,
  class: 'gpu',
  title: key,
  slots: 1,
  state: 'free',
  ...parts,
});
const claim = (workloadId: string, parts: Partial<Parameters<typeof claimCapacity>[1]> = {}) =>
  claimCapacity(inventory.db, {
    workloadId,
    host: on,
    cpus: 1,
    memoryBytes: GiB,
    diskBytes: GiB,
    foreign: nobody,
    ...parts,
  });
const holders = async (): Promise<number[]> =>
  (await listDevices(inventory.db)).filter((one) => one.host === on).map((one) => one.holders.length);

beforeAll(async () => {
  await machine.files.remove(paths.prefix);
  const { url } = await ensureDatabase(machine, paths);
  inventory = await openInventory(url, { connections: 16 });
});

afterAll(async () => {
  await inventory.close();
  await stopDatabase(machine, paths);
  await machine.files.remove(paths.prefix);
});

beforeEach(async () => {
  round += 1;
  on = `host-${round}`;
  await ensureHost(inventory.db, on, 'test');
  await recordReport(
    inventory.db,
    on,
    {
      hostname: on,
      arch: 'x86_64',
      kernel: 'test',
      bootId: 'boot',
      cpus: 4,
      memoryBytes: 8 * GiB,
      diskFreeBytes: 100 * GiB,
      diskTotalBytes: 100 * GiB,
      reservedIds: [],
    },
    [],
  );
  await changeHost(inventory.db, on, { cpuRatio: 4, memoryRatio: 1 });
});

describe('devices', () => {
  it('200 claims on 8 devices at once have exactly 8 winners', async () => {
    await recordDevices(
      inventory.db,
      on,
      Array.from({ length: 8 }, (_, at) => device(`gpu-${at}`)),
    );
    const won = await Promise.all(
      (await workloads(200)).map((workloadId) => claimDevices(inventory.db, { workloadId, host: on }, gpu)),
    );
    expect(won.filter(Boolean)).toHaveLength(8);
    expect(await holders()).toEqual(Array(8).fill(1));
  });

  it('of one IOMMU group go to one workload, all of them', async () => {
    await recordDevices(inventory.db, on, [
      device('gpu-a', { group: '7' }),
      device('sound-a', { class: 'pci', group: '7' }),
      device('gpu-b', { group: '8' }),
    ]);
    const claims = (await workloads(20)).map(async (workloadId) => {
      const won = await inventory
        .transaction(async (tx) => {
          if (!(await claimDevices(tx, { workloadId, host: on }, gpu))) throw new Error('lost');
          return true;
        })
        .catch(() => false);
      return won ? workloadId : undefined;
    });
    const winners = (await Promise.all(claims)).filter((id) => id !== undefined);
    expect(winners).toHaveLength(2);
    expect(await holders()).toEqual([1, 1, 1]);
  });

  it('of a group with one that the host needs go to nobody', async () => {
    await recordDevices(inventory.db, on, [
      device('gpu', { group: '1' }),
      device('disk', { class: 'pci', group: '1', state: 'host' }),
    ]);
    expect(await claimDevices(inventory.db, { workloadId: await workload(), host: on }, gpu)).toBe(false);
  });

  it('that are shared have as many holders as slots and no more', async () => {
    await recordDevices(inventory.db, on, [device('render', { class: 'render', slots: 3 })]);
    const shared = [deviceRequestOf({ gpu: { shared: true } })];
    const won = await Promise.all(
      (await workloads(10)).map((workloadId) => claimDevices(inventory.db, { workloadId, host: on }, shared)),
    );
    expect(won.filter(Boolean)).toHaveLength(3);
  });

  it('that look alike are told apart by what was asked for', async () => {
    await recordDevices(inventory.db, on, [
      device('usb:1-1', { class: 'usb', id: '0627:0001', port: '1-1' }),
      device('usb:1-2', { class: 'usb', id: '0627:0001', port: '1-2' }),
    ]);
    const [first, second] = await workloads(2);
    const any = deviceRequestOf({ usb: { id: '0627:0001' } });
    const left = deviceRequestOf({ usb: { port: '1-1' } });
    expect(await claimDevices(inventory.db, { workloadId: first ?? '', host: on }, [any, left])).toBe(true);
    expect(await claimDevices(inventory.db, { workloadId: second ?? '', host: on }, [any])).toBe(false);
    await releaseClaims(inventory.db, first ?? '');
    expect(await claimDevices(inventory.db, { workloadId: second ?? '', host: on }, [any])).toBe(true);
  });

  it('that are gone stay known as missing while somebody holds them', async () => {
    await recordDevices(inventory.db, on, [device('gpu')]);
    const workloadId = await workload();
    await claimDevices(inventory.db, { workloadId, host: on }, gpu);
    await recordDevices(inventory.db, on, []);
    const states = async () =>
      (await listDevices(inventory.db)).filter((one) => one.host === on).map(({ state }) => state);
    expect(await states()).toEqual(['missing']);
    await releaseClaims(inventory.db, workloadId);
    await recordDevices(inventory.db, on, []);
    expect(await states()).toEqual([]);
  });
});

describe('capacity', () => {
  it('is never sold twice, however many ask at once', async () => {
    const won = await Promise.all((await workloads(100)).map((id) => claim(id)));
    expect(won.filter(Boolean)).toHaveLength(8);
    const row = (await listHosts(inventory.db)).find(({ name }) => name === on);
    expect(row).toMatchObject({ cpusClaimed: 8, memoryClaimed: 8 * GiB });
  });

  it('leaves out what the host keeps and what foreign guests use', async () => {
    await changeHost(inventory.db, on, { reservedMemory: '2GiB' });
    const foreign = { cpus: 0, memoryBytes: 4 * GiB };
    const [a, b, c] = await workloads(3);
    expect(await claim(a ?? '', { foreign })).toBe(true);
    expect(await claim(b ?? '', { foreign })).toBe(true);
    expect(await claim(c ?? '', { foreign })).toBe(false);
  });

  it('may shrink below what is claimed, and then nothing more is claimed', async () => {
    const [a, b] = await workloads(2);
    expect(await claim(a ?? '', { memoryBytes: 6 * GiB })).toBe(true);
    await changeHost(inventory.db, on, { memoryRatio: 0.5 });
    expect(await claim(b ?? '')).toBe(false);
    const held = { workloadId: a ?? '', host: on, cpus: 1, diskBytes: GiB, foreign: nobody };
    expect(await resizeClaim(inventory.db, { ...held, memoryBytes: 5 * GiB })).toBe(true);
    expect(await resizeClaim(inventory.db, { ...held, memoryBytes: 6 * GiB })).toBe(false);
  });

  it('of a host that is being emptied is not claimed', async () => {
    await changeHost(inventory.db, on, { draining: true });
    expect(await claim(await workload())).toBe(false);
  });
});

describe('ranges of user ids', () => {
  it('are different for everybody and leave out what others use', async () => {
    const taken = [{ start: 0x20000000, count: 65_536 * 10 + 1 }];
    const starts = await Promise.all((await workloads(50)).map((id) => claimUidRange(inventory.db, id, taken)));
    expect(new Set(starts).size).toBe(50);
    expect(Math.min(...starts)).toBeGreaterThan(0x20000000 + 65_536 * 10);
    expect(starts.every((start) => start % 65_536 === 0)).toBe(true);
  });
});

describe('addresses and ports', () => {
  const candidates = Array.from({ length: 254 }, (_, at) => `10.219.90.${at + 1}`);
  const network = (workloadId: string, at: number) =>
    claimNetwork(inventory.db, {
      workloadId,
      position: 0,
      host: on,
      network: 'lab',
      mac: `52:54:00:${round.toString(16).padStart(2, '0')}:01:${at.toString(16).padStart(2, '0')}`,
      candidates,
    });

  it('200 leases that are asked for at once are 200 different addresses', async () => {
    const rows = await Promise.all((await workloads(200)).map(network));
    const addresses = rows.map((row) => row?.address);
    expect(addresses).not.toContain(undefined);
    expect(new Set(addresses).size).toBe(200);
  });

  it('one address that two ask for is given to one of them', async () => {
    const [first = '', second = ''] = await workloads(2);
    const ask = (workloadId: string, at: number) =>
      claimNetwork(inventory.db, {
        workloadId,
        position: 0,
        host: on,
        network: 'lab',
        mac: `52:54:00:${round.toString(16).padStart(2, '0')}:02:0${at}`,
        candidates: ['10.219.90.7'],
      });
    const rows = await Promise.all([ask(first, 1), ask(second, 2)]);
    expect(rows.map((row) => row?.address ?? 'none').sort()).toEqual(['10.219.90.7', 'none']);
  });

  it('one address of a network that hosts share is given to one of all who ask, on whatever host', async () => {
    const asking = await workloads(20);
    const rows = await Promise.all(
      asking.map((workloadId, at) =>
        claimNetwork(inventory.db, {
          workloadId,
          position: 0,
          host: `${on}-${at % 4}`,
          network: `lan-${round}`,
          mac: `52:54:00:${round.toString(16).padStart(2, '0')}:03:${at.toString(16).padStart(2, '0')}`,
          shared: true,
          candidates: ['10.219.91.7'],
        }),
      ),
    );
    expect(rows.filter((row) => row?.address === '10.219.91.7')).toHaveLength(1);
    expect(rows.filter((row) => row === undefined)).toHaveLength(19);
  });

  it('one port that fifty ask for is given to one of them, and the others hear by whom', async () => {
    const port = { protocol: 'tcp', port: 8080, guestPort: 80, mac: '52:54:00:00:00:01' } as const;
    const answers = await Promise.all(
      (await workloads(50)).map((workloadId) => claimPorts(inventory.db, { workloadId, host: on }, [port])),
    );
    expect(answers.filter((one) => 'changed' in one)).toHaveLength(1);
    const [other] = answers.filter((one) => 'taken' in one);
    expect(other).toMatchObject({ taken: { port: 8080 }, by: expect.stringMatching(/^w-/) });
  });

  it('the port of who leaves is found by nobody who publishes after that, before its other claims are given back', async () => {
    const [leaving = '', staying = ''] = await workloads(2);
    for (const [at, workloadId] of [leaving, staying].entries()) {
      const row = await network(workloadId, 200 + at);
      const port = { protocol: 'tcp', port: 9000 + at, guestPort: 80, mac: row?.mac ?? '' } as const;
      await claimPorts(inventory.db, { workloadId, host: on }, [port]);
    }
    const published = async (who?: string): Promise<number[]> =>
      (await inventory.transaction((tx) => portsToPublish(tx, on, who))).map(({ port }) => port);
    expect((await published()).sort()).toEqual([9000, 9001]);
    const [first, after] = await Promise.all([published(leaving), published(staying).catch(() => [])]);
    expect([first, after].map((ports) => ports.length).sort()).toEqual([0, 1]);
    expect(await published()).toEqual([]);
  });
});
