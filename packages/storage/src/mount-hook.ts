import type { Host } from '@innkeeper/host';
import { type Paths, uidRangeSize } from '@innkeeper/model';
import { containerProfileName } from './container-profile.ts';
import { entryProfile } from './container-profile-text.ts';
import { mountProgram } from './container-root.ts';
import { installationSuffix, layout } from './layout.ts';

const hooks = '/etc/libvirt/hooks';
const folder = `${hooks}/lxc.d`;

const nameOf = (paths: Pick<Paths, 'prefix'>): string => `innkeeper${installationSuffix(paths)}`;

/** One per installation; the user's own hooks stand beside it. libvirt runs all executable files of the folder. */
export const mountHookFile = (paths: Pick<Paths, 'prefix'>): string => `${folder}/${nameOf(paths)}`;

/** A word of sh that stands for exactly this text. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * What libvirt runs around each container's life, with its name, what happens, and its definition on standard input.
 * [https://libvirt.org/hooks.html] It never calls libvirt, which waits for it.
 */
export const mountHook = (paths: Paths, program: string): string => `#!/bin/sh
# Written by Innkeeper: mounts the root of a container of its own before the container starts, whoever starts it, and
# unmounts it when it has ended, and gives it its way into the AppArmor profile. Other containers are left alone.
# Removed by \`inn down --purge\`.
set -eu
case "$2" in prepare | release) ;; *) exit 0 ;; esac

# Name and id are the first two elements that libvirt writes.
definition=$(cat)
uuid=$(printf '%s\\n' "$definition" | sed -n '/<uuid>/{s|.*<uuid>\\([0-9a-f-]*\\)</uuid>.*|\\1|p;q;}')
folder=${quoted(`${layout(paths).roots}/`)}$uuid
test -f "$folder/root.json" || exit 0

# libvirt's own profile lets a hook load no other; what is started from /usr/bin has none.
profile=
case "$definition" in *${quoted(`<label>${containerProfileName(paths)}</label>`)}*) profile=yes ;; esac
if test -n "$profile" && test "$2" = prepare; then
  env apparmor_parser --replace --skip-cache --quiet <<END_OF_PROFILE
${entryProfile(containerProfileName(paths))}
END_OF_PROFILE
elif test -n "$profile"; then
  env sh -c 'printf %s "$1" > /sys/kernel/security/apparmor/.remove' sh "libvirt-$uuid" 2>/dev/null || true
fi

# libvirtd may run in a mount namespace of its own, which sees what is mounted outside, not the other way round.
enter=
if ! test /proc/1/ns/mnt -ef /proc/self/ns/mnt && test "/proc/1/root$folder/root.json" -ef "$folder/root.json"; then
  enter='nsenter --mount=/proc/1/ns/mnt --'
fi

if test "$2" = release; then
  $enter umount "$folder/root" "$folder/lower" 2>/dev/null || true
  exit 0
fi
exec $enter perl - "$folder" ${uidRangeSize} <<'END_OF_PROGRAM'
${program.trimEnd()}
END_OF_PROGRAM
`;

const wanted = async (paths: Paths): Promise<string> => mountHook(paths, await mountProgram());

/** Whether this version's hook is there. */
export const hasMountHook = async (host: Host, paths: Paths): Promise<boolean> =>
  (await host.files.readTextIfThere(mountHookFile(paths))) === (await wanted(paths));

/**
 * libvirt remembers whether there are hooks at all, and looks again when it is told to reload (SIGHUP). One that is not
 * running looks when it starts.
 */
const reload = async (host: Host): Promise<void> => {
  const systemd = (await host.files.facts('/run/systemd/system')) !== undefined;
  for (const daemon of ['libvirtd', 'virtlxcd']) {
    await host.run(systemd ? ['systemctl', 'reload', '--', `${daemon}.service`] : ['pkill', '-HUP', '-x', daemon], {
      expect: [0, 1, 5],
    });
  }
};

/** Writes the hook and has libvirt see it; there already is no change. */
export const installMountHook = async (host: Host, paths: Paths): Promise<void> => {
  if (await hasMountHook(host, paths)) return;
  await host.run(['mkdir', '-p', '--', folder]);
  // Not beside it: libvirt runs whatever is in that folder, and a start fails on a file that is still being written.
  const outside = `${hooks}/${nameOf(paths)}.new`;
  await host.files.write(outside, await wanted(paths), 0o755);
  await host.files.rename(outside, mountHookFile(paths));
  await reload(host);
};

/** Missing already is no error. */
export const removeMountHook = (host: Host, paths: Paths): Promise<void> => host.files.remove(mountHookFile(paths));
