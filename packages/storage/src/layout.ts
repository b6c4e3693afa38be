import type { ImageDefinition, Paths } from '@innkeeper/model';

/**
 * Where images and what guests stand on are kept, below the state directory.
 * `images` is closed to everyone but root because unshifted images hold setuid-root files;
 * `roots`, `disks`, `volumes` and `kernels` can be traversed, since a container's root and QEMU's user have to get through.
 */
export const layout = (paths: Paths) => ({
  images: `${paths.state}/images`,
  roots: `${paths.state}/roots`,
  disks: `${paths.state}/disks`,
  volumes: `${paths.state}/volumes`,
  kernels: `${paths.state}/kernels`,
});

export const imageFolder = (paths: Paths, image: ImageDefinition): string =>
  `${layout(paths).images}/${image.name.replaceAll('/', '-')}`;
