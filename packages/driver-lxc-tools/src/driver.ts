import { contractVersion, type Driver, type DriverEnvironment, type DriverFactory } from '@innkeeper/driver-contract';
import { InnkeeperError } from '@innkeeper/model';
import { imageStore, runOnRoot } from '@innkeeper/storage';
import { adoption } from './adoption.ts';
import { listContainers } from './containers.ts';
import { creationSteps, removalSteps } from './creation.ts';
import { execInContainer } from './exec.ts';
import { exporting } from './exporting.ts';
import { startContainer, stopContainer } from './lifecycle.ts';
import { planContainer } from './plan.ts';
import { probeLxc } from './probe.ts';
import { reconfigureContainer } from './reconfigure.ts';
import { requireOurs, requireThere } from './record.ts';
import { containerStats } from './stats.ts';
import { watchContainers } from './watch.ts';

const id = 'lxc-tools';
const base = { driver: id, backend: 'lxc', placeable: false } as const;

const openLxcTools = (environment: DriverEnvironment): Driver => {
  const { host, paths } = environment;
  const images = imageStore(host, { paths, mirror: environment.imageMirror, cache: environment.imageCache });
  return {
    info: () => ({ id, backend: base.backend, contract: contractVersion, placeable: base.placeable }),
    probe: () => probeLxc(host, images, base),
    watch: (signal) => watchContainers(host, signal),
    list: () => listContainers(host, id),
    inspect: async ({ uuid }) => (await listContainers(host, id)).find((guest) => guest.uuid === uuid),
    stats: (guests) => containerStats(host, guests),
    plan: planContainer,
    create: (plan) => creationSteps(environment, images, plan),
    // Addresses are in the config; there is no DHCP server of LXC's own to tell, and plan warns of that.
    settle: () => [],
    start: (guest) => startContainer(environment, guest),
    stop: async (guest, request, signal) => {
      if ((await requireOurs(host, guest)) !== undefined) await stopContainer(host, guest.name, request, signal);
    },
    destroy: (guest, _networks, disks) => removalSteps(environment, guest, disks),
    reconfigure: (plan) => reconfigureContainer(environment, plan),
    exec: (guest, options) => execInContainer(host, guest, options),
    onFiles: async (guest, command) => {
      if ((await requireThere(host, guest)).adopted)
        throw new InnkeeperError(
          'unsupported',
          `${guest.name} was adopted: what it stands on is its owner's to mount`,
          {
            hint: `inn start ${guest.name}, then copy`,
          },
        );
      return runOnRoot(host, environment.paths, guest.uuid, { command });
    },
    ...adoption(host),
    ...exporting(host),
  };
};

/** Classic LXC containers, below /var/lib/lxc, by the programs of the package lxc. */
export const lxcTools: DriverFactory = { id, backend: base.backend, open: openLxcTools };
