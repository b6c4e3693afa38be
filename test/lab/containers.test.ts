import { conformanceInside } from './conformance.ts';
import { isWhole, machines } from './lab-host.ts';

/** What is another there: cgroup v2, AppArmor, libvirt under systemd, and time that goes slowly. */
const shown = [
  'says who it is, and speaks this contract',
  'has evidence for what it can do, and a reason for what it cannot',
  'offers a group exactly when it declares the capability',
  'tells what happens to a guest',
  'says what a running guest costs, and nothing of one that is not there',
  'finds its guests as they were after its daemon was restarted',
  'comes to the same when each step of creation is run twice',
  'stops a guest that is asked, by force when the time is over, and one that is stopped already',
  'has a guest run that somebody else starts after a reboot, where that is declared',
  'pauses a guest and lets it go on, twice each, and stops one that is paused',
  'destroys a running guest with everything, and what is gone already',
  'gives a command its variables, its directory, and a terminal when that is asked',
  'leaves nothing of a command whose caller was killed',
  'confines a command as the init of its guest: the same capabilities, seccomp and security label',
  'changes processors and memory of a guest, at once or at its next start, and says which',
  'gives a program on the files of a guest nothing of the host, and no way to get it',
  'keeps what a guest printed on its console while nobody looked, also after its end',
  'adopts a foreign guest without a restart, and releases it as it was',
];

conformanceInside({ backend: 'lxc', machine: machines.containers, titles: isWhole ? undefined : shown });
