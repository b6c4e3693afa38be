import type { Host } from '@innkeeper/host';
import { InnkeeperError } from '@innkeeper/model';

/** What a machine has to be before its drivers are asked; one line each. */
const script = 'uname -s; id -u; command -v virsh || echo -';

const packages =
  'libvirt-daemon-system libvirt-clients libvirt-daemon-driver-lxc qemu-system-x86 qemu-utils dnsmasq-utils';

/** Undefined for a machine that is fit; else what it lacks, and what to do. `answer` is what the script printed. */
export const unfitness = (address: string, answer: string): InnkeeperError | undefined => {
  const [system = '', uid = '', virsh = '-'] = answer.trim().split('\n');
  if (system !== 'Linux')
    return new InnkeeperError('unsupported', `${address} runs ${system || 'something unknown'}, and guests need Linux`);
  if (uid !== '0')
    return new InnkeeperError('invalid', `The login at ${address} is not root, and the drivers need root there`, {
      hint: 'write ssh://root@host, and put the public key of the user who runs Innkeeper into /root/.ssh/authorized_keys',
    });
  if (virsh === '-')
    return new InnkeeperError('unavailable', `${address} has no libvirt`, {
      hint: `on Debian and Ubuntu, there: apt-get install ${packages}`,
    });
  return undefined;
};

/** Throws what ssh, or {@link unfitness}, says. */
export const requireFit = async (host: Host, address: string): Promise<void> => {
  const { stdout } = await host.run(['sh', '-c', script], { timeoutMs: 30_000 });
  const wrong = unfitness(address, stdout);
  if (wrong !== undefined) throw wrong;
};
