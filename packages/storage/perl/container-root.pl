# Mounts the root of a container whose layers are in FOLDER: the image named in root.json at `lower` with its owners shifted
# (what is owned by 0 on the disk appears as the first id of the container's range, and so on for COUNT ids), and an
# overlay of it at `root`. Mounted already is success. Upper layer and work directory are in `own` where that is there: a
# subvolume of a pool on btrfs.
# usage: perl -e THIS FOLDER COUNT [locked]
#
# One at a time: root.json is locked meanwhile; LOCKED: by whoever runs this. Programs that have the root mounted where only
# they see it (root-files.pl) are named in the file `users`: their overlay is put in place then, since two overlays over the
# same layers would not see what the other changes.
#
# util-linux can shift from 2.39 on (mount -o X-mount.idmap); Debian 12 has 2.38, and every Debian has perl. Both mounts in
# one process, and no module of perl's but these two: each costs as much as the mounts do.
# The calls for the shifted mount have the same numbers on every architecture (they were added after numbers were unified).
use strict;
use warnings;

my ($folder, $count, $locked) = @ARGV;
die "usage: FOLDER COUNT\n" unless defined $count;
# It may be a link into a pool; mounts are told of without links.
$folder = readlink($folder) // $folder;
my ($name) = $folder =~ m{([^/]+)$};
my ($target, $root) = ("$folder/lower", "$folder/root");

sub slurp {
  my ($path) = @_;
  local $/;
  open my $file, '<', $path or die "$path: $!\n";
  return scalar <$file>;
}

open my $lock, '<', "$folder/root.json" or die "$folder/root.json: $!\n";
flock $lock, 2 or die "locking $folder/root.json: $!\n" unless $locked;

# Innkeeper wrote it: a path of its own and a number, nothing escaped.
my $record = slurp("$folder/root.json");
my ($source) = $record =~ /"lower":"([^"\\]+)"/ or die "$folder/root.json names no image\n";
my ($start) = $record =~ /"uidStart":(\d+)/ or die "$folder/root.json names no range of ids\n";

my ($SYS_open_tree, $SYS_move_mount, $SYS_mount_setattr) = (428, 429, 442);
my $AT_FDCWD = -100;
my ($AT_EMPTY_PATH, $OPEN_TREE_CLONE, $OPEN_TREE_CLOEXEC) = (0x1000, 1, 02000000);
my ($MOUNT_ATTR_RDONLY, $MOUNT_ATTR_IDMAP, $MOVE_MOUNT_F_EMPTY_PATH) = (1, 0x00100000, 4);
my $CLONE_NEWUSER = 0x10000000;

# The others' numbers go by the machine that perl itself was made for: e_machine of its ELF header.
open my $self, '<:raw', '/proc/self/exe' or die "/proc/self/exe: $!\n";
read $self, my $header, 20;
my %calls = (
  62 => { unshare => 272, mount => 165, umount => 166, setns => 308 },
  183 => { unshare => 97, mount => 40, umount => 39, setns => 268 },
);
my $machine = unpack 'x18 v', $header;
my $call = $calls{$machine} or die "no system call numbers for ELF machine $machine\n";

# What a process sees mounted, by place: the last word of a line of proc(5) but one. Spaces and the like are octal escapes.
sub mounts_of {
  open my $table, '<', "/proc/$_[0]/mountinfo" or return;
  return map { (my $point = (split ' ')[4]) =~ s/\\([0-7]{3})/chr oct $1/ge; $point => (split ' ')[-2] } <$table>;
}
my %mounted = mounts_of('self');
exit 0 if $mounted{$root};

sub namespace_of { my ($pid, $kind) = @_; open my $file, '<', "/proc/$pid/ns/$kind" or return; return $file }

# A number of the list may belong to another process by now: only one outside of all containers, with our overlay, is meant.
sub put_in_place {
  my ($pid) = @_;
  my ($ours, $theirs) = map { readlink "/proc/$_/ns/user" } 'self', $pid;
  my %theirs = mounts_of($pid);
  return unless defined $theirs && $ours eq $theirs && ($theirs{$root} // '') eq "innkeeper-$name";
  my ($here, $there) = (namespace_of('self', 'mnt'), namespace_of($pid, 'mnt'));
  return unless $here && $there && syscall($call->{setns}, fileno $there, 0) == 0;
  my $tree = syscall($SYS_open_tree, $AT_FDCWD, "$root\0", $OPEN_TREE_CLONE | $OPEN_TREE_CLOEXEC);
  syscall($call->{setns}, fileno $here, 0) == 0 or die "coming back to this mount namespace: $!\n";
  return if $tree < 0;
  my $empty = "\0";
  return syscall($SYS_move_mount, $tree, $empty, $AT_FDCWD, "$root\0", $MOVE_MOUNT_F_EMPTY_PATH) == 0;
}
if (open my $users, '<', "$folder/users") {
  for my $pid (map { /^(\d+)$/ ? $1 : () } <$users>) { exit 0 if put_in_place($pid) }
}
# What an earlier attempt left half done.
if ($mounted{$target}) {
  syscall($call->{umount}, "$target\0", 0) == 0 or die "unmounting $target: $!\n";
}

# A child holds a user namespace with the wanted map; the mount takes it by file descriptor.
pipe(my $ready_r, my $ready_w) or die "pipe: $!\n";
pipe(my $done_r, my $done_w) or die "pipe: $!\n";
my $child = fork() // die "fork: $!\n";
if ($child == 0) {
  close $ready_r;
  close $done_w;
  syscall($call->{unshare}, $CLONE_NEWUSER) == 0 or die "unshare: $!\n";
  syswrite $ready_w, 'x';
  sysread $done_r, my $nothing, 1;
  exit 0;
}
close $ready_w;
close $done_r;
sysread($ready_r, my $byte, 1) == 1 or die "the user namespace could not be made\n";

for my $kind ('uid', 'gid') {
  open my $map, '>', "/proc/$child/${kind}_map" or die "${kind}_map: $!\n";
  syswrite($map, "0 $start $count\n") or die "${kind}_map: $!\n";
  close $map;
}
open my $namespace, '<', "/proc/$child/ns/user" or die "user namespace: $!\n";

# syscall takes no constants.
my ($empty, $overlay) = ("\0", "overlay\0");
my $tree = syscall($SYS_open_tree, $AT_FDCWD, "$source\0", $OPEN_TREE_CLONE | $OPEN_TREE_CLOEXEC);
die "open_tree $source: $!\n" if $tree < 0;
# struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
my $attributes = pack 'QQQQ', $MOUNT_ATTR_IDMAP | $MOUNT_ATTR_RDONLY, 0, 0, fileno $namespace;
syscall($SYS_mount_setattr, $tree, $empty, $AT_EMPTY_PATH, $attributes, length $attributes) == 0
  or die "mount_setattr $source: $!\n";
syscall($SYS_move_mount, $tree, $empty, $AT_FDCWD, "$target\0", $MOVE_MOUNT_F_EMPTY_PATH) == 0
  or die "move_mount $target: $!\n";

my $own = -d "$folder/own" ? "$folder/own" : $folder;
my $options = "lowerdir=$target,upperdir=$own/upper,workdir=$own/work\0";
syscall($call->{mount}, "innkeeper-$name\0", "$root\0", $overlay, 0, $options) == 0
  or die "mounting the overlay $root: $!\n";

close $done_w;
waitpid $child, 0;
