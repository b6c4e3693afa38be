import { type Client, createClient } from '@innkeeper/client';
import { type FaultPoints, type Running, readConfig, startControlPlane } from '@innkeeper/control-plane';
import { localHost } from '@innkeeper/host';
import { ensureDatabase, stopDatabase } from '@innkeeper/infra';
import {
  deleteWorkload,
  findWorkload,
  releaseClaims,
  renameWorkload,
  setBehind,
  type WorkloadRow,
} from '@innkeeper/inventory';
import { connect, describeNetwork } from '@innkeeper/libvirt';
import {
  InnkeeperError,
  installationSuffix,
  type OperationView,
  pathsUnder,
  type WorkloadView,
} from '@innkeeper/model';
import { unpublishAll } from '@innkeeper/network';
import { destroyContainerRoot } from '@innkeeper/storage';
import { type Logger, pino } from 'pino';
import { keepReadyImage, takeReadyImage } from './ready-image.ts';

/** Tests that bring more than this machine have a place of their own. */
export const prefix = process.env.INNKEEPER_TEST_PREFIX ?? '/tmp/innkeeper-test-operations';
export const paths = pathsUnder(prefix);
export const host = localHost('test');
/** Guests of tests begin with it; another place has other guests, and leaves those of this one alone. */
export const guestPrefix =
  process.env.INNKEEPER_TEST_GUESTS ?? (process.env.INNKEEPER_TEST_PREFIX === undefined ? 'test-op' : 'test-far');
const lxc = connect(host, 'lxc:///system');
const qemu = connect(host, 'qemu:///system');

/** A control plane in this process, with real PostgreSQL and real libvirt, whose steps can be made to fail. */
export interface Installation {
  readonly client: Client;
  readonly databaseUrl: string;
  /** Follows an operation to its end. */
  finished(operation: OperationView | undefined): Promise<OperationView>;
  /** Called at every point of every operation; what it throws happens there. */
  fault: FaultPoints['at'];
  /** The control plane ends, `meanwhile` happens, and another begins; guests and database stay. */
  replace(meanwhile?: () => Promise<void>): Promise<void>;
  /** As {@link replace}, with an empty database: what was in it is gone for good. */
  loseDatabase(meanwhile?: () => Promise<void>): Promise<void>;
  /** The inventory loses one workload, as a dump from before it would not have it; hosts know nothing of that. */
  forget(name: string, options?: { readonly behind?: boolean }): Promise<void>;
  /** In the inventory alone, behind everybody's back. */
  rename(name: string, to: string): Promise<void>;
  stop(): Promise<void>;
}

/** What a run that was ended in the middle has left: guests, fixed addresses, mounts, its database. */
export const removeLeft = async (): Promise<void> => {
  for (const libvirt of [lxc, qemu])
    for (const { uuid, name } of await libvirt.domains()) {
      if (!name.startsWith(guestPrefix)) continue;
      await libvirt.destroy(uuid).catch(() => undefined);
      await libvirt.undefine(uuid, libvirt === qemu ? { nvram: true, tpm: true } : {});
    }
  const found = [
    describeNetwork(await lxc.networkXml('default')),
    describeNetwork(await lxc.networkXml('default', { inactive: true })),
  ];
  const [ips, dnsHosts] = [found.flatMap((one) => one.ips), found.flatMap((one) => one.dnsHosts)];
  for (const { ip, names } of dnsHosts)
    for (const name of names)
      if (ip !== undefined && name.startsWith(guestPrefix)) await lxc.removeDnsName('default', { ip, name });
  for (const { mac, name } of ips.flatMap(({ dhcp }) => dhcp.hosts))
    if (mac !== undefined && name?.startsWith(guestPrefix) === true) await lxc.removeDhcpHost('default', { mac });
  for (const id of await host.files.list(`${paths.state}/roots`)) await destroyContainerRoot(host, paths, id);
  await unpublishAll(host, paths);
  await stopDatabase(host, paths);
  await host.files.remove(prefix);
};

/** `settings` are environment variables of the control plane beside those that every test has. */
export const install = async (
  settings: Readonly<Record<string, string>> = {},
  log: Logger = pino({ level: 'silent' }),
): Promise<Installation> => {
  await removeLeft();
  const { url } = await ensureDatabase(host, paths);
  await takeReadyImage(host, paths);
  const config = readConfig({
    DATABASE_URL: url,
    INNKEEPER_PREFIX: prefix,
    INNKEEPER_LISTEN: 'off',
    INNKEEPER_IMAGE_CACHE: process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images',
    ...settings,
  });
  const faults: { at: FaultPoints['at'] } = { at: () => undefined };
  const start = (): Promise<Running> => startControlPlane(config, { log, faults: { at: (point) => faults.at(point) } });
  let running = await start();
  const replace: Installation['replace'] = async (meanwhile) => {
    await running.stop();
    await meanwhile?.();
    running = await start();
  };
  const named = async (name: string): Promise<WorkloadRow> => {
    const row = await findWorkload(running.control.inventory.db, name);
    if (row === undefined) throw new Error(`there is no workload ${name}`);
    return row;
  };
  const client = createClient({ socket: paths.socket });
  return {
    client,
    databaseUrl: url,
    finished: async (operation) => {
      if (operation === undefined) throw new Error('there was nothing to do');
      let now = operation;
      while (now.finishedAt === undefined) now = await client.operation(now.id, '30s');
      return now;
    },
    get fault() {
      return faults.at;
    },
    set fault(at) {
      faults.at = at;
    },
    replace,
    loseDatabase: (meanwhile) =>
      replace(async () => {
        await stopDatabase(host, paths);
        await host.files.remove(paths.databaseData);
        await meanwhile?.();
        await ensureDatabase(host, paths);
      }),
    forget: async (name, { behind = false } = {}) => {
      const { inventory, observe } = running.control;
      const { id, placed } = await named(name);
      await inventory.transaction(async (tx) => {
        if (behind) await setBehind(tx, true);
        await releaseClaims(tx, id);
        await deleteWorkload(tx, id);
      });
      if (placed !== null) await observe(placed.host, placed.driver);
    },
    rename: async (name, to) => {
      const { id } = await named(name);
      await running.control.inventory.transaction((tx) => renameWorkload(tx, id, to));
    },
    stop: async () => {
      await running.stop();
      await stopDatabase(host, paths);
      await keepReadyImage(host, paths);
      await host.files.remove(prefix);
    },
  };
};

/** Throws once, at one point of an operation. */
export const failOnce = (installation: Pick<Installation, 'fault'>, where: string, error: () => Error): void => {
  let thrown = false;
  installation.fault = (point) => {
    if (point !== where || thrown) return;
    thrown = true;
    throw error();
  };
};

export const broken = (): Error => new InnkeeperError('host_error', 'made to fail by a test');
/** What a process sees that was killed: it writes nothing more, and another goes on from the journal. */
export const killed = (): Error => new InnkeeperError('fenced', 'made to stop by a test');

/** A step fails once behind everything, and the undo of another is cut short once: answers whether it was. */
export const cutUndo = (installation: Installation, last: string, step: string): (() => boolean) => {
  let [failed, stopped] = [false, false];
  installation.fault = (point) => {
    if (point === `after ${last}` && !failed) {
      failed = true;
      throw broken();
    }
    if (point === `after undo of ${step}` && !stopped) {
      stopped = true;
      throw killed();
    }
  };
  return () => stopped;
};

const patienceMs = 60_000;

/** Waits until a workload looks as it should; says how it looked last when it never does. */
export const viewWhere = async (
  { client }: Pick<Installation, 'client'>,
  name: string,
  fits: (view: WorkloadView) => boolean,
  withinMs = patienceMs,
): Promise<WorkloadView> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const view = await client.workload(name).catch((error: unknown) => {
      // A guest that others make is seen a moment later.
      if (error instanceof InnkeeperError && error.code === 'not_found') return undefined;
      throw error;
    });
    if (view !== undefined && fits(view)) return view;
    if (Date.now() > deadline) throw new Error(`${name} never was what was waited for: ${JSON.stringify(view)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** What is published on the host: the kernel's table, and the way past libvirt's own rules. */
const publishedOnHost = async (): Promise<string[]> => {
  const name = `innkeeper${installationSuffix(paths)}`;
  const [tables, rules, rules6] = await Promise.all([
    host.run(['nft', 'list', 'tables']),
    host.run(['iptables', '-w', '-S', 'FORWARD']),
    host.run(['ip6tables', '-w', '-S', 'FORWARD']),
  ]);
  return `${tables.stdout}${rules.stdout}${rules6.stdout}`.split('\n').filter((line) => line.includes(name));
};

/** Everything of test guests that is on the host: domains, roots, mounts, fixed addresses and published ports. */
export const leftOnHost = async (): Promise<string[]> => {
  const all = [...(await lxc.domains()), ...(await qemu.domains())];
  const domains = all.map(({ name }) => name).filter((name) => name.startsWith(guestPrefix));
  const roots = await host.files.list(`${paths.state}/roots`);
  const mounts = (await host.files.readText('/proc/self/mountinfo'))
    .split('\n')
    .filter((line) => line.includes(prefix));
  const network = await lxc.networkXml('default', { inactive: true });
  const entries = network.match(new RegExp(`name=['"]${guestPrefix}[^'"]*|<hostname>${guestPrefix}[^<]*`, 'g')) ?? [];
  return [...domains, ...roots, ...mounts, ...entries, ...(await publishedOnHost())];
};
