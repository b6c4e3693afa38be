import type { Host } from '@innkeeper/host';

/** libvirt answers for containers and machines separately: the one that is installed is enough to be alive. */
const drivers = ['lxc:///system', 'qemu:///system'];

/** Version of the daemon that answers, such as `9.0.0`; undefined when none does. */
export const libvirtVersion = async (host: Host): Promise<string | undefined> => {
  for (const uri of drivers) {
    const answer = await host.run(['virsh', '-c', uri, 'version', '--daemon'], { expect: [0, 1], timeoutMs: 20_000 });
    if (answer.exitCode === 0) return /Running against daemon: (\S+)/.exec(answer.stdout)?.[1] ?? 'unknown';
  }
  return undefined;
};

/** Standard output of a virsh command on the network driver; throws `host_error`. */
export const virshNetwork = async (host: Host, ...words: readonly string[]): Promise<string> =>
  (await host.run(['virsh', '-c', 'network:///system', ...words])).stdout;
