import { describe, expect, it } from 'vitest';
import { below, chooseFile } from './simplestreams.ts';

const server = 'https://images.example';
const sum = (digit: string): string => digit.repeat(64);

/** As images.linuxcontainers.org and cloud-images.ubuntu.com publish them, shortened. */
const lists = [
  {
    products: {
      'alpine:3.20:amd64:default': {
        aliases: 'alpine/3.20/default,alpine/3.20',
        arch: 'amd64',
        os: 'Alpine',
        versions: {
          '20260101_13:00': {
            items: { 'root.tar.xz': { ftype: 'root.tar.xz', path: 'images/old.tar.xz', sha256: sum('1'), size: 10 } },
          },
          '20260102_13:00': {
            items: {
              'incus.tar.xz': { ftype: 'incus.tar.xz', path: 'images/incus.tar.xz', sha256: sum('2'), size: 1 },
              'rootfs.squashfs': { ftype: 'squashfs', path: 'images/new.squashfs', sha256: sum('3'), size: 9 },
              'disk.qcow2': { ftype: 'disk-kvm.img', path: 'images/new.qcow2', sha256: sum('4'), size: 20 },
            },
          },
        },
      },
      'alpine:3.20:arm64:default': {
        aliases: 'alpine/3.20/default,alpine/3.20',
        arch: 'arm64',
        versions: {
          '1': { items: { a: { ftype: 'root.tar.xz', path: 'images/arm.tar.xz', sha256: sum('5') } } },
        },
      },
      'com.ubuntu.cloud:server:24.04:amd64': {
        aliases: '24.04,noble,default',
        arch: 'amd64',
        versions: {
          '20260101': {
            items: {
              'lxd_combined.tar.gz': { ftype: 'lxd_combined.tar.gz', path: 'server/c.tar.gz', sha256: sum('6') },
              'disk1.img': { ftype: 'disk1.img', path: 'server/disk1.img', sha256: sum('7') },
            },
          },
          '20260202': { items: { 'disk1.img': { ftype: 'disk1.img', path: 'server/unsigned.img' } } },
        },
      },
      broken: { arch: 7 },
    },
  },
];
const choose = (image: string, more: { machine?: string; variant?: 'rootfs' | 'disk' } = {}) =>
  chooseFile(server, lists, { image, machine: 'x86_64', ...more });

describe('the file of an image of a server', () => {
  it('is the newest tree for the machine, by any of its names', () => {
    for (const name of ['alpine/3.20', 'alpine/3.20/default', 'alpine:3.20:amd64:default'])
      expect(choose(name)).toEqual({
        variant: 'rootfs',
        url: `${server}/images/new.squashfs`,
        sha256: sum('3'),
        size: 9,
        version: '20260102_13:00',
      });
    expect(choose('alpine/3.20', { machine: 'aarch64' }).url).toBe(`${server}/images/arm.tar.xz`);
  });

  it('is a disk where one is asked for', () =>
    expect(choose('alpine/3.20', { variant: 'disk' })).toMatchObject({ sha256: sum('4'), variant: 'disk' }));

  it('is one with a checksum: a version without is passed over', () => {
    expect(choose('24.04', { variant: 'disk' })).toMatchObject({ sha256: sum('7'), version: '20260101' });
    expect(choose('noble')).toMatchObject({ url: `${server}/server/c.tar.gz` });
  });

  it('is told by similar names when there is none', () => {
    expect(() => choose('alpine/9')).toThrow(/has no "alpine\/9" for amd64/);
    expect(() => choose('24.04', { machine: 'riscv64' })).toThrow(/for riscv64/);
  });

  it.each(['../x', '/etc/passwd', 'https://elsewhere.example/x', '//elsewhere.example/x', 'images/../../x'])(
    'is never outside of its server: %s',
    (path) => expect(() => below(`${server}/base`, path)).toThrow(/names a file outside of itself/),
  );
});
