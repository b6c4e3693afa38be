import { readFile } from 'node:fs/promises';
import {
  contractVersion,
  type Driver,
  type DriverEnvironment,
  type DriverFactory,
  type ExecOptions,
  type GuestPlan,
  type GuestRef,
  type Step,
  together,
} from '@innkeeper/driver-contract';
import { connect } from '@innkeeper/libvirt';
import { type DriverReport, InnkeeperError, messageChain } from '@innkeeper/model';
import {
  containerOwnBytes,
  createVolumeDirectory,
  destroyContainerRoot,
  destroyVolumes,
  imageStore,
  installContainerProfile,
  installMountHook,
  mountContainerRoot,
  prepareContainerRoot,
  releaseContainerRoot,
  removeContainerProfile,
  removeMountHook,
} from '@innkeeper/storage';
import { cgroupLayout } from '../shared/cgroup-layout.ts';
import type { Definition } from '../shared/definition.ts';
import { endingsOf } from '../shared/endings.ts';
import { forceStop, requireOurs, startGuest, stopGuest, undefineGuest, watchGuests } from '../shared/lifecycle.ts';
import { releaseAddresses, reportNetworks, reserveAddresses } from '../shared/networks.ts';
import { observer } from '../shared/observer.ts';
import { reconfigureGuest } from '../shared/reconfigure.ts';
import { slowValues } from '../shared/slow-values.ts';
import { openFreezer } from './freezer.ts';
import { initPids } from './init.ts';
import { changeContainer } from './live.ts';
import { containerXml, guestFiles, planContainer } from './plan.ts';
import { containerCapabilities } from './probe.ts';
import { containerStats } from './stats.ts';

const id = 'lxc';
const uri = 'lxc:///system';
const diskUseKeptMs = 60_000;
const execProgram = new URL('../../perl/guest-exec.pl', import.meta.url);
let execText: Promise<string> | undefined;

const defaultEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

const definitionOf = (plan: GuestPlan): Definition => plan.definition as unknown as Definition;

const openLxc = (environment: DriverEnvironment): Driver => {
  const { host, paths } = environment;
  const libvirt = connect(host, uri, { scratch: paths.run });
  const images = imageStore(host, { paths, mirror: environment.imageMirror, cache: environment.imageCache });
  const freezer = openFreezer(host, libvirt);
  const guests = observer(libvirt, id, 'lxc', freezer.frozen);
  const ownBytes = slowValues(diskUseKeptMs, (uuids) => containerOwnBytes(host, paths, uuids));
  const endings = endingsOf(libvirt);

  const report = async (
    parts: Pick<DriverReport, 'healthy' | 'versions' | 'networks' | 'images'> & { reason?: string },
  ): Promise<DriverReport> => ({
    driver: id,
    backend: 'lxc',
    placeable: true,
    ...parts,
    capabilities: await containerCapabilities(host, paths, freezer, libvirt),
  });

  let machine: Promise<string> | undefined;
  /** The host's, which is not always that of this process. Asked once. */
  const arch = (): Promise<string> => {
    machine ??= host.run(['uname', '-m']).then(
      ({ stdout }) => stdout.trim(),
      (error: unknown) => {
        machine = undefined;
        throw error;
      },
    );
    return machine;
  };

  const makeVolumes = async ({ uuid, spec, claims }: Definition): Promise<void> => {
    for (const { name } of spec.volumes)
      await createVolumeDirectory(host, paths, uuid, { name, owner: claims.uidStart });
  };

  const running = async (guest: GuestRef): Promise<number> => {
    const { uuid, name } = guest;
    const pid = (await initPids(host, [guest])).get(uuid);
    if (pid === undefined) throw new InnkeeperError('conflict', `${name} does not run`, { hint: `inn start ${name}` });
    return pid;
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
          images: await images.ready(),
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
    watch: (signal) => watchGuests(libvirt, guests, endings, signal),
    endings: endings.read,
    list: guests.list,
    inspect: async ({ uuid }) => (await guests.list()).find((guest) => guest.uuid === uuid),
    stats: (refs) => containerStats(host, refs, ownBytes),
    plan: planContainer,
    create: (plan): readonly Step[] => {
      const definition = definitionOf(plan);
      const { image } = definition.spec;
      return [
        {
          name: 'image',
          run: async ({ progress, signal }) => void (await images.rootfs(image, { onProgress: progress, signal })),
          noUndo: 'an image is a cache that the next workload uses',
        },
        // libvirt looks at the root when the container starts, not when it is defined: neither has to wait for the other.
        together(
          'define',
          {
            name: 'root',
            run: async () => {
              await prepareContainerRoot(host, paths, images, {
                id: plan.uuid,
                image,
                uidStart: definition.claims.uidStart,
                files: guestFiles(definition),
              });
              await makeVolumes(definition);
            },
            undo: async () => {
              await destroyContainerRoot(host, paths, plan.uuid);
              await destroyVolumes(host, paths, plan.uuid);
            },
          },
          {
            name: 'definition',
            run: () => libvirt.define(containerXml(definition, paths), { validate: false }),
            undo: async () => {
              await forceStop(libvirt, plan.uuid);
              await undefineGuest(libvirt, plan.uuid, {});
            },
          },
        ),
      ];
    },
    settle: (plan) => {
      const { networks } = definitionOf(plan).claims;
      return [
        {
          name: 'addresses',
          run: () => reserveAddresses(libvirt, plan.name, networks),
          undo: () => releaseAddresses(libvirt, networks),
        },
      ];
    },
    start: async (guest) => {
      await mountContainerRoot(host, paths, guest.uuid);
      if ((await freezer.frozen([guest])).size > 0) await freezer.resume(guest);
      await startGuest(libvirt, guest);
    },
    stop: async (guest, request, signal) => {
      await requireOurs(guests, guest);
      if ((await freezer.frozen([guest])).size > 0) await freezer.resume(guest);
      await stopGuest(libvirt, guest, request, signal);
    },
    pause: async (guest) => {
      await requireOurs(guests, guest);
      await freezer.pause(guest);
    },
    resume: async (guest) => {
      await requireOurs(guests, guest);
      await freezer.resume(guest);
    },
    destroy: (guest, networks, disks): readonly Step[] => {
      const noUndo = 'removal goes forward: what is gone is gone';
      return [
        {
          name: 'stop',
          run: async () => {
            await requireOurs(guests, guest);
            await forceStop(libvirt, guest.uuid);
          },
          noUndo,
        },
        { name: 'undefine', run: () => undefineGuest(libvirt, guest.uuid, {}), noUndo },
        { name: 'addresses', run: () => releaseAddresses(libvirt, networks), noUndo },
        {
          name: 'root',
          run: async () => {
            await releaseContainerRoot(host, paths, guest.uuid, disks);
            if (disks === 'delete') await destroyVolumes(host, paths, guest.uuid);
          },
          noUndo,
        },
      ];
    },
    reconfigure: async (plan) => {
      const definition = definitionOf(plan);
      await makeVolumes(definition);
      const change = changeContainer(host, libvirt, plan);
      return reconfigureGuest(libvirt, guests, plan, containerXml(definition, paths), change);
    },
    exec: async (guest, options: ExecOptions) => {
      execText ??= readFile(execProgram, 'utf8');
      const pid = await running(guest);
      const variables = Object.entries({
        ...defaultEnvironment,
        ...(options.tty === undefined ? {} : { TERM: 'xterm-256color' }),
        ...options.env,
      });
      return host.spawn(
        [
          'perl',
          '-e',
          await execText,
          String(pid),
          await arch(),
          options.user ?? '',
          options.cwd ?? '',
          String(variables.length),
          ...variables.map(([name, value]) => `${name}=${value}`),
          ...options.command,
        ],
        options.tty === undefined ? {} : { tty: options.tty },
      );
    },
    console: async (guest) => {
      const description = await guests.description(guest.uuid);
      const terminal = description?.consoles.find(({ path }) => path !== undefined)?.path;
      return { history: new Uint8Array(), live: terminal === undefined ? undefined : await host.connect({ terminal }) };
    },
  };
};

/** Linux containers through libvirt's LXC driver. */
export const lxc: DriverFactory = { id, backend: 'lxc', open: openLxc };
