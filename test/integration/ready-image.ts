import { basename, dirname } from 'node:path';
import type { Host } from '@innkeeper/host';
import { findImage, type ImageDefinition, type Paths } from '@innkeeper/model';
import { imageStore } from '@innkeeper/storage';

/**
 * What every installation would unpack and make again of the cached archive: kept beside it by the first, and linked into the others.
 * Nobody writes into an image; its key, which hashes what went in, is in the name.
 */
const placesOf = (host: Host, paths: Paths) => {
  const image = findImage('debian/12') as ImageDefinition;
  const store = imageStore(host, { paths });
  const { disk, kernel } = store.diskPaths(image);
  const tree = dirname(store.rootfsPath(image));
  const cache = process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images';
  const kept = `${cache}/ready-${basename(tree)}`;
  return {
    kept,
    places: { tree, disk, kernels: dirname(kernel) },
  };
};

const there = async (host: Host, path: string): Promise<boolean> => (await host.files.facts(path)) !== undefined;

/** Whole under its name, or not there; not there either where two file systems are between. */
const link = async (host: Host, from: string, to: string): Promise<void> => {
  if (!(await there(host, from)) || (await there(host, to))) return;
  await host.run(['mkdir', '-p', '--', dirname(to)]);
  const beside = `${to}.${process.pid}`;
  const { exitCode } = await host.run(['cp', '-al', '--', from, beside], { expect: [0, 1], timeoutMs: 120_000 });
  if (exitCode === 0) await host.files.rename(beside, to);
  else await host.files.remove(beside);
};

export const takeReadyImage = async (host: Host, paths: Paths): Promise<void> => {
  const { kept, places } = placesOf(host, paths);
  for (const [what, place] of Object.entries(places)) await link(host, `${kept}/${what}`, place);
};

export const keepReadyImage = async (host: Host, paths: Paths): Promise<void> => {
  const { kept, places } = placesOf(host, paths);
  for (const [what, place] of Object.entries(places)) await link(host, place, `${kept}/${what}`);
};
