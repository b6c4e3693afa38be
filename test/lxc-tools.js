/** The programs that the driver lxc-tools drives: Debian's package lxc, installed for its tests when it is missing. @module */

const program = '/usr/bin/lxc-start';
const policy = '/usr/sbin/policy-rc.d';
const aptOptions = ['-q', '-o', 'DPkg::Lock::Timeout=300'];
const apt = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 600_000 };

/**
 * Without its services: lxc-net would make a bridge and change the packet filter. policy-rc.d is how Debian asks
 * (invoke-rc.d(8)); where the machine has one of its own, that one stays.
 * @param {import('@innkeeper/host').Host} host
 * @param {() => Promise<unknown>} install
 */
const withoutServices = async (host, install) => {
  const own = (await host.files.facts(policy)) === undefined;
  if (own) await host.files.write(policy, '#!/bin/sh\nexit 101\n', 0o755);
  try {
    await install();
  } finally {
    if (own) await host.files.remove(policy);
  }
};

/** Not at the next boot either: the tests use the bridge of libvirt's network "default".
 * @param {import('@innkeeper/host').Host} host
 */
const disableServices = async (host) => {
  if ((await host.files.facts('/run/systemd/system')) === undefined) return;
  await host.run(['systemctl', 'disable', '--quiet', 'lxc.service', 'lxc-net.service', 'lxc-monitord.service']);
};

/** @param {import('@innkeeper/host').Host} host */
export const ensureLxcTools = async (host) => {
  if ((await host.files.facts(program)) !== undefined) return;
  process.stdout.write('… lxc: the tests of the driver lxc-tools need it; installing\n');
  await host.run(['apt-get', ...aptOptions, 'update'], apt);
  await withoutServices(host, () =>
    host.run(['apt-get', ...aptOptions, '-y', '--no-install-recommends', 'install', '--', 'lxc'], apt),
  );
  await disableServices(host);
};
