import { randomUUID } from 'node:crypto';
import type { Driver, ExportGroup, ImportGroup, PortableContainer } from '@innkeeper/driver-contract';
import { type GuestRow, lockWorkload, type OperationRow } from '@innkeeper/inventory';
import {
  adoptedImage,
  type ConversionView,
  type ConvertRequest,
  InnkeeperError,
  parseSize,
  type WorkloadSpec,
} from '@innkeeper/model';
import { findForeign, type GuestId, nameFor, refOf, takeOver } from './adoption.ts';
import { type Asker, begin, hashOf, notFound, pendingOf, repeated } from './asker.ts';
import { type Control, driverOf } from './control.ts';

/** Where containers of other drivers go. */
const target = 'lxc';

/** A driver whose containers can become others'. Throws `unsupported` for all others. */
export const exportingOf = (driver: Driver): ExportGroup => {
  const { portable, setAside, putBack, discard } = driver;
  if (portable === undefined || setAside === undefined || putBack === undefined || discard === undefined)
    throw new InnkeeperError('unsupported', `Guests of the driver ${driver.info().id} are not converted`, {
      hint: 'classic containers (lxc-tools) are; any guest can be adopted as it is: inn adopt',
    });
  return { portable, setAside, putBack, discard };
};

/** The driver of a host that takes containers over. */
export const importingOf = (control: Control, host: string): ImportGroup => {
  const { importContainer, forgetImported } = driverOf(control, host, target);
  if (importContainer === undefined || forgetImported === undefined)
    throw new InnkeeperError('unsupported', `The driver ${target} takes no containers over`);
  return { importContainer, forgetImported };
};

const needMemory = (name: string): InnkeeperError =>
  new InnkeeperError('invalid', `${name} has no limit of memory, and libvirt needs one`, {
    hint: 'say how much it may use at most: --memory 2GiB',
    complaints: [{ path: 'memory', message: 'is needed, since the container has no limit of its own' }],
  });

/** With the limit that is asked for, where it has none of its own. */
export const limited = (container: PortableContainer, memory: string | undefined): PortableContainer => ({
  ...container,
  memoryBytes: memory === undefined ? container.memoryBytes : parseSize(memory),
});

const specOf = ({ cpus, memoryBytes, interfaces, autostart }: PortableContainer): WorkloadSpec => ({
  image: adoptedImage,
  driver: target,
  cpus: cpus ?? 1,
  ...(memoryBytes === undefined ? {} : { memory: `${Math.floor(memoryBytes / 1024)}KiB` }),
  power: 'stopped',
  autostart,
  networks: interfaces.flatMap(({ network, mac }) => (network === undefined ? [] : [{ network, mac }])),
});

const look = async (control: Control, id: GuestId): Promise<{ guest: GuestRow; container: PortableContainer }> => {
  const guest = await findForeign(control, id);
  importingOf(control, guest.host);
  const container = await exportingOf(driverOf(control, guest.host, guest.driver)).portable(refOf(guest));
  return { guest, container };
};

/** What converting a classic container would be, changing nothing. */
export const conversionOf = async (control: Control, id: GuestId): Promise<ConversionView> => {
  const { guest, container } = await look(control, id);
  return {
    id: guest.uuid,
    guest: guest.observation.name,
    host: guest.host,
    from: guest.driver,
    to: target,
    spec: specOf(container),
    lost: [...container.lost],
  };
};

/** Makes a stopped classic container one of libvirt, on the root that it has; its config is kept until `confirm`. */
export const convertRequest = async (
  control: Control,
  id: GuestId,
  asked: ConvertRequest,
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf('convert', id, asked);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  const { guest, container } = await look(control, id);
  const wanted = limited(container, asked.memory);
  if (wanted.memoryBytes === undefined) throw needMemory(guest.observation.name);
  const name = await nameFor(control, guest, asked.name);
  const { host, driver, uuid, observation } = guest;
  return takeOver(
    control,
    {
      id: randomUUID(),
      name,
      spec: specOf(wanted),
      placed: {
        host,
        driver: target,
        backend: 'lxc',
        guestName: observation.name,
        convertedFrom: { driver, uuid, name: observation.name },
      },
      reason: `was a container of ${driver} on ${host}`,
    },
    'convert',
    asker,
    hash,
  );
};

/** Ends a conversion: `confirm` deletes what was kept of the old container, `revert` brings it back. */
export const endConversion = async (
  control: Control,
  name: string,
  kind: 'confirm' | 'revert',
  asker: Asker,
): Promise<OperationRow> => {
  const hash = hashOf(kind, name);
  const earlier = await repeated(control, asker, hash);
  if (earlier !== undefined) return earlier;
  return control.inventory.transaction(async (tx) => {
    const row = await lockWorkload(tx, name);
    if (row === undefined) throw notFound(name);
    if (row.placed?.convertedFrom === undefined)
      throw new InnkeeperError('conflict', `${name} has no conversion to ${kind}`);
    return (await pendingOf(tx, row, (one) => one.kind === kind)) ?? begin(tx, kind, row, asker, hash);
  });
};
