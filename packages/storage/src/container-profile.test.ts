import { localHost } from '@innkeeper/host';
import { pathsUnder } from '@innkeeper/model';
import { expect, test } from 'vitest';
import { containerProfileFile, containerProfileName, containerProfileState } from './container-profile.ts';
import { containerProfile } from './container-profile-text.ts';

const enabled = '/sys/module/apparmor/parameters/enabled';
const loaded = '/sys/kernel/security/apparmor/profiles';

/** A machine that has these files, and AppArmor's parser where that is said. */
const machineWith = (texts: Readonly<Record<string, string>>, parser = true) => {
  const host = localHost('test');
  return {
    ...host,
    files: {
      ...host.files,
      readTextIfThere: async (path: string) => texts[path],
      facts: async (path: string) => (parser ? host.files.facts('/') : host.files.facts(`/nowhere${path}`)),
    },
  };
};

const paths = pathsUnder('');
const text = containerProfile(containerProfileName(paths));
const file = containerProfileFile(paths);
const list = `other (enforce)\n${containerProfileName(paths)} (enforce)\n`;

test('installations beside each other have profiles of their own', () => {
  const beside = pathsUnder('/tmp/innkeeper-test-a');
  expect([containerProfileFile(paths), containerProfileName(paths)]).toEqual([
    '/etc/apparmor.d/innkeeper-container',
    'libvirt-innkeeper-container',
  ]);
  expect(containerProfileFile(beside)).toBe('/etc/apparmor.d/innkeeper-container-tmp-innkeeper-test-a');
  expect(containerProfileName(beside)).toBe('libvirt-innkeeper-container-tmp-innkeeper-test-a');
});

test('the profile counts when it is loaded, enforced and of this version', async () => {
  const state = (texts: Readonly<Record<string, string>>, parser?: boolean) =>
    containerProfileState(machineWith(texts, parser), paths);
  expect(await state({})).toBe('none');
  expect(await state({ [enabled]: 'N\n' })).toBe('none');
  expect(await state({ [enabled]: 'Y\n' })).toBe('missing');
  expect(await state({ [enabled]: 'Y\n' }, false)).toBe('none');
  expect(await state({ [enabled]: 'Y\n', [file]: text })).toBe('missing');
  expect(await state({ [enabled]: 'Y\n', [file]: `${text}#`, [loaded]: list })).toBe('missing');
  expect(await state({ [enabled]: 'Y\n', [file]: text, [loaded]: list.replaceAll('enforce', 'complain') })).toBe(
    'missing',
  );
  expect(await state({ [enabled]: 'Y\n', [file]: text, [loaded]: list })).toBe('loaded');
});
