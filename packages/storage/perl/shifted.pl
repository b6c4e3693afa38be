# Runs a program that sees directories of a container with ids as they are inside: what START or a later one of COUNT ids owns on
# the disk, 0 or the same later one owns there; the same is true of what the program writes, of access control lists and of
# capabilities of files. What belongs to the host's own root, as marks of an overlay do, belongs to the id COUNT there, which no
# container has.
# usage: perl -e THIS FOLDER COUNT START ACCESS [KEY TREE ...] -- PROGRAM [ARGUMENT ...]
# The program works in FOLDER, where each TREE is at its KEY, a path of folders that are there. ACCESS is one of read, write.
# Nothing of this is seen by others, and nothing of it is left when the program has ended. The calls for mounts: container-root.pl.
use strict;
use warnings;

my ($folder, $count, $start, $access, @words) = @ARGV;
die "usage: FOLDER COUNT START ACCESS [KEY TREE ...] -- PROGRAM\n" unless defined $access && $access =~ /^(read|write)$/;
my @trees;
while (@words && $words[0] ne '--') { push @trees, [splice @words, 0, 2] }
shift @words;
die "there is no program to run\n" unless @words;

my ($SYS_open_tree, $SYS_move_mount, $SYS_mount_setattr) = (428, 429, 442);
my ($AT_FDCWD, $AT_EMPTY_PATH, $OPEN_TREE_CLONE, $OPEN_TREE_CLOEXEC, $MOVE_MOUNT_F_EMPTY_PATH) = (-100, 0x1000, 1, 02000000, 4);
my ($MOUNT_ATTR_RDONLY, $MOUNT_ATTR_IDMAP, $MS_REC, $MS_PRIVATE) = (1, 0x00100000, 0x4000, 1 << 18);
my ($NEWNS, $NEWUSER) = (0x20000, 0x10000000);

open my $self, '<:raw', '/proc/self/exe' or die "/proc/self/exe: $!\n";
read $self, my $header, 20;
close $self;
my %calls = (62 => { unshare => 272, mount => 165 }, 183 => { unshare => 97, mount => 40 });
my $machine = unpack 'x18 v', $header;
my $call = $calls{$machine} or die "no system call numbers for ELF machine $machine\n";

# syscall writes into its arguments: it takes no constants.
sub call { my ($number, @words) = @_; return syscall $number, @words }
sub must { my ($what, $result) = @_; die "$what: $!\n" if $result < 0; return $result }
sub spill { my ($path, $text) = @_; open my $file, '>', $path or die "$path: $!\n"; print {$file} $text; close $file or die "$path: $!\n" }

must('unshare', call($call->{unshare}, $NEWNS));
must('making mounts private', call($call->{mount}, "none\0", "/\0", "none\0", $MS_REC | $MS_PRIVATE, 0));

# A child holds the user namespace until the mounts have it.
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
spill("/proc/$child/${_}_map", "0 $count 1\n$start 0 $count\n") for 'uid', 'gid';
open my $namespace, '<', "/proc/$child/ns/user" or die "user namespace: $!\n";

# struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
my $attributes = pack 'QQQQ', $MOUNT_ATTR_IDMAP | ($access eq 'read' ? $MOUNT_ATTR_RDONLY : 0), 0, 0, fileno $namespace;
for (@trees) {
  my ($key, $source) = @$_;
  my $tree = must($source, call($SYS_open_tree, $AT_FDCWD, "$source\0", $OPEN_TREE_CLONE | $OPEN_TREE_CLOEXEC));
  must("shifting $source", call($SYS_mount_setattr, $tree, "\0", $AT_EMPTY_PATH, $attributes, length $attributes));
  must("mounting $source", call($SYS_move_mount, $tree, "\0", $AT_FDCWD, "$folder/$key\0", $MOVE_MOUNT_F_EMPTY_PATH));
}
close $_ for $namespace, $keep, $ready;
waitpid $child, 0;
chdir $folder or die "$folder: $!\n";
exec { $words[0] } @words or die "$words[0]: $!\n";
