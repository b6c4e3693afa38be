# Writes what a container held as a tar file: its image, with an upper layer over it in which nobody writes, as the container
# saw both. What was owned by the first id of its range is owned by 0 in the file, and so on.
# usage: perl -e THIS FOLDER UPPER FILE COUNT [EXCLUDED ...]
# FOLDER is the container's (container-root.pl), whose root.json names the image and the first id. Each EXCLUDED is a pattern of
# tar(1), from the root on.
#
# In a mount namespace of its own, and in a folder in memory there: nothing is left of the mounts when this ends, however it does.
use strict;
use warnings;

my ($folder, $upper, $file, $count, @excluded) = @ARGV;
die "usage: FOLDER UPPER FILE COUNT [EXCLUDED ...]\n" unless defined $count;

my ($SYS_open_tree, $SYS_move_mount, $SYS_mount_setattr) = (428, 429, 442);
my ($AT_FDCWD, $AT_EMPTY_PATH, $OPEN_TREE_CLONE, $OPEN_TREE_CLOEXEC, $MOVE_MOUNT_F_EMPTY_PATH) = (-100, 0x1000, 1, 02000000, 4);
my ($MOUNT_ATTR_RDONLY, $MOUNT_ATTR_IDMAP, $MS_RDONLY, $MS_REC, $MS_PRIVATE) = (1, 0x00100000, 1, 0x4000, 1 << 18);
my ($NEWNS, $NEWUSER) = (0x20000, 0x10000000);

# By the machine that perl was made for, as in container-root.pl.
open my $self, '<:raw', '/proc/self/exe' or die "/proc/self/exe: $!\n";
read $self, my $header, 20;
my %calls = (62 => { unshare => 272, mount => 165 }, 183 => { unshare => 97, mount => 40 });
my $machine = unpack 'x18 v', $header;
my $call = $calls{$machine} or die "no system call numbers for ELF machine $machine\n";

# syscall writes into its arguments: it takes no constants.
sub call { my ($number, @words) = @_; return syscall $number, @words }
sub must { my ($what, $result) = @_; die "$what: $!\n" if $result < 0; return $result }
sub mount { my ($what, $place, $type, $flags, $data) = @_; must("mounting $place", call($call->{mount}, "$what\0", "$place\0", "$type\0", $flags, "$data\0")) }

# Innkeeper wrote it: a path of its own and a number, nothing escaped.
open my $note, '<', "$folder/root.json" or die "$folder/root.json: $!\n";
my $record = do { local $/; <$note> };
my ($image) = $record =~ /"lower":"([^"\\]+)"/ or die "$folder/root.json names no image\n";
my ($first) = $record =~ /"uidStart":(\d+)/ or die "$folder/root.json names no range of ids\n";

# A child holds the user namespace until this ends.
sub shift_of_ids {
  pipe(my $ready, my $tell) or die "pipe: $!\n";
  pipe(my $end, my $keep) or die "pipe: $!\n";
  my $child = fork() // die "fork: $!\n";
  if ($child == 0) {
    close $_ for $ready, $keep;
    must('unshare', call($call->{unshare}, $NEWUSER));
    syswrite $tell, 'x';
    sysread $end, my $nothing, 1;
    exit 0;
  }
  close $_ for $tell, $end;
  sysread($ready, my $byte, 1) == 1 or die "the user namespace could not be made\n";
  for my $kind ('uid', 'gid') {
    open my $map, '>', "/proc/$child/${kind}_map" or die "${kind}_map: $!\n";
    print {$map} "$first 0 $count\n";
    close $map or die "${kind}_map: $!\n";
  }
  open my $namespace, '<', "/proc/$child/ns/user" or die "user namespace: $!\n";
  return ($namespace, $keep);
}

# Here, so that no name of a path is taken for an option of the overlay.
sub bring {
  my ($source, $place, $attributes) = @_;
  mkdir $place or die "$place: $!\n";
  my $tree = must($source, call($SYS_open_tree, $AT_FDCWD, "$source\0", $OPEN_TREE_CLONE | $OPEN_TREE_CLOEXEC));
  must("shifting $source", call($SYS_mount_setattr, $tree, "\0", $AT_EMPTY_PATH, $attributes, length $attributes));
  must("mounting $source", call($SYS_move_mount, $tree, "\0", $AT_FDCWD, "$place\0", $MOVE_MOUNT_F_EMPTY_PATH));
}

must('unshare', call($call->{unshare}, $NEWNS));
mount('none', '/', 'none', $MS_REC | $MS_PRIVATE, '');
my ($namespace, $keep) = shift_of_ids();
mount('none', '/mnt', 'tmpfs', 0, 'mode=0700');
chdir '/mnt' or die "/mnt: $!\n";
# struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
bring($upper, 'upper', pack 'QQQQ', $MOUNT_ATTR_IDMAP | $MOUNT_ATTR_RDONLY, 0, 0, fileno $namespace);
bring($image, 'image', pack 'QQQQ', $MOUNT_ATTR_RDONLY, 0, 0, 0);
mkdir 'root' or die "root: $!\n";
mount('none', 'root', 'overlay', $MS_RDONLY, 'lowerdir=upper:image');
my @words = ('-C', '/mnt/root', '--format=pax', '--numeric-owner', '--xattrs', '--xattrs-include=*', '--one-file-system', '--anchored');
system { 'tar' } 'tar', @words, (map { "--exclude=./$_" } @excluded), '-cf', $file, '.';
exit($? == 0 ? 0 : 1);
