const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Stands in for libvirt_lxc, the program that keeps one container: joins a fresh group of the named hierarchy and
 * becomes the real one. Groups of containers that ended are removed on the way: their controller has left them.
 */
export const controllerWrapper = (hierarchy: string, realController: string): string => `#!/bin/sh
# Written by Innkeeper: gives each container a group of its own in the unmanaged hierarchy "systemd".
groups=${quote(`${hierarchy}/innkeeper`)}
mkdir -p "$groups"
for old in "$groups"/*/; do
  pid=
  read -r pid 2>/dev/null <"$old/cgroup.procs"
  [ -n "$pid" ] || find "$old" -depth -type d -exec rmdir {} + 2>/dev/null
done
tries=0
until mkdir -p "$groups/$$" && echo $$ >"$groups/$$/cgroup.procs"; do
  # Another wrapper swept the group away between the two: it was still empty.
  tries=$((tries + 1))
  [ "$tries" -lt 20 ] || exit 1
done 2>/dev/null
exec ${quote(realController)} "$@"
`;

/**
 * Runs inside libvirtd's new mount namespace: $1 the daemon, $2 the controller or nothing, $3 its wrapper,
 * $4 where the real one stays reachable; the rest is unmounted.
 */
export const namespaceScript = `set -eu
daemon=$1 controller=$2 wrapper=$3 real=$4
shift 4
for point in "$@"; do umount "$point"; done
if [ -n "$controller" ]; then
  mount --bind "$controller" "$real"
  mount --bind "$wrapper" "$controller"
fi
exec "$daemon" -d
`;
