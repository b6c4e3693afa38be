import { randomBytes, randomUUID } from 'node:crypto';
import type { ConformanceBench, Driver, DriverFactory, GuestOrder, GuestRef } from '@innkeeper/driver-contract';
import { localHost } from '@innkeeper/host';
import { connect } from '@innkeeper/libvirt';
import { completeSpec, type DriverReport, pathsUnder, type WorkloadSpec } from '@innkeeper/model';

export const prefix = '/tmp/innkeeper-test-conformance';
const paths = pathsUnder(prefix);
export const host = localHost('test');
/** Away from what an inventory gives: nothing else of these tests is claimed. */
const firstUid = 0x7000_0000;
const uris = { lxc: 'lxc:///system', kvm: 'qemu:///system' } as const;

const mac = (): string => `52:54:00:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;

const foreignXml = {
  lxc: (name: string, uuid: string) =>
    `<domain type="lxc"><name>${name}</name><uuid>${uuid}</uuid><memory>65536</memory><os><type>exe</type><init>/bin/true</init></os></domain>`,
  kvm: (name: string, uuid: string) =>
    `<domain type="qemu"><name>${name}</name><uuid>${uuid}</uuid><memory>65536</memory><os><type arch="x86_64" machine="q35">hvm</type></os></domain>`,
} as const;

export interface OpenBench extends ConformanceBench {
  /** Takes away every guest that an order was made for. */
  removeAll(): Promise<void>;
  close(): Promise<void>;
}

export const openDriver = (factory: DriverFactory): Driver =>
  factory.open({
    host,
    paths,
    // Emulation is enough to see a machine defined, started and stopped.
    acceleration: 'tcg',
    imageMirror: undefined,
    imageCache: process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images',
  });

/** What the suite needs of this machine for one of the two drivers over libvirt. */
export const openBench = async (factory: DriverFactory, restartBackend: () => Promise<void>): Promise<OpenBench> => {
  const backend = factory.backend;
  const libvirt = connect(host, uris[backend]);
  const driver = openDriver(factory);
  await host.files.makeDirectory(paths.state, 0o711);
  const foreign: GuestRef = { uuid: randomUUID(), name: `test-conform-foreign-${backend}` };
  for (const left of (await libvirt.domains()).filter(({ name }) => name.startsWith('test-conform-'))) {
    await libvirt.destroy(left.uuid).catch(() => undefined);
    await libvirt.undefine(left.uuid, { nvram: true });
  }
  await libvirt.define(foreignXml[backend](foreign.name, foreign.uuid), { validate: false });
  let made = 0;
  const orders: GuestOrder[] = [];
  const report: DriverReport = await driver.probe();

  const order = async (parts: Parameters<ConformanceBench['order']>[0] = {}): Promise<GuestOrder> => {
    made += 1;
    const uuid = randomUUID();
    const stored: WorkloadSpec = { image: 'debian/12', backend };
    const network = report.networks.find(({ name }) => name === 'default');
    const { gateway = '192.168.122.1', prefix: length = 24 } = network ?? {};
    const order: GuestOrder = {
      name: `test-conform-${backend}-${made}`,
      uuid,
      spec: { ...completeSpec(stored), ...parts.spec },
      stored,
      ownership: { installation: randomUUID(), workloadId: uuid, generation: parts.generation ?? 1 },
      claims: {
        uidStart: firstUid + made * 65_536,
        networks: [
          {
            network: 'default',
            mac: mac(),
            address: { ip: `192.168.122.${200 + (made % 40)}`, prefix: length, gateway },
          },
        ],
      },
      report,
    };
    orders.push(order);
    return order;
  };

  const leftovers = async ({ uuid, name }: GuestRef): Promise<string[]> => {
    const domains = (await libvirt.domains()).filter((one) => one.uuid === uuid || one.name === name);
    const folders = [`${paths.state}/roots/${uuid}`, `${paths.state}/disks/${uuid}`];
    const there = [];
    for (const folder of folders) if ((await host.files.facts(folder)) !== undefined) there.push(folder);
    const mounts = (await host.files.readText('/proc/self/mountinfo'))
      .split('\n')
      .filter((line) => line.includes(uuid));
    const entries = (await libvirt.networkXml('default', { inactive: true })).includes(`'${name}'`) ? ['address'] : [];
    const consoles = (await host.files.list(`${paths.logs}/consoles`)).filter((file) => file.includes(uuid));
    return [...domains.map((one) => `domain ${one.name}`), ...there, ...mounts, ...entries, ...consoles];
  };

  return {
    driver,
    order,
    leftovers,
    foreign: {
      guest: foreign,
      fingerprint: async () => (await libvirt.xml([foreign.uuid], { inactive: true })).get(foreign.uuid) ?? 'gone',
    },
    restartBackend,
    removeAll: async () => {
      for (const { uuid, name, claims } of orders.splice(0))
        for (const step of driver.destroy({ uuid, name }, claims.networks, 'delete'))
          await step.run({ signal: new AbortController().signal, fence: 1, progress: () => undefined });
    },
    close: async () => {
      await libvirt.undefine(foreign.uuid).catch(() => undefined);
      await host.files.remove(prefix);
    },
  };
};
