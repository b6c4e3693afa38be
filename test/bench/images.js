/** Images of a size that is asked for: trees whose init does nothing, and disks that nothing boots from. */
import { setTimeout as delay } from 'node:timers/promises';
import { host, paths } from './installation.js';

const folder = `${paths.prefix}/images`;
const timeoutMs = 900_000;

const init = '#!/bin/sh\nwhile :; do sleep 3600; done\n';

const sh = (/** @type {string} */ script, /** @type {string[]} */ ...words) =>
  host.run(['sh', '-ec', script, 'sh', ...words], { timeoutMs });

/** A tar file; most of it is one file that nothing compresses. */
const makeTree = async (/** @type {string} */ file, /** @type {number} */ mebibytes) => {
  const tree = `${file}.tree`;
  for (const name of ['sbin', 'bin', 'etc', 'dev', 'proc', 'sys', 'run', 'tmp', 'root'])
    await host.files.makeDirectory(`${tree}/${name}`, 0o755);
  await host.files.write(`${tree}/sbin/init`, init, 0o755);
  await host.files.write(`${tree}/etc/os-release`, 'ID=bench\nPRETTY_NAME="of a benchmark"\n');
  await sh(
    `cp /bin/busybox "$1/bin/"; ln -s busybox "$1/bin/sh"; ln -s busybox "$1/bin/sleep"
    dd if=/dev/urandom of="$1/ballast" bs=1M count="$2" status=none
    tar -C "$1" --numeric-owner -cf "$3" .; rm -r "$1"`,
    tree,
    String(mebibytes),
    file,
  );
};

/** A raw disk with a boot sector's mark. */
const makeDisk = (/** @type {string} */ file, /** @type {number} */ mebibytes) =>
  sh(
    `dd if=/dev/urandom of="$1" bs=1M count="$2" status=none
    printf '\\125\\252' | dd of="$1" bs=1 seek=510 conv=notrunc status=none`,
    file,
    String(mebibytes),
  );

const makers = { container: makeTree, vm: makeDisk };

/**
 * Imports an image of that many MiB into the installation.
 * @param {import('@innkeeper/client').Client} client @param {string} name @param {keyof typeof makers} variant
 * @param {number} mebibytes
 */
export const importImage = async (client, name, variant, mebibytes) => {
  await host.files.makeDirectory(folder, 0o755);
  const file = `${folder}/${name.replaceAll('/', '-')}`;
  await makers[variant](file, mebibytes);
  let image = await client.importImage({ name, source: file }, { wait: '60s' });
  while (image.state === 'fetching') {
    await delay(500);
    image = await client.image(name);
  }
  if (image.error !== undefined) throw new Error(`${name}: ${image.error.detail ?? image.error.title}`);
  await host.files.remove(file);
};
