/** The machine's disk: a tree by mmdebstrap, made into a file system. @module */

import { createHash } from 'node:crypto';
import { copyNode } from './node.js';
import { cache, diskFolder, machine, sshKey } from './places.js';
import { diskBytes, files, packagesOf, releases, removed, user } from './recipe.js';
import { surroundings } from './surroundings.js';

/** @typedef {import('@innkeeper/host').Host} Host */
/** @typedef {Awaited<ReturnType<typeof surroundings>>} Surroundings */

const minutes = 60_000;
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** @param {Host} host */
const publicKey = async (host) => {
  await host.files.makeDirectory(cache, 0o700);
  if ((await host.files.facts(sshKey)) === undefined)
    await host.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', sshKey]);
  return host.files.readText(`${sshKey}.pub`);
};

/** Everything that decides what comes out. @param {Host} host */
const inputs = async (host) => {
  const { release, kind } = machine();
  const { suite, node } = releases[release];
  return {
    suite,
    packages: packagesOf(release, kind),
    node: node ? undefined : process.version,
    files,
    removed,
    diskBytes,
    user,
    around: await surroundings(host, suite),
    key: await publicKey(host),
  };
};

/** @typedef {Awaited<ReturnType<typeof inputs>>} Inputs */

/** @param {Host} host @param {string} tree @param {Inputs} inputs */
const bootstrap = (host, tree, { suite, packages, around }) =>
  host.run(
    [
      'mmdebstrap',
      '--variant=apt',
      '--components=main',
      `--keyring=${keyring}`,
      `--include=${packages.join(',')}`,
      suite,
      tree,
      ...around.sources,
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

/** @param {Host} host @param {string} tree @param {Surroundings} around */
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

/**
 * A raw disk with a copy of a folder.
 * @param {Host} host @param {string} tree @param {string} image @param {number} bytes
 */
export const makeImage = async (host, tree, image, bytes) => {
  await host.run(['truncate', '-s', String(bytes), '--', image]);
  await host.run(['mkfs.ext4', '-q', '-F', '-d', tree, image], { timeoutMs: 20 * minutes });
};

/** @param {Inputs} inputs */
const hashOf = (inputs) => createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);

/**
 * Builds the disk unless it is there; answers the folder that holds it with its kernel. About three minutes.
 * @param {Host} host
 * @param {(text: string) => void} say
 */
export const build = async (host, say) => {
  const given = await inputs(host);
  const folder = diskFolder(machine(), hashOf(given));
  if (await host.files.facts(folder)) return folder;
  const fresh = `${folder}.new`;
  const tree = `${fresh}/tree`;
  say(`building ${folder}`);
  await host.files.remove(fresh);
  await host.files.makeDirectory(fresh, 0o700);
  await bootstrap(host, tree, given);
  if (given.node !== undefined) await copyNode(host, tree);
  await addAccounts(host, tree, given.key);
  await addFiles(host, tree, given.around);
  await takeKernel(host, tree, fresh);
  say('making its file system');
  await makeImage(host, tree, `${fresh}/disk.raw`, diskBytes);
  await host.files.remove(tree);
  await host.files.rename(fresh, folder);
  return folder;
};
