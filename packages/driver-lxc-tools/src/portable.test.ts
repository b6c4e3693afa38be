import { describe, expect, it } from 'vitest';
import { adoptableOf } from './adoption.ts';
import { portableOf } from './portable.ts';

const config = `# a container of lxc-create
lxc.include = /usr/share/lxc/config/common.conf
lxc.arch = linux64
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.rootfs.path = dir:/var/lib/lxc/wiki/rootfs
lxc.uts.name = wiki
lxc.net.0.type = veth
lxc.net.0.link = virbr0
lxc.net.0.flags = up
lxc.net.0.hwaddr = 00:16:3E:aa:bb:01
lxc.net.0.ipv4.address = 192.168.122.7/24 192.168.122.255
lxc.net.0.ipv4.gateway = 192.168.122.1
lxc.net.1.type = veth
lxc.net.1.link = br0
lxc.net.1.hwaddr = 00:16:3e:aa:bb:02
lxc.mount.entry = proc proc proc nodev,noexec 0 0
lxc.mount.entry = /srv/my\\040wiki srv/wiki none ro,bind,create=dir 0 0
lxc.cgroup2.memory.max = 512M
lxc.cgroup2.cpu.max = 150000 100000
lxc.start.auto = 1
`;

describe('a classic container in words of no backend', () => {
  it('has its root, ids, interfaces, mounts and limits, and says what is lost', () => {
    expect(portableOf('wiki', config)).toEqual({
      name: 'wiki',
      root: '/var/lib/lxc/wiki/rootfs',
      init: ['/sbin/init'],
      cpus: 2,
      memoryBytes: 512 * 2 ** 20,
      ids: {
        uid: [{ start: 0, target: 100_000, count: 65_536 }],
        gid: [{ start: 0, target: 100_000, count: 65_536 }],
      },
      interfaces: [
        {
          mac: '00:16:3e:aa:bb:01',
          bridge: 'virbr0',
          network: 'default',
          addresses: ['192.168.122.7/24'],
          gateway: '192.168.122.1',
        },
        { mac: '00:16:3e:aa:bb:02', bridge: 'br0', addresses: [] },
      ],
      mounts: [{ source: '/srv/my wiki', target: '/srv/wiki', readonly: true }],
      autostart: true,
      lost: ['lxc.include /usr/share/lxc/config/common.conf', 'lxc.arch linux64'],
    });
  });

  it.each([
    ['lxc.rootfs.path = overlay:/a:/b', 'its root "overlay:/a:/b" is not a directory'],
    ['lxc.mount.fstab = /etc/fstab.wiki', 'its mounts are in /etc/fstab.wiki'],
    ['lxc.mount.entry = /dev/sdb1 data ext4 defaults 0 0', 'is not a directory of the host'],
    ['lxc.net.0.type = macvlan', 'its interface 0 is of type macvlan'],
    ['lxc.net.2.type = none', 'its interface 2 is of type none'],
    ['lxc.net.2.type = veth\nlxc.net.2.link = br1', 'its interface 2 has no hwaddr'],
  ])('is refused with %j', (line, message) => {
    expect(() => portableOf('wiki', `${config}${line}\n`)).toThrow(message);
  });

  it('says that without a map of ids its root is the root of the host', () => {
    expect(portableOf('old', 'lxc.rootfs.path = /srv/old\n').lost).toEqual([
      'it has no lxc.idmap: its root stays the root of the host',
    ]);
  });
});

it('what an adoption finds are its networks, its limits, and every line that the model has no words for', () => {
  expect(adoptableOf(config)).toEqual({
    cpus: 2,
    memoryBytes: 512 * 2 ** 20,
    networks: [{ network: 'default', mac: '00:16:3e:aa:bb:01' }],
    autostart: true,
    beyond: [
      'lxc.include /usr/share/lxc/config/common.conf',
      'lxc.arch linux64',
      'lxc.idmap u 0 100000 65536',
      'lxc.idmap g 0 100000 65536',
      'lxc.rootfs.path dir:/var/lib/lxc/wiki/rootfs',
      'lxc.net.1.type veth',
      'lxc.net.1.link br0',
      'lxc.net.1.hwaddr 00:16:3e:aa:bb:02',
      'lxc.mount.entry proc proc proc nodev,noexec 0 0',
      'lxc.mount.entry /srv/my\\040wiki srv/wiki none ro,bind,create=dir 0 0',
    ],
  });
});
