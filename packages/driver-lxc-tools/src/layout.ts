import { createHash } from 'node:crypto';
import { InnkeeperError } from '@innkeeper/model';

/** Where Debian's package has its containers (lxc.lxcpath). All installations of Innkeeper on a machine share it. */
export const lxcPath = '/var/lib/lxc';

/** The bridge of libvirt's network "default", by which name other drivers and manifests know it. */
export const bridge = 'virbr0';
export const network = 'default';

/** A name is one folder, whatever else it holds: foreign containers are named as their makers liked. */
const folderOf = (name: string): string => {
  if (name === '' || name.startsWith('.') || name.includes('/') || name.includes('\0'))
    throw new InnkeeperError('not_found', `There is no container "${name}"`);
  return `${lxcPath}/${name}`;
};

export const containerFiles = (name: string) => {
  const folder = folderOf(name);
  return { folder, config: `${folder}/config`, record: `${folder}/innkeeper.json`, rootfs: `${folder}/rootfs` };
};

/**
 * Classic containers have no id beside their name. One that we did not make gets the same at every look: a UUID of
 * version 8 (RFC 9562, the maker's own rule) from a hash of its folder.
 */
export const foreignUuid = (name: string): string => {
  const hex = createHash('sha256').update(`${lxcPath}/${name}`).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
