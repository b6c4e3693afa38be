import type { Host } from '@innkeeper/host';
import { InnkeeperError, type Paths } from '@innkeeper/model';
import type { NetworkState } from './libvirt/network.ts';
import type { UnitState } from './libvirt/units.ts';

/** What set-up changed on this machine and how it was before, so that `down --purge` undoes that and nothing else. */
export interface SetupRecord {
  readonly packages: readonly string[];
  readonly directories: readonly string[];
  readonly files: readonly string[];
  readonly symlinks: readonly string[];
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Values from before ours. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** systemd units of ours. */
  readonly ownUnits: readonly string[];
  /** State from before of libvirt's units and of the network `default`. */
  readonly libvirtUnits: readonly UnitState[];
  readonly network?: NetworkState;
  readonly libvirtStartedByHand: boolean;
}

export const emptyRecord: SetupRecord = {
  packages: [],
  directories: [],
  files: [],
  symlinks: [],
  users: [],
  groups: [],
  sysctls: {},
  ownUnits: [],
  libvirtUnits: [],
  libvirtStartedByHand: false,
};

const union = (left: readonly string[], right: readonly string[] = []): string[] => [...new Set([...left, ...right])];

const unitsUnion = (left: readonly UnitState[], right: readonly UnitState[] = []): UnitState[] => [
  ...left,
  ...right.filter((unit) => !left.some((known) => known.name === unit.name)),
];

/** The first value from before is the true one: what a second run finds is our own. */
export const mergeRecord = (known: SetupRecord, added: Partial<SetupRecord>): SetupRecord => {
  const network = known.network ?? added.network;
  return {
    packages: union(known.packages, added.packages),
    directories: union(known.directories, added.directories),
    files: union(known.files, added.files),
    symlinks: union(known.symlinks, added.symlinks),
    users: union(known.users, added.users),
    groups: union(known.groups, added.groups),
    sysctls: { ...added.sysctls, ...known.sysctls },
    ownUnits: union(known.ownUnits, added.ownUnits),
    libvirtUnits: unitsUnion(known.libvirtUnits, added.libvirtUnits),
    libvirtStartedByHand: known.libvirtStartedByHand || (added.libvirtStartedByHand ?? false),
    ...(network === undefined ? {} : { network }),
  };
};

/** The directory and those above it that do not exist, outermost first. */
export const missingDirectories = async (host: Host, path: string): Promise<string[]> => {
  const missing: string[] = [];
  for (let at = path; at !== '' && at !== '/'; at = at.slice(0, at.lastIndexOf('/'))) {
    if (await host.files.facts(at)) break;
    missing.unshift(at);
  }
  return missing;
};

const fileOf = (paths: Paths): string => `${paths.state}/setup.json`;

export const readRecord = async (host: Host, paths: Paths): Promise<SetupRecord | undefined> => {
  const text = await host.files.readTextIfThere(fileOf(paths));
  if (text === undefined) return undefined;
  try {
    return mergeRecord(emptyRecord, JSON.parse(text) as Partial<SetupRecord>);
  } catch (cause) {
    throw new InnkeeperError('conflict', `${fileOf(paths)} cannot be read`, {
      cause,
      hint: 'It says what set-up changed; restore it, or move it away and undo by hand',
    });
  }
};

/** Adds to the record. To be called before the change itself: an undo of what never happened is harmless. */
export const noteChange = async (host: Host, paths: Paths, added: Partial<SetupRecord>): Promise<void> => {
  const made = await missingDirectories(host, paths.state);
  if (made.length > 0) await host.files.makeDirectory(paths.state, 0o711);
  const known = mergeRecord((await readRecord(host, paths)) ?? emptyRecord, { directories: made });
  await host.files.write(fileOf(paths), `${JSON.stringify(mergeRecord(known, added), null, 2)}\n`, 0o600);
};
