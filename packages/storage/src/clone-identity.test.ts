import { describe, expect, it } from 'vitest';
import { namingOf, type Renewal, renewalOf, type Traits } from './clone-identity.ts';

const identity = {
  name: 'shop',
  uuid: '3f1c2a68-1111-4222-8333-000000000001',
  addresses: ['192.168.122.9', 'fd00::9'],
  seed: { 'etc/hostname': 'shop\n', 'var/lib/cloud/seed/nocloud/meta-data': { content: 'new', mode: 0o600 } },
};
const traits = (files: Readonly<Record<string, string>>, names: Readonly<Record<string, string[]>> = {}): Traits => ({
  files: new Map(Object.entries(files)),
  names: new Map(Object.entries(names)),
});
const renewed = (...parts: Parameters<typeof traits>): Renewal => renewalOf(traits(...parts), identity, 'web');
const written = ({ write }: Renewal, path: string): string | undefined =>
  write.find((one) => one.path === path)?.content;

describe('what makes a copy of a guest another guest', () => {
  it('is its name, and an id of its own where it has one', () => {
    const id = '3f1c2a681111422283330000000000'.padEnd(31, '0');
    const renewal = renewed({ 'etc/machine-id': 'old\n', 'var/lib/dbus/machine-id': 'old\n' });
    expect(written(renewal, 'etc/hostname')).toBe('shop\n');
    expect(written(renewal, 'etc/machine-id')).toBe(`${id}1\n`);
    expect(written(renewal, 'var/lib/dbus/machine-id')).toBe(`${id}1\n`);
    expect(written(renewed({ 'etc/machine-id': '' }), 'etc/machine-id')).toBeUndefined();
    expect(written(renewed({}), 'etc/hosts')).toBeUndefined();
  });

  it.each([
    ['127.0.0.1 localhost\n10.0.0.7 web\n', '127.0.0.1 localhost\n'],
    ['127.0.1.1\tweb.lan web alias # own\n', '127.0.1.1 alias # own\n'],
    ['10.0.0.7 webmail web-2\n\n# web stays in a comment\n', '10.0.0.7 webmail web-2\n\n# web stays in a comment\n'],
    ['10.0.0.8 earlier\n', ''],
    ['', ''],
  ])('is what its own name stands for: %j', (before, kept) => {
    const renewal = renewed({ 'etc/hosts': before, 'etc/hostname': 'earlier\n' });
    expect(written(renewal, 'etc/hosts')).toBe(`${kept}192.168.122.9 shop\nfd00::9 shop\n`);
  });

  it('are keys of the kinds that it has; others go', () => {
    const names = ['ssh_config', 'ssh_host_ed25519_key', 'ssh_host_ed25519_key.pub', 'ssh_host_ed25519_key-cert.pub'];
    const { keys, remove } = renewed({}, { 'etc/ssh': [...names, 'ssh_host_dsa_key', 'ssh_host_dsa_key.pub'] });
    expect(keys).toEqual(['ed25519']);
    expect(remove.filter((path) => path.startsWith('etc/ssh/'))).toEqual([
      'etc/ssh/ssh_host_ed25519_key-cert.pub',
      'etc/ssh/ssh_host_dsa_key',
      'etc/ssh/ssh_host_dsa_key.pub',
    ]);
  });

  it('is nothing that its first boot did, and what it is to do where that has not ended', () => {
    const names = { 'var/lib/cloud/seed/nocloud': ['meta-data', 'user-data'] };
    const ended = renewed({ 'var/lib/cloud/instance/boot-finished': 'x' }, names);
    expect(written(ended, 'etc/cloud/cloud-init.disabled')).toBe('');
    expect(ended.remove).toContain('var/lib/cloud/seed/nocloud/user-data');
    const before = renewed({}, names);
    expect(written(before, 'var/lib/cloud/seed/nocloud/meta-data')).toBe('new');
    expect(written(before, 'etc/cloud/cloud-init.disabled')).toBeUndefined();
  });

  it('is what it was given by others, and its random numbers', () => {
    const { remove } = renewed({}, { 'var/lib/dhcp': ['dhclient.eth0.leases', 'readme'] });
    expect(remove).toContain('var/lib/dhcp/dhclient.eth0.leases');
    expect(remove).toContain('var/lib/systemd/random-seed');
    expect(remove).not.toContain('var/lib/dhcp/readme');
  });
});

describe('one that goes on as it was', () => {
  it('finds itself by its name and addresses, and keeps everything else', () => {
    const files = {
      'etc/hostname': 'web\n',
      'etc/hosts': '127.0.0.1 localhost\n10.0.0.7 web\n',
      'etc/machine-id': 'old\n',
    };
    expect(namingOf(traits(files, { 'etc/ssh': ['ssh_host_rsa_key'] }), { ...identity, name: 'web' }, 'web')).toEqual([
      { path: 'etc/hostname', mode: 0o644, content: 'web\n' },
      { path: 'etc/hosts', mode: 0o644, content: '127.0.0.1 localhost\n192.168.122.9 web\nfd00::9 web\n' },
    ]);
  });
});
