import {
  contractVersion,
  type Driver,
  type DriverEnvironment,
  type DriverFactory,
  type Step,
} from '@innkeeper/driver-contract';
import { InnkeeperError, messageChain } from '@innkeeper/model';
import {
  destroyGuestDisk,
  destroyVolumes,
  diskOwnBytes,
  imageStore,
  reachGuestDisk,
  reportPools,
} from '@innkeeper/storage';
import { adoption } from '../shared/adoption.ts';
import { cgroupLayout } from '../shared/cgroup-layout.ts';
import { connectFor } from '../shared/connect.ts';
import { consoleLog, readConsoleLog } from '../shared/console-log.ts';
import { endingsOf } from '../shared/endings.ts';
import {
  forceStop,
  pauseGuest,
  requireMade,
  requireOurs,
  requireRunning,
  resumeGuest,
  startGuest,
  stopGuest,
  undefineGuest,
} from '../shared/lifecycle.ts';
import { releaseAddresses, reportNetworks } from '../shared/networks.ts';
import { observer } from '../shared/observer.ts';
import { ownNetworks } from '../shared/own-networks.ts';
import { poolGroup } from '../shared/pools.ts';
import { reconfigureGuest } from '../shared/reconfigure.ts';
import { renameMachine, renameSteps } from '../shared/rename.ts';
import { slowValues } from '../shared/slow-values.ts';
import { watchGuests } from '../shared/watch.ts';
import { knownVerdict, proveAcceleration } from './acceleration.ts';
import { machineBackups } from './backups.ts';
import { machineExec } from './exec.ts';
import { growDisks, makeVolumes } from './growth.ts';
import { changeMachine } from './live.ts';
import { definitionOf, makingOf } from './making.ts';
import { moments } from './moments.ts';
import { planMachine } from './plan.ts';
import { presentImage } from './present-image.ts';
import { kvmCapabilities } from './probe.ts';
import { machineSnapshots } from './snapshots.ts';
import { machineStats } from './stats.ts';
import { type Acceleration, consoleSocket } from './xml.ts';

const id = 'kvm';
const uri = 'qemu:///system';
const diskUseKeptMs = 60_000;

const openKvm = (environment: DriverEnvironment): Driver => {
  const { host, paths } = environment;
  const libvirt = connectFor(environment, uri);
  const images = imageStore(host, { paths, mirror: environment.imageMirror, cache: environment.imageCache });
  const guests = observer(libvirt, id, 'qemu');
  const ownBytes = slowValues(diskUseKeptMs, (uuids) => diskOwnBytes(host, paths, uuids));
  const endings = endingsOf(libvirt);

  /** Proven with the kernel of any image; without one (only blank images so far) Debian's is built for it. */
  const acceleration = async (progress: (text: string) => void): Promise<Acceleration> => {
    const known = await knownVerdict(host, paths, environment.acceleration);
    if (known !== undefined) return known.value;
    progress('proving acceleration');
    const kernel = (await images.anyKernel()) ?? (await buildKernel(progress));
    progress('proving acceleration (up to a minute)');
    return (await proveAcceleration(host, paths, kernel)).value;
  };

  const buildKernel = async (progress: (text: string) => void): Promise<string> => {
    const { findImage } = await import('@innkeeper/model');
    const debian = findImage('debian/12');
    if (debian === undefined) throw new InnkeeperError('internal', 'No image to take a kernel from');
    await images.rootfs(debian, { onProgress: progress });
    return (await images.anyKernel()) ?? '';
  };

  const moment = moments(host, paths, libvirt);
  const making = makingOf({ host, paths, libvirt, images, observer: guests, moments: moment, acceleration });
  const { consoleFolders, makeSeed, xmlOf } = making;

  return {
    info: () => ({ id, backend: 'kvm', contract: contractVersion, placeable: true }),
    probe: async () => {
      const base = { driver: id, backend: 'kvm' as const, placeable: true };
      try {
        const { library, hypervisor } = await libvirt.version();
        return {
          ...base,
          healthy: true,
          versions: {
            libvirt: library,
            cgroup: await cgroupLayout(host),
            ...(hypervisor === undefined ? {} : { qemu: hypervisor }),
          },
          capabilities: await kvmCapabilities(host, libvirt, await knownVerdict(host, paths, environment.acceleration)),
          networks: await reportNetworks(libvirt),
          images: await images.ready('disk'),
          pools: await reportPools(host, paths),
        };
      } catch (error) {
        return {
          ...base,
          healthy: false,
          reason: messageChain(error).join(': '),
          versions: {},
          capabilities: {},
          networks: [],
          images: [],
        };
      }
    },
    watch: (signal) => watchGuests(libvirt, guests, endings, signal),
    endings: endings.read,
    ...ownNetworks(libvirt),
    ...poolGroup(host, paths, reachGuestDisk),
    ...adoption(libvirt, guests),
    list: guests.list,
    inspect: ({ uuid }) => guests.inspect(uuid),
    stats: (refs) => machineStats(libvirt, refs, ownBytes),
    plan: planMachine,
    create: making.create,
    clone: making.clone,
    settle: () => [],
    start: async (guest) => {
      await consoleFolders();
      await reachGuestDisk(host, paths, guest.uuid);
      await startGuest(libvirt, guest);
    },
    stop: async (guest, request, signal) => {
      await requireOurs(guests, guest);
      await stopGuest(libvirt, guest, request, signal);
    },
    pause: async (guest) => {
      await requireOurs(guests, guest);
      await pauseGuest(libvirt, guest);
    },
    resume: async (guest) => {
      await requireOurs(guests, guest);
      await resumeGuest(libvirt, guest);
    },
    rename: (guest, to, networks) => renameSteps(libvirt, guests, renameMachine(libvirt), { guest, to, networks }),
    destroy: (guest, networks, disks): readonly Step[] => {
      const noUndo = 'removal goes forward: what is gone is gone';
      return [
        {
          name: 'stop',
          run: async () => {
            await requireMade(guests, guest);
            // Before anything is gone: it stays whole while its pool is away.
            if (disks === 'delete') await reachGuestDisk(host, paths, guest.uuid);
            await forceStop(libvirt, guest.uuid);
          },
          noUndo,
        },
        {
          name: 'undefine',
          run: () => undefineGuest(libvirt, guest.uuid, { nvram: disks === 'delete', tpm: disks === 'delete' }),
          noUndo,
        },
        { name: 'addresses', run: () => releaseAddresses(libvirt, guest.name, networks), noUndo },
        {
          name: 'disk',
          run: async () => {
            if (disks === 'keep') return;
            await destroyGuestDisk(host, paths, guest.uuid);
            await destroyVolumes(host, paths, guest.uuid);
            await host.files.remove(consoleLog(paths, guest.uuid));
            await host.files.remove(consoleSocket(paths, guest.uuid));
          },
          noUndo,
        },
      ];
    },
    reconfigure: async (plan) => {
      await requireMade(guests, plan);
      const definition = definitionOf(plan);
      await makeVolumes(host, paths, definition);
      await makeSeed(definition);
      const grown = await growDisks(host, libvirt, paths, definition);
      const change = changeMachine(libvirt, paths, plan);
      const xml = await xmlOf(definition, await presentImage(libvirt, plan.uuid));
      const changed = await reconfigureGuest(libvirt, guests, plan, xml, change);
      return { ...Object.fromEntries(grown.map((field) => [field, 'applied'])), ...changed };
    },
    exec: machineExec(host, libvirt),
    ...machineSnapshots({ host, paths, libvirt, observer: guests, moments: moment }),
    ...machineBackups({ host, paths, observer: guests, moments: moment, making }),
    screen: async (guest) => {
      await requireRunning(libvirt, guest);
      const vnc = (await guests.description(guest.uuid))?.graphics.find(({ type }) => type === 'vnc');
      if (vnc?.socket === undefined)
        throw new InnkeeperError('unsupported', `${guest.name} has no screen`, { hint: `inn console ${guest.name}` });
      return host.connect({ socket: vnc.socket });
    },
    screenshot: async (guest) => {
      await requireRunning(libvirt, guest);
      return libvirt.screenshot(guest.uuid);
    },
    sendKeys: async (guest, keys) => {
      await requireRunning(libvirt, guest);
      await libvirt.sendKeys(guest.uuid, keys);
    },
    console: async (guest) => {
      const history = await readConsoleLog(host, paths, guest.uuid);
      const socket = consoleSocket(paths, guest.uuid);
      const running = (await guests.inspect(guest.uuid))?.state === 'running';
      return { history, live: running ? await host.connect({ socket }) : undefined };
    },
    consoleHistory: ({ uuid }) => readConsoleLog(host, paths, uuid),
  };
};

/** Virtual machines through libvirt's QEMU driver. */
export const kvm: DriverFactory = { id, backend: 'kvm', open: openKvm };
