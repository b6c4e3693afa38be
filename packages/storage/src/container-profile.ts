import type { Host } from '@innkeeper/host';
import { installationSuffix, type Paths } from '@innkeeper/model';
import { containerProfile } from './container-profile-text.ts';

const folder = '/etc/apparmor.d';
const enabledFile = '/sys/module/apparmor/parameters/enabled';
const loadedFile = '/sys/kernel/security/apparmor/profiles';
const parserNames = ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser'];

/** One per installation, as the hook is. libvirtd's own profile lets it send signals only to names that begin so. */
export const containerProfileName = (paths: Pick<Paths, 'prefix'>): string =>
  `libvirt-innkeeper-container${installationSuffix(paths)}`;

export const containerProfileFile = (paths: Pick<Paths, 'prefix'>): string =>
  `${folder}/innkeeper-container${installationSuffix(paths)}`;

const parserOf = async (host: Host): Promise<string | undefined> => {
  for (const path of parserNames) if ((await host.files.facts(path)) !== undefined) return path;
  return undefined;
};

/**
 * `loaded`: this version's profile is there and enforced. `missing`: AppArmor runs, the profile is not there or of another
 * version. `none`: AppArmor does not run here, or its tools are not installed.
 */
export type ProfileState = 'loaded' | 'missing' | 'none';

export const containerProfileState = async (host: Host, paths: Paths): Promise<ProfileState> => {
  if ((await host.files.readTextIfThere(enabledFile))?.trim() !== 'Y') return 'none';
  const name = containerProfileName(paths);
  const [text, loaded] = [
    await host.files.readTextIfThere(containerProfileFile(paths)),
    await host.files.readTextIfThere(loadedFile),
  ];
  if (text === containerProfile(name) && loaded?.split('\n').includes(`${name} (enforce)`)) return 'loaded';
  return (await parserOf(host)) === undefined ? 'none' : 'missing';
};

/** Writes the profile and loads it; at boot AppArmor's own service does. Without AppArmor there is nothing to do. */
export const installContainerProfile = async (host: Host, paths: Paths): Promise<void> => {
  if ((await containerProfileState(host, paths)) !== 'missing') return;
  const [file, parser] = [containerProfileFile(paths), await parserOf(host)];
  if (parser === undefined) return;
  await host.files.write(file, containerProfile(containerProfileName(paths)), 0o644);
  await host.run([parser, '--replace', '--', file]);
};

/** Missing already is no error. A container that still runs would run on without it. */
export const removeContainerProfile = async (host: Host, paths: Paths): Promise<void> => {
  const [file, parser] = [containerProfileFile(paths), await parserOf(host)];
  if ((await host.files.facts(file)) === undefined) return;
  if (parser !== undefined && (await host.files.readTextIfThere(enabledFile))?.trim() === 'Y')
    // 254: no such profile is loaded.
    await host.run([parser, '--remove', '--', file], { expect: [0, 254] });
  await host.files.remove(file);
};
