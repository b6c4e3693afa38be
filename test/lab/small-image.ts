import { shellPort } from '@innkeeper/guest-shell';
import { host } from './lab-host.ts';

/** Debian's kernel for clouds has these as modules, each needing those before it. */
const modules = [
  'virtio/virtio_ring',
  'virtio/virtio',
  'virtio/virtio_pci_modern_dev',
  'virtio/virtio_pci_legacy_dev',
  'virtio/virtio_pci',
  'virtio/virtio_balloon',
  'block/virtio_blk',
  'char/virtio_console',
];

const initrdInit = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for module in ${modules.join(' ')}; do /bin/busybox insmod /modules/$module.ko; done
until /bin/busybox test -b /dev/vda; do /bin/busybox sleep 0.1; done
/bin/busybox mount -t ext4 /dev/vda /new
/bin/busybox mount -o move /dev /new/dev
exec /bin/busybox switch_root /new /sbin/init
`;

const init = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
test -s /etc/machine-id || tr -d - < /sys/class/dmi/id/product_uuid > /etc/machine-id
for word in $(cat /proc/cmdline); do
  case $word in systemd.machine_id=*) echo "\${word#*=}" > /etc/machine-id ;; esac
done
port() { grep -lx "$1" /sys/class/virtio-ports/*/name | sed 's,.*/\\(vport[^/]*\\)/name,/dev/\\1,'; }
until test -c "$(port org.qemu.guest_agent.0)" && test -c "$(port ${shellPort})"; do sleep 0.1; done
perl /usr/lib/innkeeper/guest-shell.pl "$(port ${shellPort})"
qemu-ga --method=virtio-serial --path="$(port org.qemu.guest_agent.0)" &
echo 'the small machine is up'
while :; do wait; sleep 10; done
`;

/** $1 the tree of an image, $2 an empty folder, $3 and $4 the two inits, then names of modules. */
const makeTree = `
set -eu
from=$1 to=$2 initrd=$3 init=$4
shift 4
kernel=$(cd "$from/usr/lib/modules" && ls | tail -n 1)
tar -C "$from" -c --exclude=./usr/share --exclude=./usr/lib/modules --exclude=./usr/lib/firmware --exclude=./boot \
  --exclude=./var . | tar -C "$to" -x
mkdir -p "$to/usr/share" "$to/var/lib" "$to/var/log" "$to/boot" "$to/initrd/bin" "$to/initrd/dev" "$to/initrd/new"
ln -s /run "$to/var/run"
rm "$to/usr/sbin/init"
printf '%s' "$init" > "$to/usr/sbin/init"
printf '%s' "$initrd" > "$to/initrd/init"
chmod 0755 "$to/usr/sbin/init" "$to/initrd/init"
install -m 0755 /bin/busybox "$to/initrd/bin/busybox"
for module; do install -D "$from/usr/lib/modules/$kernel/kernel/drivers/$module.ko" "$to/initrd/modules/$module.ko"; done
(cd "$to/initrd" && find . | cpio --quiet -o -H newc) > "$to/boot/initrd.img-small"
rm -r "$to/initrd"
cp "$from/boot/vmlinuz-$kernel" "$to/boot/vmlinuz-small"
`;

/**
 * An image whose machine has Debian's kernel, programs and guest agent, but whose init starts the agent and the shell alone, and finds
 * the machine's id as systemd does, which needs longer to come up within an emulated machine than any test waits. `target` becomes a
 * tar file, as the cache of built images has them.
 */
export const makeSmallImage = async (rootfs: string, target: string): Promise<void> => {
  const tree = `${target}.tree`;
  await host.run(['mkdir', '-p', '--', tree]);
  await host.run(['sh', '-c', makeTree, 'sh', rootfs, tree, initrdInit, init, ...modules], { timeoutMs: 300_000 });
  await host.run(['tar', '-C', tree, '--numeric-owner', '-cf', target, '.'], { timeoutMs: 300_000 });
  await host.files.remove(tree);
};
