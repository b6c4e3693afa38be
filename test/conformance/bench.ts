import { randomUUID } from 'node:crypto';
import type { DriverFactory, GuestRef } from '@innkeeper/driver-contract';
import { ensureLibvirt, stopLibvirt } from '@innkeeper/infra';
import { canonicalXml, connect } from '@innkeeper/libvirt';
import {
  commonLeftovers,
  forgetMounts,
  host,
  libvirtSeconds,
  type OpenBench,
  openDriver,
  orderSeries,
  paths,
  prefix,
} from './orders.ts';

const uris = { lxc: 'lxc:///system', kvm: 'qemu:///system' } as const;

const foreignXml = {
  lxc: (name: string, uuid: string) =>
    `<domain type="lxc"><name>${name}</name><uuid>${uuid}</uuid><memory>65536</memory><os><type>exe</type><init>/bin/true</init></os></domain>`,
  kvm: (name: string, uuid: string) =>
    `<domain type="qemu"><name>${name}</name><uuid>${uuid}</uuid><memory>65536</memory><os><type arch="x86_64" machine="q35">hvm</type></os></domain>`,
} as const;

/** Guests run on while the daemon is away: QEMU and libvirt_lxc do not need it to live. */
const restartBackend = async (): Promise<void> => {
  await stopLibvirt(host);
  await ensureLibvirt(host);
};

/** What the suite needs of this machine for one of the two drivers over libvirt. */
export const openBench = async (factory: DriverFactory): Promise<OpenBench> => {
  const backend = factory.backend;
  const libvirt = connect(host, uris[backend], { timeoutMs: libvirtSeconds * 1000 });
  const driver = openDriver(factory);
  await host.files.makeDirectory(paths.state, 0o711);
  await driver.install?.();
  const foreign: GuestRef = { uuid: randomUUID(), name: `test-conform-foreign-${backend}` };
  for (const left of (await libvirt.domains()).filter(({ name }) => name.startsWith('test-conform-'))) {
    await libvirt.destroy(left.uuid).catch(() => undefined);
    await libvirt.undefine(left.uuid, backend === 'kvm' ? { nvram: true } : {});
  }
  await libvirt.define(foreignXml[backend](foreign.name, foreign.uuid), { validate: false });
  const orders = orderSeries({
    names: `test-conform-${backend}`,
    backend,
    report: await driver.probe(),
    firstUid: 0x7000_0000,
    firstAddress: 200,
  });

  const leftovers = async (guest: GuestRef): Promise<string[]> => {
    const { uuid, name } = guest;
    const domains = (await libvirt.domains()).filter((one) => one.uuid === uuid || one.name === name);
    const entries = (await libvirt.networkXml('default', { inactive: true })).includes(`'${name}'`) ? ['address'] : [];
    const consoles = (await host.files.list(`${paths.logs}/consoles`)).filter((file) => file.includes(uuid));
    return [...domains.map((one) => `domain ${one.name}`), ...(await commonLeftovers(guest)), ...entries, ...consoles];
  };

  return {
    driver,
    order: orders.order,
    leftovers,
    foreign: {
      guest: foreign,
      fingerprint: async () => {
        const xml = (await libvirt.xml([foreign.uuid], { inactive: true })).get(foreign.uuid);
        const { autostart } = (await libvirt.domains()).find(({ uuid }) => uuid === foreign.uuid) ?? {};
        return xml === undefined ? 'gone' : `${canonicalXml(xml)}\nautostart ${autostart}`;
      },
    },
    startByOthers: async (guest) => {
      await forgetMounts(guest);
      await libvirt.start(guest.uuid);
    },
    restartBackend,
    removeAll: () => orders.removeAll(driver),
    close: async () => {
      await libvirt.undefine(foreign.uuid).catch(() => undefined);
      await driver.uninstall?.();
      await host.files.remove(prefix);
    },
  };
};
