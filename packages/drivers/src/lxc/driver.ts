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
import { type DriverReport, type GuestStats, InnkeeperError, messageChain } from '@innkeeper/model';
import {
  containerOwnBytes,
  createContainerRoot,
  destroyContainerRoot,
  imageStore,
  mountContainerRoot,
  unmountContainerRoot,
} from '@innkeeper/storage';
import type { Definition } from '../shared/definition.ts';
import { forceStop, requireOurs, startGuest, stopGuest, undefineGuest, watchGuests } from '../shared/lifecycle.ts';
import { releaseAddresses, reportNetworks, reserveAddresses } from '../shared/networks.ts';
import { observer } from '../shared/observer.ts';
import { redefine } from '../shared/redefine.ts';
import { slowValues } from '../shared/slow-value.ts';
import { initPid } from './init.ts';
import { containerXml, guestFiles, planContainer } from './plan.ts';
import { readCgroupStats } from './stats.ts';

const id = 'lxc';
const uri = 'lxc:///system';
const diskUseKeptMs = 60_000;
const execProgram = new URL('../../perl/guest-exec.pl', import.meta.url);

const defaultEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
  LANG: 'C.UTF-8',
};

const definitionOf = (plan: GuestPlan): Definition => plan.definition as unknown as Definition;

const openLxc = (environment: DriverEnvironment): Driver => {
  const { host, paths } = environment;
  const libvirt = connect(host, uri, { scratch: paths.run });
  const images = imageStore(host, { paths, mirror: environment.imageMirror, cache: environment.imageCache });
  const guests = observer(libvirt, id, 'lxc');
  const ownBytes = slowValues(diskUseKeptMs, (uuid) => containerOwnBytes(host, paths, uuid));

  const report = (
    parts: Pick<DriverReport, 'healthy' | 'versions' | 'networks' | 'images'> & { reason?: string },
  ): DriverReport => ({
    driver: id,
    backend: 'lxc',
    placeable: true,
    ...parts,
    capabilities: {
      'guest.os': {
        value: ['linux'],
        evidence: 'containers share the host kernel, Linux',
        reasonIfAbsent: 'a container shares the Linux kernel of its host',
      },
      'kernel.own': {
        value: false,
        evidence: 'containers share the host kernel',
        reasonIfAbsent: 'a container has no kernel of its own',
      },
      'firmware.secure-boot': {
        value: false,
        evidence: 'containers have no firmware',
        reasonIfAbsent: 'a container has no firmware',
      },
      tpm: { value: false, evidence: 'containers have no TPM', reasonIfAbsent: 'a container has no TPM' },
      exec: { value: true, evidence: "through the container's namespaces" },
      console: { value: true, evidence: "libvirt's pty" },
      adopt: {
        value: false,
        evidence: 'not offered by this version',
        reasonIfAbsent: 'guests of libvirt are not adopted by this version',
      },
      'limits.cpu': { value: true, evidence: 'cgroup quota' },
      'limits.memory': { value: true, evidence: 'cgroup limit' },
      'limits.disk': {
        value: false,
        evidence: 'overlay on a directory',
        reasonIfAbsent: 'an overlay directory has no quota',
      },
    },
  });

  const running = async ({ uuid, name }: GuestRef): Promise<number> => {
    const description = await guests.description(uuid);
    const pid = description?.id === undefined ? undefined : await initPid(host, description.id);
    if (pid === undefined) throw new InnkeeperError('conflict', `${name} does not run`, { hint: `inn start ${name}` });
    return pid;
  };

  return {
    info: () => ({ id, backend: 'lxc', contract: contractVersion, placeable: true }),
    probe: async () => {
      try {
        const { library } = await libvirt.version();
        return report({
          healthy: true,
          versions: { libvirt: library },
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
    watch: (signal) => watchGuests(libvirt, guests, signal),
    list: guests.list,
    inspect: async ({ uuid }) => (await guests.list()).find((guest) => guest.uuid === uuid),
    stats: async (refs) => {
      const stats = new Map<string, GuestStats>();
      await Promise.all(
        refs.map(async ({ uuid, name }) => {
          // libvirt's pid file names the controller, which is in the container's cgroups itself: no virsh call per guest.
          const controller = Number(await host.files.readTextIfThere(`/run/libvirt/lxc/${name}.pid`));
          const own = await ownBytes(uuid);
          const now = controller > 0 ? await readCgroupStats(host, controller) : {};
          stats.set(uuid, { ...now, ...(own === undefined ? {} : { ownDiskBytes: own }) });
        }),
      );
      return stats;
    },
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
              const { rootfs } = await images.rootfs(image);
              await createContainerRoot(host, paths, {
                id: plan.uuid,
                lower: rootfs,
                uidStart: definition.claims.uidStart,
                files: guestFiles(definition),
              });
              await mountContainerRoot(host, paths, plan.uuid);
            },
            undo: () => destroyContainerRoot(host, paths, plan.uuid),
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
      await startGuest(libvirt, guest);
    },
    stop: async (guest, request, signal) => {
      await requireOurs(guests, guest);
      await stopGuest(libvirt, guest, request, signal);
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
          run: () =>
            disks === 'keep'
              ? unmountContainerRoot(host, paths, guest.uuid)
              : destroyContainerRoot(host, paths, guest.uuid),
          noUndo,
        },
      ];
    },
    reconfigure: (plan) => redefine(libvirt, plan, containerXml(definitionOf(plan), paths)),
    exec: async (guest, options: ExecOptions) => {
      const pid = await running(guest);
      const variables = Object.entries({
        ...defaultEnvironment,
        ...(options.tty === undefined ? {} : { TERM: 'xterm-256color' }),
        ...options.env,
      });
      const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
      return host.spawn(
        [
          'perl',
          '-e',
          await readFile(execProgram, 'utf8'),
          String(pid),
          arch,
          options.cwd ?? '/root',
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
