import type { Host } from '@innkeeper/host';
import { messageChain } from '@innkeeper/model';
import { forgetNames, unpublishAll } from '@innkeeper/network';
import { removeContainerProfile, removePools } from '@innkeeper/storage';
import { systemdFiles } from '../../bin/needs.js';
import { restoreDefaultNetwork } from '../libvirt/network.ts';
import { restoreUnits } from '../libvirt/units.ts';
import { isLibvirtReady, stopLibvirt } from '../libvirt.ts';
import { findProcess } from '../process.ts';
import type { SetupRecord } from '../record.ts';
import { removeGuestsUnit, usesUnits } from '../service/units.ts';
import { findAccount } from '../setup/accounts.ts';
import type { Ground } from '../setup/step.ts';
import { writeSysctl } from '../setup/sysctl.ts';
import { unmountBelow } from './mounts.ts';

interface Undo {
  readonly name: string;
  /** Answers what was done; undefined when there was nothing. */
  run(): Promise<string | undefined>;
}

const ownDirectories = ({ paths }: Ground): string[] => [paths.state, paths.run, paths.config, paths.logs];

const removeFiles = async (host: Host, files: readonly string[]): Promise<string | undefined> => {
  const removed: string[] = [];
  for (const file of files) {
    if (await host.files.facts(file)) removed.push(file);
    await host.files.remove(file);
  }
  return removed.length === 0 ? undefined : `removed ${removed.join(', ')}`;
};

const removeDirectories = async (ground: Ground, record: SetupRecord): Promise<string | undefined> => {
  const { host } = ground;
  const mounted = await unmountBelow(host, ground.paths.state);
  if (mounted.length > 0) throw new Error(`still mounted: ${mounted.join(', ')}`);
  const text = await removeFiles(host, ownDirectories(ground));
  // Those above ours were made only where a prefix has none yet; others may use them by now.
  for (const directory of [...record.directories].reverse()) {
    await host.run(['rmdir', '--ignore-fail-on-non-empty', '--', directory], { expect: [0, 1] });
  }
  return text;
};

/** Another installation on this machine may have its database under the same user. */
const isInUse = async (host: Host, name: string): Promise<boolean> => {
  const account = await findAccount(host, name);
  if (account === undefined) return false;
  const search = [
    'find',
    '/proc',
    '-maxdepth',
    '1',
    '-uid',
    String(account.uid),
    '-name',
    '[0-9]*',
    '-printf',
    '%f\\n',
  ];
  for (const pid of (await host.run(search, { expect: [0, 1] })).stdout.split('\n')) {
    if (pid !== '' && (await findProcess(host, Number(pid)))) return true;
  }
  return false;
};

const removeAccounts = async ({ host }: Ground, record: SetupRecord): Promise<string | undefined> => {
  for (const name of record.users) {
    if (await isInUse(host, name)) throw new Error(`user ${name} has running processes (a second installation?)`);
    // --force, because userdel counts zombies that a container's first process has not collected yet.
    await host.run(['userdel', '--force', '--', name], { expect: [0, 6] });
  }
  // userdel removes the user's own group with it; 6 says that there is none.
  for (const name of record.groups) await host.run(['groupdel', '--', name], { expect: [0, 6] });
  const names = [...record.users, ...record.groups];
  return names.length === 0 ? undefined : `removed ${names.join(', ')}`;
};

const restoreSysctls = async ({ host }: Ground, record: SetupRecord): Promise<string | undefined> => {
  const values = Object.entries(record.sysctls);
  for (const [key, value] of values) await writeSysctl(host, key, value);
  return values.length === 0 ? undefined : values.map(([key, value]) => `${key} = ${value}`).join(', ');
};

const restoreLibvirt = async ({ host, report }: Ground, record: SetupRecord): Promise<string | undefined> => {
  if (record.network !== undefined && (await isLibvirtReady(host))) {
    const restored = await restoreDefaultNetwork(host, record.network);
    if (!restored) report.warn('network', 'default stays up: guests that are not ours use it');
  }
  await restoreUnits(host, record.libvirtUnits);
  const stopped = record.libvirtStartedByHand ? await stopLibvirt(host) : [];
  return stopped.length === 0 ? 'as it was before set-up' : `stopped ${stopped.join(', ')}, which set-up had started`;
};

/** By name, not by record: it is ours wherever it is found. */
const removeUnits = async (ground: Ground, record: SetupRecord): Promise<string | undefined> => {
  const { host, paths } = ground;
  if (!(await usesUnits(host, paths))) return undefined;
  const removed: string[] = [];
  await removeGuestsUnit(host);
  for (const { path } of systemdFiles) {
    if (await host.files.facts(path)) removed.push(path);
    await host.files.remove(path);
  }
  await host.run(['systemctl', 'daemon-reload']);
  await host.run(['systemctl', 'reset-failed', '--', ...record.ownUnits], { expect: [0, 1, 5] });
  return removed.length === 0 ? undefined : `removed ${removed.join(', ')}`;
};

const removePackages = async (
  { host, report }: Ground,
  record: SetupRecord,
  remove: boolean,
): Promise<string | undefined> => {
  if (record.packages.length === 0) return undefined;
  const command = ['apt-get', 'remove', '--autoremove', ...record.packages];
  if (!remove) return `stay; to remove them: ${command.join(' ')}`;
  await host.run(['apt-get', '-q', '-y', 'remove', '--autoremove', '--', ...record.packages], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: 30 * 60_000,
    onLine: (line) => report.progress('packages', line),
  });
  return `removed ${record.packages.join(', ')}`;
};

/** Before its file goes: what is loaded is found by it. */
const removeProfile = async ({ host, paths }: Ground): Promise<undefined> => {
  await removeContainerProfile(host, paths);
};

/** Their directories become what they were; one that is away, or holds something still, keeps its mark. */
const removeOwnPools = async ({ host, paths }: Ground): Promise<undefined> => {
  await removePools(host, paths);
};

/** What the last workload left behind when its removal failed. */
const removePublished = async ({ host, paths }: Ground): Promise<undefined> => {
  await unpublishAll(host, paths);
};

const removeNames = async ({ host, paths }: Ground): Promise<undefined> => {
  await forgetNames(host, paths);
};

/** The reverse of set-up. The directories, and with them the record, go last of what is on the disk: a failure before can be tried again. */
const undos = (ground: Ground, record: SetupRecord, packages: boolean): Undo[] => [
  { name: 'command', run: () => removeFiles(ground.host, record.symlinks) },
  { name: 'published ports', run: () => removePublished(ground) },
  { name: 'names of guests', run: () => removeNames(ground) },
  { name: 'libvirt', run: () => restoreLibvirt(ground, record) },
  { name: 'kernel limits', run: () => restoreSysctls(ground, record) },
  { name: 'services', run: () => removeUnits(ground, record) },
  { name: 'pools', run: () => removeOwnPools(ground) },
  { name: 'AppArmor profile', run: () => removeProfile(ground) },
  { name: 'files', run: () => removeFiles(ground.host, record.files) },
  { name: 'packages', run: () => removePackages(ground, record, packages) },
  { name: 'directories', run: () => removeDirectories(ground, record) },
  { name: 'accounts', run: () => removeAccounts(ground, record) },
];

/** Undoes what set-up recorded. One part that fails does not keep the others: what is left is found afterwards. */
export const undoSetup = async (ground: Ground, record: SetupRecord, packages: boolean): Promise<void> => {
  for (const { name, run } of undos(ground, record, packages)) {
    try {
      const text = await run();
      if (text !== undefined) ground.report.done(name, text);
    } catch (error) {
      ground.report.warn(name, messageChain(error).join(': '));
    }
  }
};
