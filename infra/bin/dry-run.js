/** What `up` would do, without node_modules and without writing anything. @module */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as needs from './needs.js';
import { hasModules, isBuilt } from './prepare.js';

/**
 * Standard output of a program that only reads; undefined when it is missing or fails.
 * @param {readonly [string, ...string[]]} argv
 */
const ask = ([program, ...words]) => {
  const { status, stdout } = spawnSync(program, words, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return status === 0 || status === 1 ? stdout : undefined;
};

/** @param {number} bytes */
const megabytes = (bytes) => `${bytes < 10e6 ? (bytes / 1e6).toFixed(1) : (bytes / 1e6).toFixed(0)} MB`;

/** @param {number} seconds */
const duration = (seconds) =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;

/** Names of those that dpkg has installed. */
const installed = () => {
  const names = needs.debianPackages.map((need) => need.name);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const output = ask(['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', ...names]) ?? '';
  return new Set(
    output
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
};

/**
 * Sizes by name from `apt-cache show`, in bytes.
 * @param {string} output
 */
export const parseSizes = (output) => {
  /** @type {Map<string, { download: number, disk: number }>} */
  const sizes = new Map();
  for (const block of output.split('\n\n')) {
    const name = /^Package: (\S+)$/m.exec(block)?.[1];
    if (name === undefined || sizes.has(name)) continue;
    const download = Number(/^Size: (\d+)$/m.exec(block)?.[1] ?? 0);
    sizes.set(name, { download, disk: Number(/^Installed-Size: (\d+)$/m.exec(block)?.[1] ?? 0) * 1024 });
  }
  return sizes;
};

/**
 * Names of what apt would unpack: the wanted ones and what they need.
 * @param {string} output of `apt-get -s install`
 */
export const parseSimulation = (output) => [...output.matchAll(/^Inst (\S+) /gm)].map((match) => match[1] ?? '');

/** @param {readonly string[]} names */
const simulate = (names) => {
  const quiet = /** @type {const} */ (['-s', '-q', '--no-install-recommends', '-o', 'Debug::NoLocking=1']);
  const output = ask(['apt-get', ...quiet, 'install', '--', ...names]);
  return output === undefined ? [] : parseSimulation(output);
};

/**
 * @param {(text: string) => void} say
 * @returns {number} seconds
 */
const packages = (say) => {
  const present = installed();
  const missing = needs.debianPackages.filter((need) => !present.has(need.name));
  if (missing.length === 0) {
    say(`Debian packages: nothing to do (${needs.debianPackages.length} are installed)`);
    return 0;
  }
  const own = missing.map((need) => need.name);
  const policy = ask(['apt-cache', 'show', '--no-all-versions', ...own]);
  const known = policy === undefined ? new Map() : parseSizes(policy);
  say(`Debian packages to install (apt-get, without recommended ones):`);
  for (const need of missing) {
    const size = known.get(need.name);
    const note = size === undefined ? 'not known to apt yet' : megabytes(size.disk);
    say(`  ${need.name.padEnd(30)} ${note.padStart(20)}  ${need.why}`);
  }
  return total(
    say,
    own.filter((name) => known.has(name)),
  );
};

/**
 * @param {(text: string) => void} say
 * @param {readonly string[]} names
 */
const total = (say, names) => {
  const all = names.length === 0 ? [] : simulate(names);
  if (all.length === 0) {
    say(
      '  apt has no package lists here (up fetches them): about 70 MB to download, 250 MB on the disk, about a minute',
    );
    return 60;
  }
  const sizes = [...parseSizes(ask(['apt-cache', 'show', '--no-all-versions', ...all]) ?? '').values()];
  const download = sizes.reduce((sum, size) => sum + size.download, 0);
  const disk = sizes.reduce((sum, size) => sum + size.disk, 0);
  const seconds = 10 + download / needs.pace.downloadBytesPerSecond + disk / needs.pace.unpackBytesPerSecond;
  say(
    `  with what they need: ${all.length} packages, ${megabytes(download)} to download, ${megabytes(disk)} on the disk, about ${duration(seconds)}`,
  );
  return seconds;
};

/**
 * @param {string} root
 * @param {(text: string) => void} say
 */
const program = (root, say) => {
  const { npm, build } = needs;
  let seconds = 0;
  if (hasModules(root)) say('npm packages: nothing to do');
  else {
    const count = Object.keys(JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')).packages).length;
    say(
      `npm packages: about ${count} (${npm.why}), ${npm.downloadMegabytes} MB to download, ${npm.megabytes} MB in ${root}/node_modules, about ${npm.seconds} s`,
    );
    seconds += npm.seconds;
  }
  if (isBuilt(root)) say('Build: nothing to do');
  else {
    say(`Build: about ${build.megabytes} MB in the dist directories, about ${build.seconds} s`);
    seconds += build.seconds;
  }
  return seconds;
};

/**
 * @param {string} database
 * @param {readonly import('./needs.js').Need[]} wanted
 */
const missingNames = (database, wanted) =>
  wanted.filter((need) => spawnSync('getent', [database, need.name]).status !== 0);

/** @param {(text: string) => void} say */
const accounts = (say) => {
  const made = [
    ...missingNames('group', needs.groups).map((need) => ({ ...need, name: `group ${need.name}` })),
    ...missingNames('passwd', needs.users).map((need) => ({ ...need, name: `system user ${need.name}` })),
  ];
  if (made.length === 0) say('Accounts: nothing to do');
  for (const need of made) say(`Account to make: ${need.name} (${need.why})`);
};

const runsAppArmor = () => {
  const enabled = '/sys/module/apparmor/parameters/enabled';
  return existsSync(enabled) && readFileSync(enabled, 'utf8').trim() === 'Y' && existsSync('/etc/apparmor.d');
};

/**
 * @param {string} prefix
 * @param {(text: string) => void} say
 */
const places = (prefix, say) => {
  const systemd = prefix === '' && existsSync('/run/systemd/system');
  const ours = [...needs.directories, ...needs.files, ...(systemd ? needs.systemdFiles : [])];
  const all = [
    ...ours.map(({ path, why }) => ({ path: `${prefix}${path}`, why })),
    ...[needs.hook, ...(runsAppArmor() ? [needs.profile] : [])].map(({ path, why }) => ({
      path: `${path}${prefix.replace(/[^A-Za-z0-9]+/g, '-')}`,
      why,
    })),
  ];
  const missing = all.filter(({ path }) => !existsSync(path));
  if (missing.length === 0) say('Files and directories: nothing to do');
  else say('Files and directories to make:');
  for (const { path, why } of missing) say(`  ${path.padEnd(52)} ${why}`);
  return systemd;
};

/** @param {(text: string) => void} say */
const limits = (say) => {
  for (const [key, wanted] of Object.entries(needs.sysctls)) {
    const file = `/proc/sys/${key.replaceAll('.', '/')}`;
    const now = existsSync(file) ? Number(readFileSync(file, 'utf8')) : wanted;
    if (now < wanted) say(`Kernel limit to raise: ${key} from ${now} to ${wanted}`);
  }
};

/**
 * @param {{ root: string, prefix: string, hasOwnDatabase: boolean, lab: string | false | undefined }} options
 * @param {(text: string) => void} say
 */
export const dryRun = ({ root, prefix, hasOwnDatabase, lab }, say) => {
  let seconds = packages(say) + program(root, say);
  accounts(say);
  const systemd = places(prefix, say);
  limits(say);
  say(
    `Services to start where they do not run (${systemd ? 'through systemd, also after a reboot' : 'as daemons: no systemd here'}):`,
  );
  for (const { name, why } of needs.services) {
    if (!(hasOwnDatabase && name.startsWith('PostgreSQL'))) say(`  ${name}: ${why}`);
  }
  if (lab !== false) {
    for (const image of needs.images) {
      const present = existsSync(`${prefix}/var/lib/innkeeper/images`);
      say(
        `Image of the example lab: ${image.name}${present ? ', unless it is here already' : ''}: about ${image.downloadMegabytes} MB to download, ${image.megabytes} MB on the disk, about ${image.seconds} s`,
      );
      seconds += image.seconds;
    }
    say(`Then: inn apply -f ${lab ?? 'examples/lab.yaml'} --wait${lab === undefined ? ' --fitting' : ''}`);
  }
  say(
    `All together at most about ${duration(seconds + 10)}. Nothing has been changed; everything can be undone with npm run down -- --purge`,
  );
};
