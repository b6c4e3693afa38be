import type { Host } from '@innkeeper/host';
import { virshNetwork } from './virsh.ts';

export interface NetworkState {
  readonly defined: boolean;
  readonly active: boolean;
  readonly autostart: boolean;
}

const packaged = '/usr/share/libvirt/networks/default.xml';

/** The same as libvirt's own, for a machine without the package libvirt-daemon-config-network. */
const ours = `<network>
  <name>default</name>
  <bridge name='virbr0'/>
  <forward mode='nat'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
`;

const names = (list: string): string[] => list.split('\n').filter((name) => name !== '');

/** State of the network `default`. */
export const defaultNetworkState = async (host: Host): Promise<NetworkState> => {
  const has = async (...filter: string[]): Promise<boolean> =>
    names(await virshNetwork(host, 'net-list', '--name', ...filter)).includes('default');
  return {
    defined: await has('--all'),
    active: await has(),
    autostart: await has('--all', '--autostart'),
  };
};

/** Defines, starts and autostarts `default`; gives its state from before. */
export const ensureDefaultNetwork = async (host: Host): Promise<NetworkState> => {
  const before = await defaultNetworkState(host);
  if (!before.defined) {
    const xml = (await host.files.readTextIfThere(packaged)) ?? ours;
    // Input may come through a socket, which cannot be opened by a name; a pipe can.
    await host.run(['sh', '-c', 'cat | virsh -c network:///system net-define /dev/stdin'], { input: xml });
  }
  if (!before.active) await virshNetwork(host, 'net-start', 'default');
  if (!before.autostart) await virshNetwork(host, 'net-autostart', 'default');
  return before;
};

/** Whether a guest has an interface on its bridge. */
const isInUse = async (host: Host): Promise<boolean> => {
  const bridge = /^Bridge: +(\S+)$/m.exec(await virshNetwork(host, 'net-info', 'default'))?.[1];
  return bridge !== undefined && (await host.files.list(`/sys/class/net/${bridge}/brif`)).length > 0;
};

/** Undoes what {@link ensureDefaultNetwork} did; false when guests, by now somebody else's, use the network. */
export const restoreDefaultNetwork = async (host: Host, before: NetworkState): Promise<boolean> => {
  const now = await defaultNetworkState(host);
  if (now.autostart && !before.autostart) await virshNetwork(host, 'net-autostart', 'default', '--disable');
  if (now.active && !before.active) {
    if (await isInUse(host)) return false;
    await virshNetwork(host, 'net-destroy', 'default');
  }
  if (now.defined && !before.defined) await virshNetwork(host, 'net-undefine', 'default');
  return true;
};
