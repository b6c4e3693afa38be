/** The machine's disk: a tree by mmdebstrap, made into a file system. @module */

import { createHash } from 'node:crypto';
import { cache, diskFolder, sshKey } from './places.js';
import { diskBytes, files, packages, removed, suite, user } from './recipe.js';
import { surroundings } from './surroundings.js';

/** @typedef {import('@innkeeper/host').Host} Host */

const minutes = 60_000;
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** @param {Host} host */
const publicKey = async (host) => {
  await host.files.makeDirectory(cache, 0o700);
  if ((await host.files.facts(sshKey)) === undefined)
    await host.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', sshKey]);
  return host.files.readText(`${sshKey}.pub`);
};

/** @param {Host} host @param {string} tree @param {readonly string[]} sources */
const bootstrap = (host, tree, sources) =>
  host.run(
    [
      'mmdebstrap',
      '--variant=apt',
      '--components=main',
      `--keyring=${keyring}`,
      `--include=${packages.join(',')}`,
      suite,
      tree,
      ...sources,
    ],
    { timeoutMs: 40 * minutes },
  );

/** @param {Host} host @param {string} tree @param {string} key */
const addAccounts = async (host, tree, key) => {
  await host.run(['chroot', tree, 'useradd', '--create-home', '--shell', '/bin/bash', '--', user]);
  for (const [name, home] of [
    ['root', '/root'],
    [user, `/home/${user}`],
  ]) {
    await host.files.makeDirectory(`${tree}${home}/.ssh`, 0o700);
    await host.files.write(`${tree}${home}/.ssh/authorized_keys`, key, 0o600);
    await host.run(['chroot', tree, 'chown', '-R', `${name}:`, `${home}/.ssh`]);
  }
};

/** @param {Host} host @param {string} tree @param {Awaited<ReturnType<typeof surroundings>>} around */
const addFiles = async (host, tree, { npmrc, authorities }) => {
  for (const path of removed) await host.files.remove(`${tree}/${path}`);
  for (const [path, content] of Object.entries(files)) await host.files.write(`${tree}/${path}`, content, 0o644);
  await host.files.write(`${tree}/etc/npmrc`, npmrc, 0o644);
  for (const { name, text } of authorities)
    await host.files.write(`${tree}/usr/local/share/ca-certificates/${name}`, text, 0o644);
  await host.run(['chroot', tree, 'update-ca-certificates']);
};

/** Kernel and initrd beside the disk: QEMU loads them itself. @param {Host} host @param {string} tree @param {string} folder */
const takeKernel = async (host, tree, folder) => {
  const boot = await host.files.list(`${tree}/boot`);
  for (const [kind, name] of [
    ['vmlinuz-', 'vmlinuz'],
    ['initrd.img-', 'initrd'],
  ]) {
    const found = boot.find((one) => one.startsWith(kind));
    if (found === undefined) throw new Error(`the kernel's package left no ${kind}* in /boot`);
    await host.run(['cp', '--', `${tree}/boot/${found}`, `${folder}/${name}`]);
  }
};

/** @param {Host} host @param {string} tree @param {string} image */
const makeImage = async (host, tree, image) => {
  await host.run(['truncate', '-s', String(diskBytes), '--', image]);
  await host.run(['mkfs.ext4', '-q', '-F', '-d', tree, image], { timeoutMs: 20 * minutes });
};

/** Everything that decides what comes out. @param {unknown} around @param {string} key */
const hashOf = (around, key) =>
  createHash('sha256')
    .update(JSON.stringify([suite, packages, files, removed, diskBytes, user, around, key]))
    .digest('hex')
    .slice(0, 12);

/**
 * Builds the disk unless it is there; answers the folder that holds it with its kernel. About three minutes.
 * @param {Host} host
 * @param {(text: string) => void} say
 */
export const build = async (host, say) => {
  const key = await publicKey(host);
  const around = await surroundings(host, suite);
  const folder = diskFolder(hashOf(around, key));
  if (await host.files.facts(folder)) return folder;
  const fresh = `${folder}.new`;
  const tree = `${fresh}/tree`;
  say(`building ${folder}`);
  await host.files.remove(fresh);
  await host.files.makeDirectory(fresh, 0o700);
  await bootstrap(host, tree, around.sources);
  await addAccounts(host, tree, key);
  await addFiles(host, tree, around);
  await takeKernel(host, tree, fresh);
  say('making its file system');
  await makeImage(host, tree, `${fresh}/disk.raw`);
  await host.files.remove(tree);
  await host.files.rename(fresh, folder);
  return folder;
};
