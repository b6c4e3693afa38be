import { randomBytes, randomUUID } from 'node:crypto';
import type { ConformanceBench, Driver, DriverFactory, GuestOrder, GuestRef } from '@innkeeper/driver-contract';
import { localHost } from '@innkeeper/host';
import { type Backend, completeSpec, type DriverReport, pathsUnder, type WorkloadSpec } from '@innkeeper/model';
import { mountsBelow } from '@innkeeper/storage';

/** Another for those who run the suite beside others: each removes it at its end. */
export const prefix = `${process.env.INNKEEPER_TEST_PREFIX ?? '/tmp/innkeeper-test'}-conformance`;
export const paths = pathsUnder(prefix);
export const host = localHost('test');

export interface OpenBench extends ConformanceBench {
  /** Takes away every guest that an order was made for. */
  removeAll(): Promise<void>;
  close(): Promise<void>;
}

const imageCache = process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images';
export const libvirtSeconds = Number(process.env.INNKEEPER_LIBVIRT_SECONDS ?? 30);

export const openDriver = (factory: DriverFactory): Driver =>
  factory.open({
    host,
    paths,
    // Emulation is enough to see a machine defined, started and stopped; on an emulated machine it is too slow for more.
    acceleration: process.env.INNKEEPER_TEST_ACCELERATION === 'kvm' ? 'kvm' : 'tcg',
    imageMirror: undefined,
    // On a machine that is itself emulated, what a machine boots has to be smaller than what a container holds.
    imageCache: (factory.backend === 'kvm' ? process.env.INNKEEPER_TEST_MACHINE_IMAGES : undefined) ?? imageCache,
    libvirtSeconds,
  });

const mac = (): string => `52:54:00:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;

/** What the orders of one bench have in common, and what keeps those of another away. */
export interface OrderSeries {
  /** Begins every name. */
  readonly names: string;
  readonly backend: Backend;
  readonly report: DriverReport;
  /** Away from what an inventory gives: nothing else of these tests is claimed. */
  readonly firstUid: number;
  /** Last part of the first of 40 addresses on the network "default". */
  readonly firstAddress: number;
}

export interface Orders {
  readonly order: ConformanceBench['order'];
  /** Destroys the guest of every order, and forgets them. */
  removeAll(driver: Driver): Promise<void>;
}

export const orderSeries = ({ names, backend, report, firstUid, firstAddress }: OrderSeries): Orders => {
  const made: GuestOrder[] = [];
  let count = 0;
  const order: Orders['order'] = async (parts = {}) => {
    count += 1;
    const uuid = randomUUID();
    const stored: WorkloadSpec = { image: 'debian/12', backend };
    const network = report.networks.find(({ name }) => name === 'default');
    const { gateway = '192.168.122.1', prefix: length = 24 } = network ?? {};
    const address = { ip: `192.168.122.${firstAddress + (count % 40)}`, prefix: length, gateway };
    const order: GuestOrder = {
      name: `${names}-${count}`,
      uuid,
      spec: { ...completeSpec(stored), ...parts.spec },
      stored,
      ownership: { installation: randomUUID(), workloadId: uuid, generation: parts.generation ?? 1 },
      claims: { uidStart: firstUid + count * 65_536, networks: [{ network: 'default', mac: mac(), address }] },
      report,
    };
    made.push(order);
    return order;
  };
  return {
    order,
    removeAll: async (driver) => {
      for (const { uuid, name, claims } of made.splice(0))
        for (const step of driver.destroy({ uuid, name }, claims.networks, 'delete'))
          await step.run({ signal: new AbortController().signal, fence: 1, progress: () => undefined });
    },
  };
};

/** Unmounts what a guest stands on, as a reboot does. */
export const forgetMounts = async ({ uuid }: GuestRef): Promise<void> => {
  for (const point of await mountsBelow(host, `${paths.state}/roots/${uuid}`)) await host.run(['umount', '--', point]);
};

/** What of a guest is below the state directory or mounted from there, whatever its driver. */
export const commonLeftovers = async ({ uuid }: GuestRef): Promise<string[]> => {
  const folders = [`${paths.state}/roots/${uuid}`, `${paths.state}/disks/${uuid}`, `${paths.state}/volumes/${uuid}`];
  const there = [];
  for (const folder of folders) if ((await host.files.facts(folder)) !== undefined) there.push(folder);
  const mounts = (await host.files.readText('/proc/self/mountinfo')).split('\n').filter((line) => line.includes(uuid));
  return [...there, ...mounts];
};
