import { type HostRow, isBehind, listHosts } from '@innkeeper/inventory';
import { type DriverReport, defaultPool, type Finding, type PoolReport } from '@innkeeper/model';
import { obstaclesOf, readGround } from '@innkeeper/network';
import { backupFindings } from './backups/findings.ts';
import type { Control } from './control.ts';
import { isOld } from './dumps/due.ts';
import { isOwnDatabase, listDumps } from './dumps/dumps.ts';
import { nameFindings } from './name-findings.ts';
import { reportedOn } from './networks.ts';
import { poolsOn } from './pools.ts';

const leastInotify = 512;

const sysctl = async (control: Control, host: string, name: string): Promise<number> => {
  const text = await control.hosts.get(host)?.host.files.readTextIfThere(`/proc/sys/${name.replaceAll('.', '/')}`);
  return Number(text ?? 0);
};

const limits = async (control: Control, host: string): Promise<Finding> => {
  const instances = await sysctl(control, host, 'fs.inotify.max_user_instances');
  return instances >= leastInotify
    ? { check: `${host}: inotify limits`, level: 'ok', text: `fs.inotify.max_user_instances is ${instances}` }
    : {
        check: `${host}: inotify limits`,
        level: 'warning',
        text: `fs.inotify.max_user_instances is ${instances}; about a dozen systemd containers use that up`,
        fix: 'npm run up sets it, or sysctl -w fs.inotify.max_user_instances=8192',
      };
};

/** What Docker, a VPN or a setting does to the networks of guests. */
const networking = async (control: Control, host: HostRow): Promise<Finding[]> => {
  const { name } = host;
  const managed = control.hosts.get(name);
  if (managed === undefined) return [];
  const found = obstaclesOf(await readGround(managed.host), reportedOn(host));
  return found.map(({ text, fix }) => ({ check: `${name}: networking`, level: 'warning', text, fix }));
};

/** One that does not answer is asked nothing more: everybody would wait for it. */
const silent = ({ name, address, state, silentSince }: HostRow): Finding => ({
  check: `${name}: connection`,
  level: 'error',
  text: `${address} does not answer (${state}${silentSince === null ? '' : ` since ${silentSince.toISOString()}`}); what is known of its guests is old`,
  fix: `it is looked for again by itself; to see why: ssh ${address}`,
});

/** What only shows guests may find none to show: that is no fault. */
const driverFinding = (host: string, { driver, healthy, placeable, versions, reason }: DriverReport): Finding => {
  const check = `${host}: ${driver}`;
  const worded = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  if (healthy) return { check, level: 'ok', text: worded.join(', ') };
  const text = reason ?? 'does not work';
  return placeable
    ? { check, level: 'error', text, fix: 'npm run up repairs the set-up; systemctl status libvirtd' }
    : { check, level: 'note', text: `shows no guests here: ${text}` };
};

const poolFinding = (host: string, { name, path, away }: PoolReport): Finding => {
  const check = `${host}: pool ${name}`;
  return away === undefined
    ? { check, level: 'ok', text: path }
    : { check, level: 'error', text: `is away: ${away}`, fix: `mount it at ${path}; what stands in it is as it was` };
};

/** A database that hosts know more than. */
const inventoryFindings = async ({ inventory }: Control): Promise<Finding[]> =>
  (await isBehind(inventory.db))
    ? [
        {
          check: 'inventory',
          level: 'warning',
          text: 'the database was made anew, or restored from a dump: the hosts may know more than it',
          fix: 'inn recover',
        },
      ]
    : [];

/** What is left when the database is lost. */
const dumpFindings = async ({ config }: Control): Promise<Finding[]> => {
  if (!isOwnDatabase(config)) return [];
  const [newest] = await listDumps(config);
  const text = newest === undefined ? 'there is none' : `the newest is of ${newest.takenAt.toISOString()}`;
  return [
    isOld(newest?.takenAt, new Date())
      ? {
          check: 'dump of the database',
          level: 'warning',
          text,
          fix: 'inn dump create; the log says why no night made one',
        }
      : { check: 'dump of the database', level: 'ok', text },
  ];
};

/** Looks at everything that an installation depends on. */
export const diagnose = async (control: Control): Promise<Finding[]> => {
  const findings: Finding[] = [
    { check: 'database', level: 'ok', text: 'answers' },
    ...(await inventoryFindings(control)),
    ...(await dumpFindings(control)),
  ];
  for (const host of await listHosts(control.inventory.db)) {
    if (host.state === 'suspect' || host.state === 'unreachable') {
      findings.push(silent(host));
      continue;
    }
    for (const driver of host.drivers) {
      findings.push(driverFinding(host.name, driver));
      const acceleration = driver.capabilities.acceleration;
      if (acceleration !== undefined) {
        findings.push({
          check: `${host.name}: acceleration`,
          level: acceleration.value === 'kvm' ? 'ok' : acceleration.value === 'tcg' ? 'warning' : 'note',
          text: `${String(acceleration.value)}: ${acceleration.evidence}`,
          ...(acceleration.value === 'tcg'
            ? {
                fix: 'enable virtualisation in the firmware, or nested virtualisation if this is a virtual machine itself',
              }
            : {}),
        });
      }
      const byOthers = driver.capabilities['start.by-others'];
      if (byOthers?.value === false)
        findings.push({
          check: `${host.name}: libvirt hook`,
          level: 'warning',
          text: byOthers.reasonIfAbsent ?? byOthers.evidence,
          fix: 'npm run up; on another host: inn host rm and add again',
        });
      const confinement = driver.capabilities.confinement;
      if (confinement?.value === 'missing')
        findings.push({
          check: `${host.name}: AppArmor profile`,
          level: 'warning',
          text: `containers run without one: ${confinement.evidence}`,
          fix: 'npm run up; on another host: inn host rm and add again',
        });
      for (const network of driver.driver === 'lxc' ? driver.networks.filter(({ active }) => !active) : []) {
        findings.push({
          check: `${host.name}: network ${network.name}`,
          level: 'warning',
          text: 'is not active',
          fix: `virsh net-start ${network.name}`,
        });
      }
    }
    findings.push(
      ...poolsOn(host)
        .filter(({ name }) => name !== defaultPool)
        .map((pool) => poolFinding(host.name, pool)),
      await limits(control, host.name),
      ...(await networking(control, host)),
      ...(await nameFindings(control, host)),
      ...(await backupFindings(control, host)),
    );
  }
  return findings;
};
