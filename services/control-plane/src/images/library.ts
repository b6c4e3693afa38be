import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';
import { type ImageLibrary, imageLibrary } from '@innkeeper/storage';
import type { Control, ManagedHost } from '../control.ts';
import { localAddress } from '../fleet/open.ts';

/** The machine that the control plane runs on, which is always a host. */
export const localManaged = (control: Pick<Control, 'hosts'>): ManagedHost => {
  const found = [...control.hosts.values()].find(({ host }) => host.id === localAddress);
  if (found === undefined) throw new InnkeeperError('unavailable', 'The machine of the control plane is no host now');
  return found;
};

export const localOf = (control: Pick<Control, 'hosts'>): Host => localManaged(control).host;

/** Imported images are those of this machine. */
export const libraryOf = (control: Pick<Control, 'hosts' | 'config'>): ImageLibrary =>
  imageLibrary(localOf(control), control.config.paths);
