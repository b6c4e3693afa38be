/** The floor: virsh alone, over a root that is prepared and mounted already. */
import { findImage } from '@innkeeper/model';
import { createContainerRoot, destroyContainerRoot, imageStore, mountContainerRoot } from '@innkeeper/storage';
import { host, paths, virsh } from './installation.js';
import { time } from './measure.js';

const rawUid = 0x60000000;
/** Last of the network's addresses, so that the inventory does not come to it. */
const rawAddress = '192.168.122.253';

const debian = findImage('debian/12');
if (debian === undefined) throw new Error('debian/12 is not known');
const images = imageStore(host, { paths });
export const rootfs = async () => (await images.rootfs(debian)).rootfs;

/** `virsh define` and `virsh start` of the same definition under another name; milliseconds. */
export const createRaw = async (/** @type {string} */ template, /** @type {number} */ round) => {
  const uuid = `00000000-0000-4000-8000-${String(round).padStart(12, '0')}`;
  const name = `bench-raw-${round}`;
  await createContainerRoot(host, paths, { id: uuid, lower: await rootfs(), uidStart: rawUid, files: {} });
  await mountContainerRoot(host, paths, uuid);
  const xml = template
    .replace(/<uuid>[^<]*</, `<uuid>${uuid}<`)
    .replace(/<name>[^<]*</, `<name>${name}<`)
    .replace(/<metadata>[\s\S]*?<\/metadata>/, '')
    .replace(/roots\/[0-9a-f-]{36}\//, `roots/${uuid}/`)
    .replace(/target=(['"])\d+\1/g, `target='${rawUid}'`)
    .replace(/<mac [^>]*>/, '')
    .replace(/(<ip [^>]*address=['"])[0-9.]+/, `$1${rawAddress}`);
  const file = `${paths.state}/raw.xml`;
  await host.files.write(file, xml);
  const ms = await time(async () => {
    await virsh('define', file);
    await virsh('start', name);
  });
  await virsh('destroy', name);
  await virsh('undefine', name);
  await destroyContainerRoot(host, paths, uuid);
  await host.files.remove(file);
  return ms;
};
