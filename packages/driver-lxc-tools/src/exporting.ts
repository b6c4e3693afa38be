import type { ExportGroup, GuestRef, PortableContainer } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { isStopped, stateOf } from './containers.ts';
import { containerFiles } from './layout.ts';
import { portableOf } from './portable.ts';

/** What is beside a container while its conversion is not confirmed: its config, and the mode that its folder had. */
const keptOf = (name: string) => {
  const { folder } = containerFiles(name);
  return { config: `${folder}/config.before-innkeeper`, mode: `${folder}/mode.before-innkeeper` };
};

const search = 0o001;

/** Folders above a root, from the top. */
const above = (root: string): string[] => {
  const parts = root.split('/').slice(1, -1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`);
};

/** Carrying classic containers over to another driver: their config is moved aside, and all else stays where it is. */
export const exporting = (host: Host): ExportGroup => {
  const move = async (from: string, to: string): Promise<void> => {
    if ((await host.files.facts(from)) === undefined) return;
    await host.run(['mv', '--no-target-directory', '--', from, to]);
  };

  const requireStopped = async ({ name }: GuestRef): Promise<void> => {
    if (isStopped(await stateOf(host, name))) return;
    throw new InnkeeperError('conflict', `${name} runs: only a stopped container is converted`, {
      hint: `lxc-stop --name=${name}`,
    });
  };

  /** libvirt looks for a root as the container's own root, LXC as the host's: its own folder alone is opened for that. */
  const requireReachable = async (name: string, { root, ids }: PortableContainer): Promise<void> => {
    if (ids.uid.length === 0) return;
    for (const folder of above(root)) {
      if (folder === containerFiles(name).folder) continue;
      const mode = (await host.files.facts(folder))?.mode;
      if (mode === undefined) throw new InnkeeperError('unsupported', `The root of ${name} is not there: ${root}`);
      if ((mode & search) === 0)
        throw new InnkeeperError(
          'unsupported',
          `${name} cannot be converted: its root could not come through ${folder}`,
          {
            hint: `chmod o+x ${folder}`,
          },
        );
    }
  };

  /** The mode is written down before it is changed. */
  const open = async (name: string): Promise<void> => {
    const { folder } = containerFiles(name);
    const mode = (await host.files.facts(folder))?.mode;
    if (mode === undefined || (mode & search) !== 0) return;
    await host.files.write(keptOf(name).mode, `${mode.toString(8)}\n`);
    await host.files.chmod(folder, mode | search);
  };

  const close = async (name: string): Promise<void> => {
    const kept = keptOf(name);
    const mode = Number.parseInt((await host.files.readTextIfThere(kept.mode)) ?? '', 8);
    if (!Number.isNaN(mode)) await host.files.chmod(containerFiles(name).folder, mode);
    await host.files.remove(kept.mode);
  };

  return {
    portable: async (guest) => {
      await requireStopped(guest);
      const { config } = containerFiles(guest.name);
      const text =
        (await host.files.readTextIfThere(config)) ?? (await host.files.readTextIfThere(keptOf(guest.name).config));
      if (text === undefined) throw new InnkeeperError('not_found', `There is no container ${guest.name}`);
      const container = portableOf(guest.name, text);
      await requireReachable(guest.name, container);
      return container;
    },
    setAside: async (guest) => {
      await requireStopped(guest);
      await open(guest.name);
      await move(containerFiles(guest.name).config, keptOf(guest.name).config);
    },
    putBack: async ({ name }) => {
      await move(keptOf(name).config, containerFiles(name).config);
      await close(name);
    },
    discard: async ({ name }) => {
      await host.files.remove(keptOf(name).config);
      await host.files.remove(keptOf(name).mode);
    },
  };
};
