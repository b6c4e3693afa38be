import { parseWorkloadSpec } from '@innkeeper/model';
import { expect, test } from 'vitest';
import { seedOf } from './cloud-init.ts';

const key = `ssh-ed25519 ${'A'.repeat(68)} me@here`;

const seed = (cloudInit: object) => {
  const { cloudInit: checked } = parseWorkloadSpec({ image: 'debian/12', cloudInit }, 'web');
  return seedOf({ name: 'web', uuid: '0a7c6e5e-0000-4000-8000-000000000001', spec: { cloudInit: checked } });
};

/** What follows the first line, which says what it is. */
const configOf = (text: string | undefined): Record<string, unknown> => {
  const [first, ...rest] = (text ?? '').split('\n');
  expect(first).toBe('#cloud-config');
  return JSON.parse(rest.join('\n')) as Record<string, unknown>;
};

test('a manifest without a first boot has no seed', () =>
  expect(seedOf({ name: 'web', uuid: 'x', spec: { cloudInit: undefined } })).toBeUndefined());

test('the instance is the workload, and its name is its host name', () => {
  expect(JSON.parse(seed({})?.['meta-data'] ?? '')).toEqual({
    'instance-id': '0a7c6e5e-0000-4000-8000-000000000001',
    'local-hostname': 'web',
  });
});

test('keys are for root and for the user of the image', () =>
  expect(configOf(seed({ sshKeys: [key] })?.['user-data'])).toEqual({
    hostname: 'web',
    ssh_authorized_keys: [key],
    disable_root: false,
  }));

test('users, files, packages, commands, locale and time zone are said as cloud-init says them', () => {
  const config = configOf(
    seed({
      hostname: 'www',
      users: [{ name: 'ada', sshKeys: [key], sudo: true }],
      files: [{ path: '/etc/motd', content: 'hällo\n', mode: '0600', owner: 'ada' }],
      packages: ['nginx'],
      commands: ['touch /ran', ['echo', '$HOME']],
      locale: 'de_DE.UTF-8',
      timezone: 'Europe/Berlin',
    })?.['user-data'],
  );
  expect(config).toMatchObject({
    hostname: 'www',
    users: ['default', { name: 'ada', ssh_authorized_keys: [key], sudo: 'ALL=(ALL) NOPASSWD:ALL' }],
    write_files: [{ path: '/etc/motd', permissions: '0600', owner: 'ada', encoding: 'b64' }],
    packages: ['nginx'],
    package_update: true,
    runcmd: ['touch /ran', ['echo', '$HOME']],
    locale: 'de_DE.UTF-8',
    timezone: 'Europe/Berlin',
  });
  const [file] = config.write_files as { content: string }[];
  expect(Buffer.from(file?.content ?? '', 'base64').toString()).toBe('hällo\n');
});

test("the user's own data is a part of its own, as what it is", () => {
  const parts = (userData: string) => seed({ sshKeys: [key], userData })?.['user-data'] ?? '';
  expect(parts('#!/bin/sh\ntouch /ran\n')).toMatch(/^Content-Type: multipart\/mixed;[\s\S]*text\/x-shellscript/);
  const config = parts('#cloud-config\nhostname: mine\n');
  expect(config).not.toContain('x-shellscript');
  expect(config.match(/Content-Type: text\/cloud-config/g)).toHaveLength(2);
});

test.each([
  [{ sshKeys: ['-----BEGIN OPENSSH PRIVATE KEY-----'] }, 'is not a public ssh key'],
  [{ userData: 'packages: [nginx]' }, 'must begin with #cloud-config'],
  [{ userData: `#cloud-config\n${'#'.repeat(25_000)}` }, 'more than 24 KiB'],
  [{ users: [{ name: 'Ada Lovelace' }] }, 'must be the name of a user'],
  [{ files: [{ path: '../etc/passwd', content: '' }] }, 'must be an absolute path'],
  [{ timezone: '../../etc/shadow' }, 'must be a time zone'],
  [{ locale: 'C; rm -rf /' }, 'must be a locale'],
  [{ packages: ['--force-yes'] }, 'must be the name of a package'],
])('refuses %j', (cloudInit, message) => expect(() => seed(cloudInit)).toThrow(message));
