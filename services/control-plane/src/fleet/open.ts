import { guardedHost, type Host, localHost, type SshOptions, sshHost } from '@innkeeper/host';
import type { Config } from '../config.ts';
import type { ManagedHost } from '../control.ts';
import { openDrivers } from '../drivers.ts';
import type { Lease } from '../operations/lease.ts';

/** Address of the machine that the control plane runs on. */
export const localAddress = 'local';

const sshOptions = ({ paths, sshConfig, sshKnownHosts, sshIdentity }: Config): SshOptions => ({
  // One for each of several control planes: whoever ends closes what was opened for it.
  controlDirectory: `${paths.socket.replace(/\.sock$/, '')}-ssh`,
  ...(sshConfig === undefined ? {} : { configFile: sshConfig }),
  ...(sshKnownHosts === undefined ? {} : { knownHostsFile: sshKnownHosts }),
  ...(sshIdentity === undefined ? {} : { identityFile: sshIdentity }),
});

/**
 * Nothing connects before the first call, and nothing is begun there while the lease does not hold. The address tells hosts apart
 * where their names do not exist yet.
 */
export const hostAt = (config: Config, lease: Pick<Lease, 'require'>, address: string): Host =>
  guardedHost(
    address === localAddress ? localHost(localAddress) : sshHost(address, address, sshOptions(config)),
    lease.require,
  );

/** A host with its drivers, without asking it anything: one that is away is opened like any other. */
export const openHost = async (config: Config, host: Host, name: string, gone: AbortSignal): Promise<ManagedHost> => {
  const { paths, acceleration, libvirtSeconds, imageMirror, imageCache } = config;
  const environment = { host, paths, acceleration, libvirtSeconds, imageMirror, imageCache };
  return { name, host, gone, drivers: await openDrivers(config.drivers, environment) };
};

/** As set-up makes them on the control plane's own machine. */
export const makeDirectories = async (host: Host, { paths }: Config): Promise<void> => {
  await host.files.makeDirectory(paths.state, 0o711);
  await host.files.makeDirectory(paths.run, 0o755);
  await host.files.makeDirectory(paths.logs, 0o711);
};
