import { type Host, hasHook, hookFile, installHook, type LibvirtHook, removeHook, shellWord } from '@innkeeper/host';
import { installationSuffix, type Paths, uidRangeSize } from '@innkeeper/model';
import { containerProfileName } from './container-profile.ts';
import { entryProfile } from './container-profile-text.ts';
import { mountProgram } from './container-root.ts';
import { layout } from './layout.ts';

const hookOf = (paths: Pick<Paths, 'prefix'>): LibvirtHook => ({
  of: 'lxc',
  name: `innkeeper${installationSuffix(paths)}`,
});

/** One per installation. */
export const mountHookFile = (paths: Pick<Paths, 'prefix'>): string => hookFile(hookOf(paths));

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
folder=${shellWord(`${layout(paths).roots}/`)}$uuid
if test "$2" = prepare && test -L "$folder" && ! test -e "$folder"; then
  echo "the pool of this container is away: there is no $(readlink "$folder"); mount its file system first" >&2
  exit 1
fi
test -f "$folder/root.json" || exit 0

# libvirt's own profile lets a hook load no other; what is started from /usr/bin has none.
profile=
case "$definition" in *${shellWord(`<label>${containerProfileName(paths)}</label>`)}*) profile=yes ;; esac
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
  hasHook(host, hookOf(paths), await wanted(paths));

/** Writes the hook and has libvirt see it; there already is no change. */
export const installMountHook = async (host: Host, paths: Paths): Promise<void> =>
  installHook(host, hookOf(paths), await wanted(paths));

/** Missing already is no error. */
export const removeMountHook = (host: Host, paths: Paths): Promise<void> => removeHook(host, hookOf(paths));
