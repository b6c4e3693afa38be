/** What makes and looks after btrfs: Debian's package btrfs-progs, installed for the tests of pools when it is missing. @module */

const program = '/usr/bin/btrfs';
const options = ['-q', '-o', 'DPkg::Lock::Timeout=300'];
const apt = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 600_000 };

/** @param {import('@innkeeper/host').Host} host */
export const ensureBtrfs = async (host) => {
  if ((await host.files.facts(program)) !== undefined) return;
  process.stdout.write('… btrfs: the tests of pools need it; installing\n');
  await host.run(['apt-get', ...options, 'update'], apt);
  await host.run(['apt-get', ...options, '-y', '--no-install-recommends', 'install', '--', 'btrfs-progs'], apt);
};
