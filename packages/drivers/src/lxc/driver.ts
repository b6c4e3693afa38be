import {
  contractVersion,
  type Driver,
  type DriverEnvironment,
  type DriverFactory,
  type GuestPlan,
  type GuestRef,
  type Step,
} from '@innkeeper/driver-contract';
import { describeDomain } from '@innkeeper/libvirt';
import { type DriverReport, InnkeeperError, messageChain } from '@innkeeper/model';
import {
  containerOwnBytes,
  destroyVolumes,
  imageStore,
  installContainerProfile,
  installMountHook,
  limitContainerRoot,
  mountContainerRoot,
  reachContainerRoot,
  releaseContainerRoot,
  removeContainerProfile,
  removeMountHook,
  reportPools,
  runOnRoot,
} from '@innkeeper/storage';
import { adoption } from '../shared/adoption.ts';
import { cgroupLayout } from '../shared/cgroup-layout.ts';
import { connectFor } from '../shared/connect.ts';
import { consoleLog, readConsoleLog } from '../shared/console-log.ts';
import type { Definition } from '../shared/definition.ts';
import { endingsOf } from '../shared/endings.ts';
import { forceStop, requireMade, requireOurs, startGuest, stopGuest, undefineGuest } from '../shared/lifecycle.ts';
import { releaseAddresses, reportNetworks, reserveAddresses } from '../shared/networks.ts';
import { observer } from '../shared/observer.ts';
import { ownNetworks } from '../shared/own-networks.ts';
import { poolGroup } from '../shared/pools.ts';
import { reconfigureGuest } from '../shared/reconfigure.ts';
import { renameContainer, renameSteps } from '../shared/rename.ts';
import { slowValues } from '../shared/slow-values.ts';
import { watchGuests } from '../shared/watch.ts';
import { backingUp } from './backups.ts';
import { consoleOf, openConsoles } from './consoles.ts';
import { containerExec } from './exec.ts';
import { openFreezer } from './freezer.ts';
import { importing } from './imported.ts';
import { changeContainer } from './live.ts';
import { makingOf } from './making.ts';
import { containerXml, planContainer } from './plan.ts';
import { containerCapabilities } from './probe.ts';
import { snapshotting } from './snapshots.ts';
import { containerStats } from './stats.ts';

const id = 'lxc';
const uri = 'lxc:///system';
const diskUseKeptMs = 60_000;

const definitionOf = (plan: GuestPlan): Definition => plan.definition as unknown as Definition;

const openLxc = (environment: DriverEnvironment): Driver => {
  const { host, paths } = environment;
  const libvirt = connectFor(environment, uri);
  const images = imageStore(host, { paths, mirror: environment.imageMirror, cache: environment.imageCache });
  const freezer = openFreezer(host, libvirt);
  const guests = observer(libvirt, id, 'lxc', freezer.frozen);
  const ownBytes = slowValues(diskUseKeptMs, (uuids) => containerOwnBytes(host, paths, uuids));
  const endings = endingsOf(libvirt);
  const exec = containerExec(host);

  const knownConsoles = () => guests.known().flatMap((one) => consoleOf(paths, one) ?? []);
  const runningConsoles = async () => {
    await guests.list();
    return knownConsoles();
  };
  const consoles = openConsoles(host, paths, runningConsoles);

  const report = async (
    parts: Pick<DriverReport, 'healthy' | 'versions' | 'networks' | 'images' | 'pools'> & { reason?: string },
  ): Promise<DriverReport> => ({
    driver: id,
    backend: 'lxc',
    placeable: true,
    ...parts,
    capabilities: await containerCapabilities(host, paths, freezer, libvirt),
  });

  const { makeVolumes, definitionStep, ...making } = makingOf({
    host,
    paths,
    libvirt,
    images,
    observer: guests,
    freezer,
  });

  /** What an adopted container stands on is its owner's to mount. */
  const mountOwnRoot = async (guest: GuestRef): Promise<void> => {
    try {
      await mountContainerRoot(host, paths, guest.uuid);
    } catch (error) {
      if (!(error instanceof InnkeeperError) || error.code !== 'not_found') throw error;
      if ((await requireOurs(guests, guest))?.adopted === undefined) throw error;
    }
  };

  /** libvirt asks an init system over /dev/initctl, and takes that for done where a single program runs: a signal ends that. */
  const askingOf = async (guest: GuestRef): Promise<'signal' | undefined> => {
    const init = (await guests.description(guest.uuid))?.os.init ?? '';
    return /(^|\/)(init|systemd)$/.test(init) ? undefined : 'signal';
  };

  return {
    info: () => ({ id, backend: 'lxc', contract: contractVersion, placeable: true }),
    probe: async () => {
      try {
        const { library } = await libvirt.version();
        return await report({
          healthy: true,
          versions: { libvirt: library, cgroup: await cgroupLayout(host) },
          networks: await reportNetworks(libvirt),
          images: await images.ready('rootfs'),
          pools: await reportPools(host, paths),
        });
      } catch (error) {
        return report({
          healthy: false,
          reason: messageChain(error).join(': '),
          versions: {},
          networks: [],
          images: [],
        });
      }
    },
    install: async () => {
      await installContainerProfile(host, paths);
      await installMountHook(host, paths);
    },
    uninstall: async () => {
      await removeMountHook(host, paths);
      await removeContainerProfile(host, paths);
    },
    watch: async function* (signal) {
      const release = consoles.hold();
      try {
        yield* watchGuests(libvirt, guests, endings, signal);
      } finally {
        release();
      }
    },
    endings: endings.read,
    ...ownNetworks(libvirt),
    ...poolGroup(host, paths, reachContainerRoot),
    ...adoption(libvirt, guests),
    ...importing(libvirt, guests),
    ...snapshotting(host, paths, libvirt, guests, freezer),
    ...backingUp({ host, paths, libvirt, observer: guests, freezer }, { makeVolumes, definitionStep }),
    list: async () => {
      const seen = await guests.list();
      consoles.keep(knownConsoles());
      return seen;
    },
    inspect: async ({ uuid }) => {
      const seen = await guests.inspect(uuid);
      consoles.keep(knownConsoles());
      return seen;
    },
    stats: (refs) => containerStats(host, refs, ownBytes),
    plan: planContainer,
    ...making,
    settle: (plan) => {
      const { networks } = definitionOf(plan).claims;
      return [
        {
          name: 'addresses',
          run: () => reserveAddresses(libvirt, plan.name, networks),
          undo: () => releaseAddresses(libvirt, plan.name, networks),
        },
      ];
    },
    start: async (guest) => {
      await mountOwnRoot(guest);
      if ((await freezer.frozen([guest])).size > 0) await freezer.resume(guest);
      await startGuest(libvirt, guest);
      // Before anybody hears of it: what it prints first would wait, and be lost with a container that ends at once.
      guests.forget(guest.name);
      runningConsoles().then(consoles.keep, () => undefined);
    },
    stop: async (guest, request, signal) => {
      const adopted = (await requireOurs(guests, guest))?.adopted !== undefined;
      if ((await freezer.frozen([guest])).size > 0) await freezer.resume(guest);
      await stopGuest(libvirt, guest, request, signal, adopted ? await askingOf(guest) : undefined);
    },
    pause: async (guest) => {
      await requireOurs(guests, guest);
      await freezer.pause(guest);
    },
    resume: async (guest) => {
      await requireOurs(guests, guest);
      await freezer.resume(guest);
    },
    rename: (guest, to, networks) =>
      renameSteps(libvirt, guests, renameContainer(libvirt, paths), { guest, to, networks }),
    destroy: (guest, networks, disks): readonly Step[] => {
      const noUndo = 'removal goes forward: what is gone is gone';
      return [
        {
          name: 'stop',
          run: async () => {
            await requireMade(guests, guest);
            // Before anything is gone: it stays whole while its pool is away.
            if (disks === 'delete') await reachContainerRoot(host, paths, guest.uuid);
            await forceStop(libvirt, guest.uuid);
          },
          noUndo,
        },
        { name: 'undefine', run: () => undefineGuest(libvirt, guest.uuid, {}), noUndo },
        { name: 'addresses', run: () => releaseAddresses(libvirt, guest.name, networks), noUndo },
        {
          name: 'root',
          run: async () => {
            await releaseContainerRoot(host, paths, guest.uuid, disks);
            if (disks === 'keep') return;
            await destroyVolumes(host, paths, guest.uuid);
            await host.files.remove(consoleLog(paths, guest.uuid));
          },
          noUndo,
        },
      ];
    },
    reconfigure: async (plan) => {
      await requireMade(guests, plan);
      const definition = definitionOf(plan);
      await makeVolumes(definition);
      await limitContainerRoot(host, paths, plan.uuid, definition.spec.diskBytes);
      const change = changeContainer(host, libvirt, plan);
      return reconfigureGuest(libvirt, guests, plan, containerXml(definition, paths), change);
    },
    exec,
    onFiles: async (guest, command) => {
      if ((await requireOurs(guests, guest))?.adopted !== undefined)
        throw new InnkeeperError(
          'unsupported',
          `${guest.name} was adopted: what it stands on is its owner's to mount`,
          {
            hint: `inn start ${guest.name}, then copy`,
          },
        );
      const definition = (await libvirt.xml([guest.uuid], { inactive: true })).get(guest.uuid);
      const { filesystems } = definition === undefined ? { filesystems: [] } : describeDomain(definition);
      const volumes = filesystems.flatMap(({ source, target }) =>
        source === undefined || target === '/' ? [] : [{ directory: source, place: target }],
      );
      return runOnRoot(host, paths, guest.uuid, { volumes, command });
    },
    console: async (guest) => {
      const description = await guests.description(guest.uuid);
      const running = description === undefined ? undefined : consoleOf(paths, description);
      if (running !== undefined) return consoles.open(running);
      return { history: await readConsoleLog(host, paths, guest.uuid), live: undefined };
    },
    consoleHistory: ({ uuid }) => readConsoleLog(host, paths, uuid),
  };
};

/** Linux containers through libvirt's LXC driver. */
export const lxc: DriverFactory = { id, backend: 'lxc', open: openLxc };
