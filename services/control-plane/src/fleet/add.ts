import { parseTarget, readMachine } from '@innkeeper/host';
import { type Db, type HostRow, insertHost, isDuplicate, listHosts, recordReport } from '@innkeeper/inventory';
import {
  type DriverReport,
  InnkeeperError,
  type MachineReport,
  type NewHost,
  namePattern,
  nameProblem,
} from '@innkeeper/model';
import type { Control, ManagedHost } from '../control.ts';
import { requireFit } from './fit.ts';
import { hostAt, makeDirectories, openHost } from './open.ts';

/** What was found at an address, before anything of it is stored. */
interface Found {
  readonly managed: ManagedHost;
  readonly machine: MachineReport;
  readonly reports: readonly DriverReport[];
}

const exists = (name: string): InnkeeperError =>
  new InnkeeperError('conflict', `There is a host called ${name} already`, { hint: 'give another one with --name' });

const refuseKnown = (hosts: readonly HostRow[], address: string, name: string | undefined): void => {
  const same = hosts.find((host) => host.address === address);
  if (same !== undefined) throw new InnkeeperError('conflict', `${address} is the host ${same.name} already`);
  if (name !== undefined && hosts.some((host) => host.name === name)) throw exists(name);
};

/** The same boot of a machine of the same name is the same machine under another address: its guests would count twice. */
const refuseSame = (hosts: readonly HostRow[], address: string, { bootId, hostname }: MachineReport): void => {
  const same = hosts.find(({ machine }) => machine?.bootId === bootId && machine.hostname === hostname);
  if (same !== undefined)
    throw new InnkeeperError('conflict', `${address} is the machine of the host ${same.name} (${same.address})`);
};

/** Its own name, without the domain. */
const nameOf = (given: string | undefined, hostname: string): string => {
  const name = given ?? hostname.split('.')[0]?.toLowerCase() ?? '';
  if (!namePattern.test(name))
    throw new InnkeeperError('invalid', nameProblem(name), { hint: 'give another one with --name' });
  return name;
};

const requireDriver = (address: string, reports: readonly DriverReport[]): void => {
  if (reports.some(({ healthy, placeable }) => healthy && placeable)) return;
  const reasons = reports
    .filter(({ placeable }) => placeable)
    .map(({ driver, reason }) => `${driver}: ${reason ?? 'does not work'}`)
    .join('; ');
  throw new InnkeeperError('unavailable', `No driver works at ${address} (${reasons})`, {
    hint: 'see that libvirt runs there: systemctl status libvirtd',
  });
};

const look = async (control: Control, wanted: NewHost, address: string, gone: AbortSignal): Promise<Found> => {
  const { config, inventory } = control;
  const hosts = await listHosts(inventory.db);
  refuseKnown(hosts, address, wanted.name);
  const host = hostAt(config, control.lease, address);
  await requireFit(host, address);
  const machine = await readMachine(host, '/');
  const managed = await openHost(config, host, nameOf(wanted.name, machine.hostname), gone);
  if (hosts.some(({ name }) => name === managed.name)) throw exists(managed.name);
  refuseSame(hosts, address, machine);
  await makeDirectories(host, config);
  for (const driver of managed.drivers.values()) await driver.install?.();
  const reports = await Promise.all([...managed.drivers.values()].map((driver) => driver.probe()));
  requireDriver(address, reports);
  return { managed, machine: await readMachine(host, config.paths.state), reports };
};

const store = async (db: Db, wanted: NewHost, address: string, found: Found): Promise<void> => {
  const { name } = found.managed;
  try {
    await insertHost(db, { name, address, labels: wanted.labels ?? {} });
  } catch (error) {
    if (isDuplicate(error, 'hosts_name_unique')) throw exists(name);
    throw error;
  }
  await recordReport(db, name, found.machine, [...found.reports]);
};

/** Connects, reads the machine, probes its drivers, and stores it when it is fit; else nothing is stored. */
export const lookAndStore = async (control: Control, wanted: NewHost, gone: AbortSignal): Promise<ManagedHost> => {
  const { url } = parseTarget(wanted.address);
  const found = await look(control, wanted, url, gone);
  await control.inventory.transaction((tx) => store(tx, wanted, url, found));
  return found.managed;
};
