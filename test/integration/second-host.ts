import { fileURLToPath } from 'node:url';
import { type Host, type HostProcess, localHost, type SshOptions, sshHost } from '@innkeeper/host';
import { ensureLibvirt } from '@innkeeper/infra';

/** One of the hosts that this machine makes of itself. */
interface Place {
  readonly name: string;
  readonly folder: string;
  readonly keeperFile: string;
  /** Both ends of the line to it; nothing else has these addresses. */
  readonly ourAddress: string;
  readonly itsAddress: string;
  readonly ourEnd: string;
  readonly itsEnd: string;
}

const placeOf = (number: 2 | 3): Place => {
  const [name, subnet] = [`test-h${number}`, (number - 2) * 4];
  const folder = `/tmp/innkeeper-${name}`;
  return {
    name,
    folder,
    keeperFile: `${folder}/keeper.pid`,
    ourAddress: `10.219.77.${subnet + 1}`,
    itsAddress: `10.219.77.${subnet + 2}`,
    ourEnd: `${name}-here`,
    itsEnd: `${name}-there`,
  };
};

/** Of all of them. */
const keys = '/tmp/innkeeper-test-keys';
const script = fileURLToPath(new URL('../../infra/testbed/second-host.sh', import.meta.url));
const here = localHost('here');

/** How the control plane's ssh reaches them; the files are there once one is started. */
export const secondHostSettings = {
  INNKEEPER_SSH_CONFIG: `${keys}/ssh_config`,
  INNKEEPER_SSH_KNOWN_HOSTS: `${keys}/known_hosts`,
  INNKEEPER_SSH_IDENTITY: `${keys}/key`,
};

export interface SecondHost {
  readonly name: string;
  /** `ssh://root@…` */
  readonly address: string;
  /** As the control plane reaches it. */
  readonly host: Host;
  /** Lets nobody in and cuts those who are. */
  stopSshd(): Promise<void>;
  startSshd(): Promise<void>;
  /** Nothing comes through its line, and nothing says so. */
  cutLine(): Promise<void>;
  joinLine(): Promise<void>;
  /** Its processes end, its mounts and what is in /run are gone, and it comes back as another boot. */
  reboot(): Promise<void>;
  remove(): Promise<void>;
}

const netOf = async (pid: string): Promise<string | undefined> => {
  const { stdout, exitCode } = await here.run(['readlink', `/proc/${pid}/ns/net`], { expect: [0, 1] });
  return exitCode === 0 ? stdout.trim() : undefined;
};

/** Every process whose network is the second host's: its libvirtd, name servers, containers' controllers, sshd. */
const processesOf = async (net: string): Promise<number[]> => {
  const pids = (await here.files.list('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(pids.map(async (pid) => ((await netOf(pid)) === net ? [Number(pid)] : [])));
  return found.flat();
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
};

/** What there is of a second host, from this run or one that was ended in the middle. */
const removeAll = async ({ keeperFile, ourEnd, folder }: Place): Promise<void> => {
  const keeper = (await here.files.readTextIfThere(keeperFile))?.trim();
  const [net, ours] = [keeper === undefined ? undefined : await netOf(keeper), await netOf('self')];
  if (net !== undefined && net !== ours) for (const pid of await processesOf(net)) kill(pid);
  await here.run(['ip', 'link', 'delete', ourEnd], { expect: [0, 1] });
  await here.files.remove(folder);
};

const makeKey = (path: string): Promise<unknown> =>
  here.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);

/** The key that lets us in, and the keys by which they are known: each is added when it is started. */
const writeKeys = async ({ folder, itsAddress }: Place): Promise<void> => {
  await here.files.makeDirectory(keys, 0o700);
  if ((await here.files.facts(`${keys}/key`)) === undefined) await makeKey(`${keys}/key`);
  await makeKey(`${folder}/host_key`);
  await here.files.write(`${folder}/authorized_keys`, await here.files.readText(`${keys}/key.pub`));
  const hostKey = (await here.files.readText(`${folder}/host_key.pub`)).split(' ').slice(0, 2).join(' ');
  const others = ((await here.files.readTextIfThere(`${keys}/known_hosts`)) ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(`${itsAddress} `));
  await here.files.write(`${keys}/known_hosts`, `${[...others, `${itsAddress} ${hostKey}`].join('\n')}\n`);
  await here.files.write(`${keys}/ssh_config`, 'Host *\n  IdentitiesOnly yes\n');
  // Without PAM sshd refuses an account whose password is locked; with it, containers lack what a session needs.
  const locked = / L /.test((await here.run(['passwd', '-S', 'root'])).stdout);
  await here.files.write(
    `${folder}/sshd_config`,
    `ListenAddress ${itsAddress}
HostKey ${folder}/host_key
AuthorizedKeysFile ${folder}/authorized_keys
PidFile none
StrictModes no
UsePAM ${locked ? 'yes' : 'no'}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
# bash then leaves out the .bashrc of whoever runs the tests, which may cost more than all else.
SetEnv SHLVL=2
`,
  );
};

/** What a machine has lost when it comes back: mounts but those that the host is made of, /run, bridges and the kernel's rules. */
const forgetBoot = `
awk '{ print $5 }' /proc/self/mountinfo | grep '^PREFIX/' | sort -r | while read -r at; do umount -l "$at" || true; done
find /run -xdev -mindepth 1 -delete || true
ip -o link show type bridge | cut -d: -f2 | while read -r bridge; do ip link delete "$bridge" || true; done
nft flush ruleset
mkdir -p /run/sshd /run/lock
cat /proc/sys/kernel/random/uuid > FOLDER/boot_id
`;

const saying = (child: HostProcess, stream: 'stdout' | 'stderr', words: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = '';
    child[stream].on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(words)) resolve();
    });
    void child.exit.then(() => reject(new Error(`ended without saying "${words}": ${said}`)));
  });

/** A shell in namespaces of its own, which its input keeps alive; answers its process id. */
const startKeeper = async ({ keeperFile, folder, name }: Place, prefix: string): Promise<number> => {
  const line = 'echo "$$" >"$1"; shift; exec unshare -m -u -n --propagation private sh "$@"';
  const child = here.spawn(['sh', '-c', line, 'sh', keeperFile, script, folder, prefix, name]);
  await saying(child, 'stdout', 'ready');
  return Number(await here.files.readText(keeperFile));
};

const connectLine = async ({ ourEnd, itsEnd, ourAddress, itsAddress }: Place, keeper: number): Promise<void> => {
  const there = ['nsenter', '-t', String(keeper), '-n', 'ip'];
  await here.run(['ip', 'link', 'add', ourEnd, 'type', 'veth', 'peer', 'name', itsEnd, 'netns', String(keeper)]);
  await here.run(['ip', 'address', 'add', `${ourAddress}/30`, 'dev', ourEnd]);
  await here.run(['ip', 'link', 'set', ourEnd, 'up']);
  await here.run([...there, 'address', 'add', `${itsAddress}/30`, 'dev', itsEnd]);
  await here.run([...there, 'link', 'set', itsEnd, 'up']);
};

const startSshd = async ({ folder, itsAddress }: Place, keeper: number): Promise<HostProcess> => {
  const daemon = ['/usr/sbin/sshd', '-D', '-e', '-f', `${folder}/sshd_config`];
  const child = here.spawn(['nsenter', '-t', String(keeper), '-m', '-u', '-n', ...daemon]);
  await saying(child, 'stderr', `listening on ${itsAddress}`);
  return child;
};

/** sshd and the sessions that it has forked, not the programs in them: supervision ends those. */
const sessionsOf = async (keeper: number): Promise<number[]> => {
  const net = await netOf(String(keeper));
  const { stdout } = await here.run(['pgrep', '-f', '^sshd: |^/usr/sbin/sshd '], { expect: [0, 1] });
  const found = await Promise.all(
    stdout.split('\n').map(async (pid) => (pid !== '' && (await netOf(pid)) === net ? [Number(pid)] : [])),
  );
  return found.flat();
};

/**
 * A host of its own on this machine, reached over ssh: a network, mounts and a libvirtd of its own. `prefix` is where the
 * installation under test keeps its things on each of its hosts: it has to be there already, since removing the folder here
 * would unmount the other one there. There may be two of them, the second and the third.
 */
export const startSecondHost = async (prefix: string, number: 2 | 3 = 2): Promise<SecondHost> => {
  const place = placeOf(number);
  const { name, folder, itsAddress, ourEnd } = place;
  await removeAll(place);
  await here.files.makeDirectory(folder, 0o711);
  await writeKeys(place);
  const keeper = await startKeeper(place, prefix);
  await connectLine(place, keeper);
  let sshd = await startSshd(place, keeper);
  const address = `ssh://root@${itsAddress}`;
  const options: SshOptions = {
    controlDirectory: `${folder}/control`,
    identityFile: secondHostSettings.INNKEEPER_SSH_IDENTITY,
    configFile: secondHostSettings.INNKEEPER_SSH_CONFIG,
    knownHostsFile: secondHostSettings.INNKEEPER_SSH_KNOWN_HOSTS,
  };
  const host = sshHost(name, address, options);
  await ensureLibvirt(host);
  const killAll = async (): Promise<void> => {
    const net = await netOf(String(keeper));
    if (net === undefined) throw new Error('the second host is not there');
    const { stdout } = await here.run(['pgrep', '-P', String(keeper)], { expect: [0, 1] });
    const keeps = new Set([keeper, ...stdout.split('\n').map(Number)]);
    // What they were just beginning is found by another look.
    for (;;) {
      const left = (await processesOf(net)).filter((pid) => !keeps.has(pid));
      if (left.length === 0) break;
      for (const pid of left) kill(pid);
    }
    await sshd.exit;
  };
  const line = (state: 'up' | 'down') => here.run(['ip', 'link', 'set', ourEnd, state]);
  return {
    name,
    address,
    host,
    cutLine: async () => void (await line('down')),
    joinLine: async () => void (await line('up')),
    reboot: async () => {
      await killAll();
      const script = forgetBoot.replaceAll('PREFIX', prefix).replaceAll('FOLDER', folder);
      await here.run(['nsenter', '-t', String(keeper), '-m', '-u', '-n', 'sh', '-ec', script]);
      sshd = await startSshd(place, keeper);
      await ensureLibvirt(host);
    },
    stopSshd: async () => {
      for (const pid of await sessionsOf(keeper)) kill(pid);
      await sshd.exit;
    },
    startSshd: async () => {
      sshd = await startSshd(place, keeper);
    },
    remove: () => removeAll(place),
  };
};
