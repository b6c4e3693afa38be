#!/bin/sh
# A file system of its own for tests, in PLACE.img and mounted at PLACE.mnt, with an empty directory `guests` on it.
# usage: loop-disk.sh make PLACE FILESYSTEM [quotas]     what an earlier run has left is taken away; `quotas`: of btrfs
#        loop-disk.sh mount|unmount|remove PLACE         unmounting also where somebody has something open there
set -eu
action=$1
place=$2

mounted() { grep -q " $place.mnt " /proc/self/mountinfo; }
unmount() { while mounted; do umount -l "$place.mnt"; done; }
remove() { unmount; rm -rf "$place.img" "$place.mnt"; }

case "$action" in
  make)
    remove
    truncate -s 3G "$place.img"
    case "$3" in
      ext4) mkfs.ext4 -q -m 0 "$place.img" ;;
      *) "mkfs.$3" -q "$place.img" ;;
    esac
    mkdir -p "$place.mnt"
    mount -o loop "$place.img" "$place.mnt"
    if test "${4:-}" = quotas; then btrfs quota enable "$place.mnt"; fi
    mkdir "$place.mnt/guests"
    ;;
  mount) mount -o loop "$place.img" "$place.mnt" ;;
  unmount) unmount ;;
  remove) remove ;;
  *) exit 2 ;;
esac
