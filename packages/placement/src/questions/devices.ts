import { ask, device, host, kvm, lxc, placed, requiring } from '../testing.ts';
import { lighter, type Question } from './question.ts';

const gpu = device({
  key: 'pci:0000:01:00.0',
  class: 'gpu',
  title: 'RTX 4090',
  vendor: 'nvidia',
  address: '0000:01:00.0',
  group: '14',
});
const sound = device({ key: 'pci:0000:01:00.1', class: 'pci', title: 'HDA audio', vendor: 'nvidia', group: '14' });
const second = device({ key: 'pci:0000:02:00.0', class: 'gpu', title: 'RX 7600', vendor: 'amd', group: '15' });
const render = device({ key: 'render:renderD128', class: 'render', title: 'Intel UHD 770', vendor: 'intel', slots: 3 });
const stick = (port: string, serial?: string) =>
  device({
    key: serial === undefined ? `usb:port:${port}` : `usb:serial:${serial}`,
    class: 'usb',
    title: `Sonoff Zigbee on ${port}`,
    id: '10c4:ea60',
    port,
    ...(serial === undefined ? {} : { serial }),
  });

/** A device of its own, or one that is shared? */
export const deviceQuestions: readonly Question[] = [
  {
    says: 'a GPU of its own becomes a virtual machine',
    hosts: [host('h1', { devices: [gpu, sound] })],
    request: ask({ devices: [{ gpu: { vendor: 'nvidia' } }] }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: a GPU (vendor nvidia) of its own needs PCI passthrough; a container has no PCI bus of its own',
  },
  {
    says: 'a shared GPU becomes a container',
    hosts: [host('h1', { devices: [render] })],
    request: ask({ devices: [{ gpu: { shared: true } }] }),
    winner: 'h1/lxc',
    reason:
      'runs as a container on h1: a shared GPU is a render node of the host; a render node belongs to the kernel of the host',
  },
  {
    says: 'the third container at a render node of three slots is the last that gets it',
    hosts: [host('h1', { devices: [{ ...render, state: 'claimed', holders: ['jellyfin', 'frigate'] }] })],
    request: ask({ devices: [{ gpu: { shared: true } }] }),
    winner: 'h1/lxc',
    reason:
      'runs as a container on h1: a shared GPU is a render node of the host; a render node belongs to the kernel of the host',
  },
  {
    says: 'the fourth container at a render node of three slots waits',
    hosts: [host('h1', { devices: [{ ...render, state: 'claimed', holders: ['jellyfin', 'frigate', 'immich'] }] })],
    request: ask({ devices: [{ gpu: { shared: true } }] }),
    reason:
      'wiki fits nowhere: it would fit h1/lxc if a shared GPU were free (Intel UHD 770 is held by jellyfin, frigate, immich)',
    waitsFor: 'fits h1/lxc if a shared GPU were free (Intel UHD 770 is held by jellyfin, frigate, immich)',
  },
  {
    says: 'a shared GPU for a virtual machine is refused and does not wait',
    hosts: [host('h1', { devices: [render] })],
    request: ask({ backend: 'kvm', devices: [{ gpu: { shared: true } }] }),
    reason:
      'wiki fits nowhere: on h1/kvm, a shared GPU is a render node of the host; a render node belongs to the kernel of the host',
  },
  {
    says: 'a GPU that another workload holds names it',
    hosts: [host('h1', { devices: [{ ...gpu, state: 'claimed', holders: ['desktop'] }] })],
    request: ask({ devices: [{ gpu: {} }] }),
    reason: 'wiki fits nowhere: it would fit h1/kvm if a GPU were free (RTX 4090 is held by desktop)',
    waitsFor: 'fits h1/kvm if a GPU were free (RTX 4090 is held by desktop)',
  },
  {
    says: 'a GPU whose sound card another workload holds is held as well',
    hosts: [host('h1', { devices: [gpu, { ...sound, state: 'claimed', holders: ['studio'] }] })],
    request: ask({ devices: [{ gpu: {} }] }),
    reason:
      'wiki fits nowhere: it would fit h1/kvm if a GPU were free (RTX 4090 shares an IOMMU group with HDA audio, which is held by studio)',
    waitsFor: 'fits h1/kvm if a GPU were free (RTX 4090 shares an IOMMU group with HDA audio, which is held by studio)',
  },
  {
    says: 'a GPU whose sound card something else uses waits',
    hosts: [host('h1', { devices: [gpu, { ...sound, state: 'in-use' }] })],
    request: ask({ devices: [{ gpu: {} }] }),
    reason:
      'wiki fits nowhere: it would fit h1/kvm if a GPU were free (RTX 4090 shares an IOMMU group with HDA audio, which is in use by something else)',
    waitsFor:
      'fits h1/kvm if a GPU were free (RTX 4090 shares an IOMMU group with HDA audio, which is in use by something else)',
  },
  {
    says: 'a GPU whose sound card the host needs is refused and does not wait',
    hosts: [host('h1', { devices: [gpu, { ...sound, state: 'host' }] })],
    request: ask({ devices: [{ gpu: {} }] }),
    reason:
      'wiki fits nowhere: on h1/kvm, RTX 4090 shares an IOMMU group with HDA audio, which is needed by the host itself',
  },
  {
    says: 'a GPU that has not been reset waits',
    hosts: [host('h1', { devices: [{ ...gpu, state: 'needs-reset' }] })],
    request: ask({ devices: [{ gpu: {} }] }),
    reason: 'wiki fits nowhere: it would fit h1/kvm if a GPU were free (RTX 4090 has to be reset first)',
    waitsFor: 'fits h1/kvm if a GPU were free (RTX 4090 has to be reset first)',
  },
  {
    says: 'a GPU that is not there any more waits',
    hosts: [host('h1', { devices: [{ ...gpu, state: 'missing' }] })],
    request: ask({ devices: [{ gpu: {} }] }),
    reason: 'wiki fits nowhere: it would fit h1/kvm if a GPU were free (RTX 4090 is not there any more)',
    waitsFor: 'fits h1/kvm if a GPU were free (RTX 4090 is not there any more)',
  },
  {
    says: 'a GPU of a vendor that no host has is refused and does not wait',
    hosts: [host('h1', { devices: [second] })],
    request: ask({ devices: [{ gpu: { vendor: 'nvidia' } }] }),
    reason: 'wiki fits nowhere: on h1/kvm, it needs a GPU (vendor nvidia); h1 has none',
  },
  {
    says: 'two GPUs where one is are refused and do not wait',
    hosts: [host('h1', { devices: [gpu] })],
    request: ask({ devices: [{ gpu: {} }, { gpu: {} }] }),
    reason: 'wiki fits nowhere: on h1/kvm, it needs a GPU; h1 has 1, and more are asked for',
  },
  {
    says: 'two GPUs where one of two is held wait',
    hosts: [host('h1', { devices: [gpu, { ...second, state: 'claimed', holders: ['desktop'] }] })],
    request: ask({ devices: [{ gpu: {} }, { gpu: {} }] }),
    reason: 'wiki fits nowhere: it would fit h1/kvm if a GPU were free (RX 7600 is held by desktop)',
    waitsFor: 'fits h1/kvm if a GPU were free (RX 7600 is held by desktop)',
  },
  {
    says: 'two GPUs where the host needs one of two are refused and do not wait',
    hosts: [host('h1', { devices: [gpu, { ...second, state: 'host' }] })],
    request: ask({ devices: [{ gpu: {} }, { gpu: {} }] }),
    reason: 'wiki fits nowhere: on h1/kvm, RX 7600 is needed by the host itself',
  },
  {
    says: 'any GPU leaves the particular one to the request that needs it',
    hosts: [host('h1', { devices: [gpu, second] })],
    request: ask({ devices: [{ gpu: {} }, { gpu: { vendor: 'nvidia' } }] }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: a GPU and a GPU (vendor nvidia) of its own need PCI passthrough; a container has no PCI bus of its own',
  },
  {
    says: 'a GPU can be asked for as the PCI device that it is',
    hosts: [host('h1', { devices: [gpu, sound] })],
    request: ask({ devices: [{ pci: { address: '0000:01:00.0' } }] }),
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: a PCI device (address 0000:01:00.0) of its own needs PCI passthrough; a container has no PCI bus of its own',
  },
  {
    says: 'two USB sticks that differ in nothing but the port are told apart by it',
    hosts: [host('h1', { devices: [{ ...stick('1-1'), state: 'claimed', holders: ['zigbee'] }, stick('1-2')] })],
    request: ask({ devices: [{ usb: { port: '1-2' } }] }),
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'the other of two USB sticks is no replacement for the one at the port that was asked for',
    hosts: [host('h1', { devices: [{ ...stick('1-1'), state: 'claimed', holders: ['zigbee'] }, stick('1-2')] })],
    request: ask({ devices: [{ usb: { port: '1-1' } }] }),
    reason:
      'wiki fits nowhere: it would fit h1/lxc if a USB device (port 1-1) were free (Sonoff Zigbee on 1-1 is held by zigbee)',
    waitsFor: 'fits h1/lxc if a USB device (port 1-1) were free (Sonoff Zigbee on 1-1 is held by zigbee)',
  },
  {
    says: 'a USB stick by its serial number is found at the host where it is plugged in',
    hosts: [host('h1'), host('h2', { devices: [stick('3-4', 'A1B2')], images: [] })],
    request: ask({ devices: [{ usb: { serial: 'a1b2' } }] }),
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
  {
    says: 'a host with a free GPU is avoided by those who need none',
    hosts: [host('h1', { devices: [gpu] }), host('h2')],
    request: ask(),
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
  {
    says: 'a host whose GPU is held by somebody is as good as any',
    hosts: [host('h1', { devices: [{ ...gpu, state: 'claimed', holders: ['desktop'] }] }), host('h2')],
    request: ask(),
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'the scarce GPU of the only virtual machine host speaks for the container host',
    hosts: [host('h1', { drivers: [kvm], devices: [gpu] }), host('h2', { drivers: [lxc] })],
    request: ask(),
    rules: [],
    winner: 'h2/lxc',
    reason: 'runs as a container on h2: the free RTX 4090 of h1 is kept for those who ask for one',
  },
  {
    says: 'a rule can keep a class of device on one host',
    hosts: [host('h1', { devices: [render] }), host('h2', { devices: [render] })],
    request: ask({ devices: [{ gpu: { shared: true } }] }),
    workloads: [placed('jellyfin', 'h1')],
    rules: [requiring('media-on-h2', '"render" in w.devices', { host: 'h2' })],
    winner: 'h2/lxc',
    reason:
      'runs as a container on h2: a shared GPU is a render node of the host; a render node belongs to the kernel of the host',
  },
];
