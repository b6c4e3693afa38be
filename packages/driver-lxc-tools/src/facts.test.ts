import { expect, it } from 'vitest';
import { readConfigFacts } from './facts.ts';

it('tells where the files of a container are, and what else of the host it is given', () => {
  const facts = readConfigFacts(`
lxc.rootfs.path = dir:/srv/box/rootfs
lxc.start.auto = 1
lxc.mount.entry = /srv/my\\040data srv/data none bind,ro 0 0
lxc.mount.entry = /dev/dri/renderD128 dev/dri/renderD128 none bind,optional,create=file 0 0
lxc.mount.entry = proc proc proc nodev,noexec 0 0
lxc.mount.entry = /sys/fs/fuse sys/fs/fuse none bind,optional 0 0
lxc.net.0.type = veth
lxc.net.0.link = lxcbr0
lxc.net.1.type = phys
lxc.net.1.link = eth1
`);
  expect(facts).toMatchObject({
    autostart: true,
    disks: [
      { target: '/', source: '/srv/box/rootfs', readonly: false },
      { target: '/srv/data', source: '/srv/my data', readonly: true },
    ],
    devices: [
      { kind: 'node', address: '/dev/dri/renderD128', text: 'device /dev/dri/renderD128' },
      { kind: 'net', address: 'eth1', text: 'network interface eth1' },
    ],
  });
});

it('says nothing of a root that is not told', () => {
  expect(readConfigFacts('lxc.uts.name = box\n')).toMatchObject({ autostart: false, disks: [], devices: [] });
});
