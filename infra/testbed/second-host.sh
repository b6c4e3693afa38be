#!/bin/sh
# A second host on this machine, for tests:
# `unshare -m -u -n --propagation private sh second-host.sh FOLDER PREFIX NAME [COMMAND...]`.
# It has a network, mounts and a host name of its own, and in FOLDER what libvirt and Innkeeper keep there. Processes and
# control groups are the machine's: libvirt names its groups after process ids, so two hosts do not meet there.
# PREFIX is where the tests' installation keeps its things: here it is another folder of the same name, unless it is empty.
# Ends with COMMAND, or without one when its input ends. Nothing outside the namespaces and FOLDER is changed.
set -eu
folder=$1 prefix=$2 name=$3
shift 3
hostname "$name"
ip link set lo up

# /sys shows the network that it was mounted in; libvirt sets up its bridges through it.
mkdir -p "$folder/cgroup"
mount --rbind /sys/fs/cgroup "$folder/cgroup"
umount -l /sys
mount -t sysfs sysfs /sys
mount --rbind "$folder/cgroup" /sys/fs/cgroup
umount -l "$folder/cgroup"

own() {
  mkdir -p "$folder$1" "$1"
  mount --bind "$folder$1" "$1"
}
mkdir -p "$folder/etc"
[ -d "$folder/etc/libvirt" ] || cp -a /etc/libvirt "$folder/etc/libvirt"
# The machine's own networks and guests are not this host's.
rm -rf "$folder/etc/libvirt/qemu/networks/autostart" "$folder/etc/libvirt/lxc" "$folder/etc/libvirt/storage"
find "$folder/etc/libvirt/qemu" -name '*.xml' -delete
own /etc/libvirt
own /var/lib/libvirt
own /var/log/libvirt
own /var/cache/libvirt
[ -z "$prefix" ] || own "$prefix"
# A boot of its own, which FOLDER/boot_id names. Containers with ids of their own may only mount a /proc where there is one
# that nothing covers.
cat /proc/sys/kernel/random/boot_id > "$folder/boot_id"
mkdir -p "$folder/proc"
mount -t proc proc "$folder/proc"
mount --bind "$folder/boot_id" /proc/sys/kernel/random/boot_id
mkdir -p "$folder/run"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd /run/lock
[ $# -eq 0 ] || exec "$@"
echo ready
cat >/dev/null
