/**
 * The AppArmor profile of all containers. The first line of defence is the user namespace: files of the kernel that are not
 * the container's belong to an id that it does not have. This is the second, for when the first has a hole.
 *
 * systemd inside makes mounts of many kinds for its services (each may have a root of its own below /run/systemd), and what
 * the newer calls of the kernel mount cannot be told by type. So mounts are not counted up; what is dangerous to write is
 * refused under any path that ends like it.
 * [https://manpages.debian.org/apparmor.d.5]
 */
export const containerProfile = (
  name: string,
): string => `# Written by Innkeeper: what a container of its may do. Changes are lost; removed by \`inn down --purge\`.
abi <abi/3.0>,

profile ${name} flags=(attach_disconnected,mediate_deleted) {
  # They count in its own namespaces only. One that its init may have and this refused would keep services from starting
  # which ask for it (e2scrub_reap for sys_rawio); these libvirt does not give it.
  capability,
  deny capability mac_admin,
  deny capability sys_module,

  network,
  unix,
  dbus,

  # Processes of its own, and what starts and ends it.
  signal peer=${name},
  signal (receive) peer=unconfined,
  signal (receive) peer=libvirtd,
  signal (receive) peer=/usr/sbin/libvirtd,
  signal (receive) peer=virtlxcd,
  signal (receive) peer=libvirt-*,
  ptrace peer=${name},
  ptrace (readby, tracedby) peer=unconfined,
  ptrace (readby, tracedby) peer=libvirtd,
  ptrace (readby, tracedby) peer=/usr/sbin/libvirtd,
  ptrace (readby, tracedby) peer=virtlxcd,

  mount,
  remount,
  umount,
  pivot_root,

  # Everything can be read, run and linked; written is everything but /proc and /sys.
  / r,
  /** rmlkix,
  /{p,pr,pro,s,sy}{,/**} w,
  /[^ps]** w,
  /p[^r]** w,
  /pr[^o]** w,
  /pro[^c]** w,
  /proc[^/]** w,
  /s[^y]** w,
  /sy[^s]** w,
  /sys[^/]** w,

  # Of /proc its processes, and what the kernel keeps for each namespace.
  /proc/[0-9]*/** w,
  /proc/pressure/* w,
  /proc/sys/fs/binfmt_misc/** w,
  /proc/sys/fs/mqueue/** w,
  /proc/sys/kernel/{domainname,hostname,msg*,ns_last_pid,sem,sem_next_id,shm*} w,
  /proc/sys/net/** w,
  /proc/sys/user/** w,
  # Of /sys its control groups and network interfaces.
  /sys/devices/virtual/net/** w,
  /sys/fs/cgroup/** w,
  /sys/fs/fuse/connections/** w,

  # Whoever writes these commands the host, wherever they are mounted.
  audit deny /{**/,}sysrq-trigger w,
  audit deny /{**/,}sys/kernel/{core_pattern,hotplug,kexec*,modprobe,poweroff_cmd,sysrq} w,
  audit deny /{**/,}kernel/uevent_helper w,
  audit deny /dev/{kmem,mem,port} rw,
  deny /{**/,}proc/{kcore,kmem,mem} rw,
  deny /sys/firmware/efi/efivars/** rw,
  deny /sys/kernel/{debug,security,tracing}/** rw,
}
`;

/**
 * libvirt enters a profile that it names by the guest, whatever label a definition has, and expects it to be loaded. This one
 * leads into the other as soon as the container's init is run. A line of sh in which $uuid is the guest's id.
 */
export const entryProfile = (name: string): string =>
  `profile libvirt-$uuid flags=(attach_disconnected) { / r, /** rwlkm, capability, network, unix, signal, ptrace, /** px -> ${name}, }`;
