#!/usr/bin/env node
/**
 * The lab host: a machine of its own with systemd and cgroup v2, as a stranger's Debian server is. It runs under QEMU's
 * software emulation, so it needs neither hardware nor rights beyond building its disk (root, for mmdebstrap).
 */
import { localHost } from '@innkeeper/host';
import { build } from './lab-host/disk.js';
import { start, stop } from './lab-host/machine.js';
import { allRunning } from './lab-host/places.js';
import { ssh } from './lab-host/ssh.js';

const usage = `usage: node infra/testbed/lab-host.js COMMAND

  build                build the machine's disk, unless it is in the cache
  start [FOLDER]       start the machine from a fresh copy of that disk, and wait until ssh answers; a copy of FOLDER is
                       its second disk, /dev/vdb
  ssh [USER@] [WORDS]  a shell, or a command line, as root or as USER (keeper@ may use sudo)
  stop [all]           end the machine, or those behind all ports; what was written to their disks is lost

Environment
  INNKEEPER_LAB_RELEASE  of Debian: 12 or 13 (13)
  INNKEEPER_LAB_DISK     equipped: with the packages that set-up installs; fresh: without (equipped)
  INNKEEPER_LAB_CACHE    where disks are kept (/var/cache/innkeeper-lab)
  INNKEEPER_LAB_PORT     its ssh on 127.0.0.1, and which machine is meant: one may run behind each port (2229)
  INNKEEPER_LAB_MEMORY   in MiB (4096)
`;

/** @param {string} text */
const say = (text) => void process.stderr.write(`${text}\n`);

const host = localHost('lab');

/** @type {Readonly<Record<string, (words: string[]) => Promise<number>>>} */
const commands = {
  build: async () => {
    process.stdout.write(`${await build(host, say)}\n`);
    return 0;
  },
  start: async ([data]) => {
    await start(host, await build(host, say), data, say);
    return 0;
  },
  ssh: (words) => ssh(host, words),
  stop: async ([which]) => {
    if (which === 'all') for (const at of await allRunning(host)) await stop(host, at);
    else say((await stop(host)) ? 'stopped' : 'it did not run');
    return 0;
  },
};

const [name = '', ...words] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await command(words);
  } catch (error) {
    for (let at = error; at instanceof Error; at = at.cause) say(at.message);
    process.exitCode = 1;
  }
}
