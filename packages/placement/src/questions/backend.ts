import { shippedRules } from '../rules/shipped.ts';
import { ask, device, host, kvm, lxc } from '../testing.ts';
import { imageOf, lighter, type Question } from './question.ts';

const without = (id: string) => shippedRules.filter((rule) => rule.id !== id);
const switchedOff = (id: string) => shippedRules.map((rule) => (rule.id === id ? { ...rule, enabled: false } : rule));
const gpu = device({ key: 'pci:0000:01:00.0', class: 'gpu', title: 'RTX 4090', vendor: 'nvidia' });

/** Container or virtual machine? */
export const backendQuestions: readonly Question[] = [
  {
    says: 'a plain Linux service becomes a container',
    hosts: [host('h1')],
    request: ask(),
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'Windows becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({ image: 'windows/11' }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: windows/11 is a Windows guest; containers share the Linux kernel of the host',
  },
  {
    says: 'Windows where only containers are is refused and does not wait',
    hosts: [host('h1', { drivers: [lxc] })],
    request: ask({ image: 'windows/11' }),
    reason:
      'wiki fits nowhere: on h1/lxc, windows/11 is a Windows guest; containers share the Linux kernel of the host',
  },
  {
    says: 'Windows where no TPM is to be had is refused',
    hosts: [
      host('h1', {
        drivers: [
          {
            ...kvm,
            capabilities: {
              ...kvm.capabilities,
              tpm: { value: false, evidence: 'swtpm is not installed', reasonIfAbsent: 'swtpm is not installed' },
            },
          },
        ],
      }),
    ],
    request: ask({ image: 'windows/11' }),
    reason: 'wiki fits nowhere: on h1/kvm, windows/11 needs a TPM 2.0; swtpm is not installed',
  },
  {
    says: 'BSD becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({}, imageOf({ name: 'freebsd/14', family: 'bsd', variants: ['disk'] })),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: freebsd/14 is a BSD guest; containers share the Linux kernel of the host',
  },
  {
    says: 'strong isolation becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({ isolation: 'strong' }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: isolation: strong asks for a kernel of its own; a container shares the kernel of the host',
  },
  {
    says: 'a kernel module of its own becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({ kernelModules: ['wireguard', 'zfs'] }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: kernelModules wireguard, zfs ask for a kernel of its own; a container shares the kernel of the host',
  },
  {
    says: 'live migration becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({ liveMigration: true }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: liveMigration asks to move while it runs; a running container cannot move',
  },
  {
    says: 'Docker inside becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({ nested: true }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: containers inside a container are not allowed here; switch the rule no-docker-in-containers off to allow them',
  },
  {
    says: 'Docker inside becomes a container where the rule is switched off',
    hosts: [host('h1')],
    request: ask({ nested: true }),
    rules: switchedOff('no-docker-in-containers'),
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'a privileged guest becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({ privileged: true }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: privileged containers are not allowed here; switch the rule no-privileged-containers off to allow them',
  },
  {
    says: 'a privileged container that was asked for is refused by the rule',
    hosts: [host('h1')],
    request: ask({ privileged: true, backend: 'lxc' }),
    reason:
      'wiki fits nowhere: on h1/lxc, privileged containers are not allowed here; switch the rule no-privileged-containers off to allow them',
  },
  {
    says: 'a privileged guest becomes a container where the rule is gone',
    hosts: [host('h1')],
    request: ask({ privileged: true }),
    rules: without('no-privileged-containers'),
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'a bind mount becomes a container even without rules',
    hosts: [host('h1')],
    request: ask({ mounts: [{ from: '/srv/photos', to: '/photos' }] }),
    rules: [],
    winner: 'h1/lxc',
    reason:
      'runs as a container on h1: mounts are directories of the host; a virtual machine sees no directory of the host',
  },
  {
    says: 'a bind mount for strong isolation is a contradiction of its own',
    hosts: [host('h1')],
    request: ask({ isolation: 'strong', mounts: [{ from: '/srv/photos', to: '/photos' }] }),
    reason:
      'wiki fits nowhere: on h1/lxc, isolation: strong asks for a kernel of its own; a container shares the kernel of the host',
  },
  {
    says: 'a Linux desktop with a GPU becomes a virtual machine',
    hosts: [host('h1', { devices: [gpu] })],
    request: ask({ labels: { kind: 'desktop' }, devices: [{ gpu: {} }] }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: a GPU of its own needs PCI passthrough; a container has no PCI bus of its own',
  },
  {
    says: 'a Linux desktop with a USB stick, which containers can hold as well, becomes a virtual machine',
    hosts: [host('h1', { devices: [device({ key: 'usb:serial:A1', class: 'usb', title: 'Yubikey', serial: 'A1' })] })],
    request: ask({ labels: { kind: 'desktop' }, devices: [{ usb: { serial: 'A1' } }] }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: a desktop with devices of its own runs better as a virtual machine: its drivers are its own',
  },
  {
    says: 'a virtual machine that was asked for is one',
    hosts: [host('h1')],
    request: ask({ backend: 'kvm' }),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the manifest asks for kvm',
  },
  {
    says: 'a container that was asked for is one',
    hosts: [host('h1')],
    request: ask({ backend: 'lxc' }),
    winner: 'h1/lxc',
    reason: 'runs as a container on h1: the manifest asks for lxc',
  },
  {
    says: 'a driver that was asked for is taken',
    hosts: [host('h1')],
    request: ask({ driver: 'kvm' }),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the manifest asks for kvm',
  },
  {
    says: 'a driver that does not work is passed over',
    hosts: [host('h1', { drivers: [{ ...lxc, healthy: false, reason: 'cgroups are not writable' }, kvm] })],
    request: ask(),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the driver lxc does not work: cgroups are not writable',
  },
  {
    says: 'a container waits for its driver to work',
    hosts: [host('h1', { drivers: [{ ...lxc, healthy: false, reason: 'cgroups are not writable' }, kvm] })],
    request: ask({ backend: 'lxc' }),
    reason: 'wiki fits nowhere: it would fit h1/lxc if the driver lxc worked (cgroups are not writable)',
    waitsFor: 'fits h1/lxc if the driver lxc worked (cgroups are not writable)',
  },
  {
    says: 'a machine waits for a driver that has not said yet what it can do',
    hosts: [
      host('h1', {
        drivers: [lxc, { ...kvm, healthy: false, reason: 'virsh did not finish', capabilities: {}, networks: [] }],
      }),
    ],
    request: ask({ isolation: 'strong' }),
    reason: 'wiki fits nowhere: it would fit h1/kvm if the driver kvm worked (virsh did not finish)',
    waitsFor: 'fits h1/kvm if the driver kvm worked (virsh did not finish)',
  },
  {
    says: 'a driver that only shows guests is passed over',
    hosts: [host('h1', { drivers: [{ ...lxc, placeable: false }, kvm] })],
    request: ask(),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the driver lxc creates no guests',
  },
  {
    says: 'an image that comes as a disk only becomes a virtual machine',
    hosts: [host('h1')],
    request: ask({}, imageOf({ name: 'debian/disk', variants: ['disk'] })),
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: debian/disk has no rootfs, which containers stand on',
  },
  {
    says: 'an image that comes as a tree only is no virtual machine',
    hosts: [host('h1', { drivers: [kvm] })],
    request: ask({}, imageOf({ name: 'debian/root', variants: ['rootfs'] })),
    reason: 'wiki fits nowhere: on h1/kvm, debian/root has no disk, which virtual machines stand on',
  },
  {
    says: 'a name that a foreign container has becomes a virtual machine',
    hosts: [host('h1', { foreignNames: { lxc: ['wiki'] } })],
    request: ask(),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: a guest called wiki that Innkeeper did not create is on h1; choose another name',
  },
  {
    says: 'a name that foreign guests of both drivers have is refused and does not wait',
    hosts: [host('h1', { foreignNames: { lxc: ['wiki'], kvm: ['wiki'] } })],
    request: ask(),
    reason:
      'wiki fits nowhere: on h1/lxc, a guest called wiki that Innkeeper did not create is on h1; choose another name',
  },
  {
    says: 'a capability that no driver anywhere has is refused and does not wait',
    hosts: [host('h1'), host('h2', { state: 'unreachable' })],
    request: ask({ failover: 'auto' }),
    reason: 'wiki fits nowhere: on h1/lxc, failover: auto; the driver lxc of this version does not offer failover',
  },
  {
    says: 'a host without other backends says so',
    hosts: [host('h1', { drivers: [lxc] })],
    request: ask(),
    winner: 'h1/lxc',
    reason: 'runs as a container on h1: no other backend is there',
  },
  {
    says: 'equals without any rule are taken by name',
    hosts: [host('h1')],
    request: ask(),
    rules: [],
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: h1/lxc would do as well, and of equals the first by name is taken',
  },
  {
    says: 'a guest stays where it is, whatever it would become today',
    hosts: [host('h1')],
    request: { ...ask(), current: { host: 'h1', driver: 'kvm', backend: 'kvm' } },
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: it is there already',
  },
  {
    says: 'a guest whose memory grows beyond its host leaves it',
    hosts: [host('h1', { memoryBytes: 2 ** 30 }), host('h2')],
    request: { ...ask({ memory: '2GiB' }), current: { host: 'h1', driver: 'lxc', backend: 'lxc' } },
    winner: 'h2/lxc',
    reason:
      'runs as a container on h2: a Linux service is lighter as a container: it starts at once and shares memory with the host',
  },
];
