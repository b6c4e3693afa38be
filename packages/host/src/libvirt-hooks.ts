import type { Host } from './host.ts';

const hooks = '/etc/libvirt/hooks';

/** A program that libvirt runs when something happens to one of its objects. [https://libvirt.org/hooks.html] */
export interface LibvirtHook {
  /** Of which objects. */
  readonly of: 'lxc' | 'network';
  /** Of its file; the user's own hooks stand beside it, and libvirt runs all executable files of the folder. */
  readonly name: string;
}

const hookFolder = ({ of }: Pick<LibvirtHook, 'of'>): string => `${hooks}/${of}.d`;
export const hookFile = (hook: LibvirtHook): string => `${hookFolder(hook)}/${hook.name}`;

/** The daemons that run hooks of an object, the one for everything first. */
const daemons = { lxc: ['libvirtd', 'virtlxcd'], network: ['libvirtd', 'virtnetworkd'] } as const;

/**
 * libvirt remembers whether there are hooks at all, and looks again when it is told to reload (SIGHUP). One that is not
 * running looks when it starts.
 */
const reload = async (host: Host, { of }: LibvirtHook): Promise<void> => {
  const systemd = (await host.files.facts('/run/systemd/system')) !== undefined;
  for (const daemon of daemons[of]) {
    await host.run(systemd ? ['systemctl', 'reload', '--', `${daemon}.service`] : ['pkill', '-HUP', '-x', daemon], {
      expect: [0, 1, 5],
    });
  }
};

/** Whether the hook is there with this text. */
export const hasHook = async (host: Host, hook: LibvirtHook, text: string): Promise<boolean> =>
  (await host.files.readTextIfThere(hookFile(hook))) === text;

/** Writes the hook and has libvirt see it; there already is no change. */
export const installHook = async (host: Host, hook: LibvirtHook, text: string): Promise<void> => {
  if (await hasHook(host, hook, text)) return;
  await host.run(['mkdir', '-p', '--', hookFolder(hook)]);
  // Not beside it: libvirt runs whatever is in that folder, and a start fails on a file that is still being written.
  const outside = `${hooks}/${hook.name}.${hook.of}.new`;
  await host.files.write(outside, text, 0o755);
  await host.files.rename(outside, hookFile(hook));
  await reload(host, hook);
};

/** Missing already is no error. */
export const removeHook = (host: Host, hook: LibvirtHook): Promise<void> => host.files.remove(hookFile(hook));

/** A word of sh that stands for exactly this text. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
