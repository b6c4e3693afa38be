import type { DriverEnvironment } from '@innkeeper/driver-contract';
import { connect, type Libvirt, type LibvirtUri } from '@innkeeper/libvirt';

/** The connection of a driver, with the settings of its host. */
export const connectFor = ({ host, paths, libvirtSeconds }: DriverEnvironment, uri: LibvirtUri): Libvirt =>
  connect(host, uri, {
    scratch: paths.run,
    ...(libvirtSeconds === undefined ? {} : { timeoutMs: libvirtSeconds * 1000 }),
  });
