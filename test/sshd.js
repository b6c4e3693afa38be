/** The server that hosts over ssh are tested against: Debian's package openssh-server, installed when it is missing. @module */

const program = '/usr/sbin/sshd';
/** While this file is there, Debian starts no ssh server, neither now nor at the next boot: see README.Debian of the package. */
const notToBeRun = '/etc/ssh/sshd_not_to_be_run';
const options = ['-q', '-o', 'DPkg::Lock::Timeout=300'];
const apt = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 600_000 };

/**
 * The tests start a server of their own on 127.0.0.1. That the machine can be reached from outside afterwards is nobody's
 * wish, so its service stays off; who wants it removes the file.
 * @param {import('@innkeeper/host').Host} host
 */
export const ensureSshd = async (host) => {
  if ((await host.files.facts(program)) !== undefined) return;
  process.stdout.write(`… sshd: the tests of hosts over ssh need it; installing, not running: ${notToBeRun}\n`);
  await host.files.makeDirectory('/etc/ssh', 0o755);
  await host.files.write(notToBeRun, '', 0o644);
  await host.run(['apt-get', ...options, 'update'], apt);
  await host.run(['apt-get', ...options, '-y', '--no-install-recommends', 'install', '--', 'openssh-server'], apt);
};
