#!/usr/bin/env node
/**
 * Packages and libvirt, by the same set-up that a user runs, into an installation of the tests' own that is purged at once:
 * what stays is what the Debian packages are, Chromium for the browser tests, lxc for a driver's, btrfs-progs for pools and an ssh
 * server that is not running among them, a running libvirt, and the built image, for which no test should have to wait.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { ensureLibvirt } from '@innkeeper/infra';
import { findImage, pathsUnder } from '@innkeeper/model';
import { imageStore } from '@innkeeper/storage';
import { ensureBtrfs } from './btrfs.js';
import { ensureChromium } from './chromium.js';
import { ensureLxcTools } from './lxc-tools.js';
import { ensureSshd } from './sshd.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const prefix = '/tmp/innkeeper-test-prepare';
const env = { ...process.env, INNKEEPER_PREFIX: prefix, INNKEEPER_LISTEN: 'off' };
const up = spawnSync('node', ['infra/bin/up.js', 'up', '--yes', '--no-lab'], { cwd: root, stdio: 'inherit', env });
if (up.status !== 0) process.exit(up.status ?? 1);
const down = spawnSync('node', ['infra/bin/up.js', 'down', '--purge', '--yes'], { cwd: root, stdio: 'inherit', env });
if (down.status !== 0) process.exit(down.status ?? 1);
const host = localHost('tests');
await ensureLibvirt(host);
await ensureLxcTools(host);
await ensureSshd(host);
await ensureBtrfs(host);
const cache = process.env.INNKEEPER_IMAGE_CACHE;
const image = findImage('debian/12');
if (cache !== undefined && image !== undefined) {
  const paths = pathsUnder(prefix);
  await host.run(['mkdir', '-p', '--', paths.state]);
  await imageStore(host, { paths, cache }).rootfs(image);
  await host.files.remove(prefix);
  process.stdout.write(`✓ image: debian/12 is in ${cache}\n`);
}
const withoutBrowser = await ensureChromium(host);
if (withoutBrowser !== undefined) process.stdout.write(`! chromium: ${withoutBrowser}\n`);
