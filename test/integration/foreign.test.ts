import { ensureDatabase } from '@innkeeper/infra';
import { listDevices, openInventory, recordDevices } from '@innkeeper/inventory';
import { el } from '@innkeeper/libvirt';
import type { WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { host, type Installation, install, paths } from './installation.ts';
import {
  busyboxRoot,
  classicContainer,
  define,
  rawContainer,
  rawMachine,
  removeClassic,
  removeRaw,
  shownAs,
  virsh,
} from './raw-guests.ts';

const container = 'test-raw-box';
const machine = 'test-raw-web';
const classic = 'test-raw-classic';
const root = '/tmp/innkeeper-test-raw-root';
const disk = '/tmp/innkeeper-test-raw-disk.qcow2';
const address = '0000:7f:1f.7';

let innkeeper: Installation;

const removeAll = async (): Promise<void> => {
  await removeRaw('lxc', container);
  await removeRaw('qemu', machine);
  await removeClassic(classic);
  for (const path of [root, disk]) await host.files.remove(path);
};
const seen = (name: string, fits: (view: WorkloadView) => boolean): Promise<WorkloadView> =>
  shownAs(innkeeper, name, fits);

beforeAll(async () => {
  await removeAll();
  await busyboxRoot(root);
  await host.files.write(disk, '');
  const node = el('hostdev', { mode: 'capabilities', type: 'misc' }, el('source', {}, el('char', {}, '/dev/kmsg')));
  await define('lxc', rawContainer(container, root, '52:54:00:7e:57:01', node));
  await define(
    'qemu',
    rawMachine(
      machine,
      el('disk', { type: 'file', device: 'disk' }, el('source', { file: disk }), el('target', { dev: 'vda' })),
      el(
        'hostdev',
        { mode: 'subsystem', type: 'pci', managed: 'yes' },
        el('source', {}, el('address', { domain: '0x0000', bus: '0x7f', slot: '0x1f', function: '0x7' })),
      ),
      el(
        'hostdev',
        { mode: 'subsystem', type: 'usb' },
        el('source', {}, el('vendor', { id: '0x46f4' }), el('product', { id: '0x0001' })),
      ),
    ),
  );
  await classicContainer(classic);
  innkeeper = await install();
});

afterAll(async () => {
  await innkeeper?.stop();
  await removeAll();
});

it('a container of libvirt is shown with its system, what it has of the host, and the address that DHCP gave it', async () => {
  await virsh('lxc', 'start', container);
  const view = await seen(container, ({ state, addresses }) => state === 'running' && addresses.length > 0);
  expect(view).toMatchObject({
    managed: false,
    driver: 'lxc',
    image: 'alpine/3.19.1',
    cpus: 2,
    memoryBytes: 64 * 2 ** 20,
    autostart: false,
    persistent: true,
    disks: [{ target: '/', source: root, readonly: false }],
    devices: [{ kind: 'node', address: '/dev/kmsg', text: 'device /dev/kmsg' }],
    addresses: [expect.stringMatching(/^192\.168\./)],
    drift: [],
  });
});

it('a machine is shown with what virt-manager noted, its disk and what is passed through', async () => {
  await virsh('qemu', 'autostart', machine);
  expect(await seen(machine, ({ autostart }) => autostart === true)).toMatchObject({
    managed: false,
    driver: 'kvm',
    state: 'stopped',
    image: 'ubuntu/24.04',
    cpus: 1,
    memoryBytes: 32 * 2 ** 20,
    disks: [{ target: 'vda', source: disk, readonly: false }],
    devices: [
      { kind: 'pci', address, text: `PCI device ${address}` },
      { kind: 'usb', id: '46f4:0001', text: 'USB device 46f4:0001' },
    ],
  });
});

it('a classic container is shown without a setting', async () => {
  expect(await seen(classic, () => true)).toMatchObject({
    managed: false,
    driver: 'lxc-tools',
    state: 'stopped',
    image: 'alpine/3.19.1',
    memoryBytes: 96 * 2 ** 20,
    autostart: true,
    disks: [{ target: '/', source: `/var/lib/lxc/${classic}/rootfs`, readonly: false }],
    devices: [{ kind: 'node', address: '/dev/null', text: 'device /dev/null' }],
  });
});

it('what runs of them counts against the host, and a device that one holds is promised to nobody', async () => {
  const [one] = await innkeeper.client.hosts();
  const { name, capacity } = one ?? { name: '', capacity: undefined };
  expect(capacity?.foreign.cpus).toBeGreaterThanOrEqual(2);
  const { url } = await ensureDatabase(host, paths);
  const inventory = await openInventory(url);
  const gpu = { key: `pci:${address}`, class: 'gpu', title: 'a card', address, slots: 1, state: 'free' } as const;
  await recordDevices(inventory.db, name, [gpu]);
  expect((await innkeeper.client.host(name)).devices).toMatchObject([
    { key: gpu.key, state: 'in-use', holders: [`${machine} (foreign)`] },
  ]);
  const plan = await innkeeper.client.plan({
    workloads: { 'test-op-gpu': { image: 'windows/11', devices: [{ gpu: {} }] } },
  });
  expect(JSON.stringify(plan.workloads[0]?.placement?.candidates)).toContain(`a card is held by ${machine} (foreign)`);
  await recordDevices(inventory.db, name, []);
  expect(await listDevices(inventory.db)).toEqual([]);
  await inventory.close();
});
