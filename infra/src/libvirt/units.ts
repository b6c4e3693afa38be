import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';

/** One daemon for everything (Debian, Ubuntu), or one per driver behind sockets (Fedora, and Debian by choice). */
const monolithic = ['libvirtd.socket', 'libvirtd.service', 'virtlogd.socket'];
const modular = [
  'virtlxcd.socket',
  'virtqemud.socket',
  'virtnetworkd.socket',
  'virtnodedevd.socket',
  'virtnwfilterd.socket',
  'virtsecretd.socket',
  'virtstoraged.socket',
  'virtlogd.socket',
];

export interface UnitState {
  readonly name: string;
  readonly enabled: boolean;
  readonly active: boolean;
}

const fieldsOf = (block: string): Record<string, string> =>
  Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** The units that exist, from `systemctl show`: blocks of `Key=value`, an empty line between. */
export const parseShow = (text: string): UnitState[] =>
  text
    .trim()
    .split('\n\n')
    .map(fieldsOf)
    .filter((fields) => fields.LoadState === 'loaded')
    .map((fields) => ({
      name: fields.Id ?? '',
      enabled: fields.UnitFileState === 'enabled',
      active: fields.ActiveState === 'active',
    }));

/** State of those units that exist. */
const unitStates = async (host: Host, names: readonly string[]): Promise<UnitState[]> => {
  const properties = '--property=Id,LoadState,UnitFileState,ActiveState';
  return parseShow((await host.run(['systemctl', 'show', properties, '--', ...names])).stdout);
};

const inUse = (units: readonly UnitState[], name: string): boolean =>
  units.some((unit) => unit.name === name && (unit.enabled || unit.active));

/** The units that make up libvirt here: modular daemons only where they are in use or nothing else is installed. */
export const libvirtUnits = (units: readonly UnitState[]): UnitState[] => {
  const isModular = inUse(units, 'virtqemud.socket') || inUse(units, 'virtlxcd.socket');
  const hasMonolith = units.some((unit) => unit.name === 'libvirtd.service');
  const wanted = isModular || !hasMonolith ? modular : monolithic;
  return units.filter((unit) => wanted.includes(unit.name));
};

/** libvirtd ends after two minutes without work and is started by its socket again: idle is not stopped. */
const isStarted = (unit: UnitState, all: readonly UnitState[]): boolean =>
  unit.active ||
  (unit.name === 'libvirtd.service' && all.some((other) => other.name === 'libvirtd.socket' && other.active));

export const unitsToChange = (units: readonly UnitState[]): UnitState[] =>
  units.filter((unit) => !unit.enabled || !isStarted(unit, units));

/** Enables and starts libvirt's units; gives the state from before of those that had to be changed. */
export const startUnits = async (host: Host): Promise<UnitState[]> => {
  const units = libvirtUnits(await unitStates(host, [...new Set([...monolithic, ...modular])]));
  if (units.length === 0) {
    throw new InnkeeperError('unavailable', 'libvirt is not installed on this machine', {
      hint: 'Install libvirt: apt-get install libvirt-daemon libvirt-daemon-system libvirt-clients',
    });
  }
  const changed = unitsToChange(units);
  if (changed.length > 0) {
    await host.run(['systemctl', 'enable', '--now', '--', ...changed.map((unit) => unit.name)], { timeoutMs: 120_000 });
  }
  return changed;
};

/** Puts back the state from before {@link startUnits}. */
export const restoreUnits = async (host: Host, before: readonly UnitState[]): Promise<void> => {
  for (const unit of before) {
    if (!unit.enabled) await host.run(['systemctl', 'disable', '--', unit.name], { expect: [0, 1, 5] });
    if (!unit.active) await host.run(['systemctl', 'stop', '--', unit.name], { expect: [0, 1, 5] });
  }
};
