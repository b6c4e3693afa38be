import type { Host } from '@innkeeper/host';
import { type Capability, type DriverReport, messageChain, type NetworkReport } from '@innkeeper/model';
import type { ImageStore } from '@innkeeper/storage';
import { listContainers } from './containers.ts';
import { cgroupLayout } from './creation.ts';
import { bridge, network } from './layout.ts';

const absent = (why: string): Capability => ({ value: false, evidence: why, reasonIfAbsent: why });

/** Where Debian's and Ubuntu's package has it. */
const program = '/usr/bin/lxc-start';

/** Why no container of ours could start here; undefined when one could. */
const obstacle = async (host: Host): Promise<string | undefined> => {
  if ((await host.files.facts('/usr/share/lxc/config/userns.conf')) === undefined)
    return "LXC's settings of containers without privileges are missing: /usr/share/lxc/config/userns.conf";
  const namespaces = await host.files.readTextIfThere('/proc/sys/user/max_user_namespaces');
  return Number(namespaces ?? 0) > 0
    ? undefined
    : 'the kernel gives no user namespaces (sysctl user.max_user_namespaces)';
};

const limit = async (host: Host, layout: 1 | 2, controller: string, words: string): Promise<Capability> => {
  const there =
    layout === 1
      ? (await host.files.facts(`/sys/fs/cgroup/${controller}`)) !== undefined
      : ((await host.files.readTextIfThere('/sys/fs/cgroup/cgroup.controllers')) ?? '')
          .trim()
          .split(' ')
          .includes(controller);
  return there
    ? { value: true, evidence: `${words}, cgroup v${layout}` }
    : absent(`the cgroup controller ${controller} is not there`);
};

const capabilities = async (host: Host): Promise<DriverReport['capabilities']> => {
  const layout = await cgroupLayout(host);
  return {
    'guest.os': {
      value: ['linux'],
      evidence: 'containers share the host kernel, Linux',
      reasonIfAbsent: 'a container shares the Linux kernel of its host',
    },
    'kernel.own': absent('a container has no kernel of its own'),
    'firmware.secure-boot': absent('a container has no firmware'),
    tpm: absent('a container has no TPM'),
    exec: { value: true, evidence: 'lxc-attach' },
    'exec.stream': { value: true, evidence: 'lxc-attach' },
    'exec.tty': { value: true, evidence: 'lxc-attach' },
    'files.stopped': { value: true, evidence: "the container's own tar; not of containers that were adopted" },
    screen: absent('a container has no screen'),
    pause: absent('lxc-tools does not pause; use lxc-freeze'),
    rename: absent('lxc-tools does not rename; use lxc-copy --rename'),
    pools: absent('lxc-tools keeps its containers below /var/lib/lxc'),
    clone: absent('lxc-tools makes no clones; use lxc-copy'),
    backup: absent('lxc-tools makes no backups; copy what is below /var/lib/lxc'),
    snapshots: absent('lxc-tools makes no snapshots; use lxc-snapshot'),
    console: absent('lxc-tools offers no console; use exec'),
    'console.history': absent('lxc-tools offers no console; use exec'),
    'start.by-others': absent('its root is mounted only when Innkeeper starts it'),
    adopt: { value: true, evidence: "a record beside the container's config, which LXC does not read" },
    'convert.from': { value: true, evidence: 'its root is a directory that another driver can stand on' },
    'convert.to': absent('containers are converted from lxc-tools, not to it'),
    'limits.cpu': await limit(host, layout, 'cpu', 'quota'),
    'limits.memory': await limit(host, layout, 'memory', 'limit'),
    'limits.disk': absent('an overlay directory has no quota'),
  };
};

/** Parts of `ip -json address` that are read. */
interface Link {
  readonly addr_info?: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
}

/** The one network that lxc-tools attaches to, from the bridge's own address; none without the bridge. */
const networks = async (host: Host, driver: string): Promise<NetworkReport[]> => {
  if ((await host.files.facts(`/sys/class/net/${bridge}`)) === undefined) return [];
  const { stdout } = await host.run(['ip', '-json', 'address', 'show', 'dev', bridge]);
  const ipv4 = (JSON.parse(stdout) as readonly Link[])
    .flatMap((link) => link.addr_info ?? [])
    .find(({ family }) => family === 'inet');
  const foreign = (await listContainers(host, driver)).filter(({ ownership }) => ownership === undefined);
  return [
    {
      name: network,
      active: true,
      bridge,
      ...(ipv4 === undefined ? {} : { gateway: ipv4.local, prefix: ipv4.prefixlen }),
      taken: [...new Set(foreign.flatMap(({ addresses }) => addresses))],
    },
  ];
};

export const probeLxc = async (
  host: Host,
  images: ImageStore,
  base: Pick<DriverReport, 'driver' | 'backend' | 'placeable'>,
): Promise<DriverReport> => {
  const common = { ...base, capabilities: await capabilities(host) };
  try {
    const { stdout } = await host.run(['lxc-start', '--version']);
    const reason = await obstacle(host);
    return {
      ...common,
      healthy: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      versions: { lxc: stdout.trim() },
      networks: await networks(host, base.driver),
      images: await images.ready('rootfs'),
    };
  } catch (error) {
    const absent = (await host.files.facts(program)) === undefined;
    const reason = `LXC does not answer, is the package lxc installed? ${messageChain(error).join(': ')}`;
    return { ...common, healthy: false, absent, reason, versions: {}, networks: [], images: [] };
  }
};
