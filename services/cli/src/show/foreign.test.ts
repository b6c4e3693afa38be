import type { WorkloadView } from '@innkeeper/model';
import { expect, it } from 'vitest';
import { foreignText } from './foreign.ts';

const guest = (parts: Partial<WorkloadView>): WorkloadView => ({
  id: 'x',
  name: 'old-web',
  managed: false,
  state: 'running',
  addresses: [],
  labels: {},
  drift: [],
  ...parts,
});

it('says of a foreign guest what it is and what of the host it has', () => {
  const view = guest({
    backend: 'kvm',
    driver: 'kvm',
    image: 'debian/12',
    cpus: 2,
    memoryBytes: 2 ** 31,
    autostart: true,
    persistent: true,
    addresses: ['192.168.122.7'],
    disks: [{ target: 'vda', source: '/srv/web.qcow2', readonly: false }],
    devices: [{ kind: 'pci', address: '0000:01:00.0', text: 'PCI device 0000:01:00.0' }],
  });
  expect(foreignText([view])).toEqual([
    'foreign old-web: running, vm (kvm), debian/12, 2 cpus, 2GiB, starts with its host',
    '    address 192.168.122.7',
    '    disk vda: /srv/web.qcow2',
    '    has PCI device 0000:01:00.0',
  ]);
});

it('says no more than is known, and keeps control characters of a name from the terminal', () => {
  const view = guest({
    name: 'a\u001b[31mb',
    state: 'stopped',
    backend: 'lxc',
    driver: 'lxc',
    cpus: 1,
    memoryBytes: 0,
  });
  expect(foreignText([view]).join()).not.toContain('\u001b');
  expect(foreignText([guest({ backend: 'lxc', driver: 'lxc', cpus: 1, persistent: false })])).toEqual([
    'foreign old-web: running, container (lxc), 1 cpu, gone when it stops',
  ]);
});
