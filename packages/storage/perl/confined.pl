# Runs a program that can write below FOLDER and nowhere else, whatever names and links lead it elsewhere: in a mount
# namespace of its own everything but FOLDER is read-only. It has no network but an empty one, and none of root's powers
# but those over owners and modes.
# usage: perl -e THIS FOLDER PROGRAM [WORD...]
#
# mount(8) makes all mounts read-only in one call from util-linux 2.39 on; Debian 12 has 2.38. [mount_setattr(2), Linux 5.12]
use strict;
use warnings;

my ($folder, @command) = @ARGV;
die "usage: FOLDER PROGRAM [WORD...]\n" unless @command;

my $SYS_mount_setattr = 442;
my ($AT_FDCWD, $AT_RECURSIVE) = (-100, 0x8000);
my ($MOUNT_ATTR_RDONLY, $MOUNT_ATTR_NODEV) = (1, 4);
my ($MS_BIND, $MS_REC, $MS_PRIVATE) = (0x1000, 0x4000, 0x40000);
my ($CLONE_NEWNS, $CLONE_NEWIPC, $CLONE_NEWNET) = (0x00020000, 0x08000000, 0x40000000);

# Numbers of system calls go by the machine that perl itself was made for: e_machine of its ELF header.
open my $self, '<:raw', '/proc/self/exe' or die "/proc/self/exe: $!\n";
read $self, my $header, 20;
close $self;
my %calls = (62 => { unshare => 272, mount => 165 }, 183 => { unshare => 97, mount => 40 });
my $machine = unpack 'x18 v', $header;
my $call = $calls{$machine} or die "no system call numbers for ELF machine $machine\n";

# syscall takes no constants.
my ($none, $root, $place) = ("\0", "/\0", "$folder\0");
syscall($call->{unshare}, $CLONE_NEWNS | $CLONE_NEWIPC | $CLONE_NEWNET) == 0 or die "unshare: $!\n";
syscall($call->{mount}, $none, $root, 0, $MS_REC | $MS_PRIVATE, 0) == 0 or die "making mounts private: $!\n";
syscall($call->{mount}, $place, $place, 0, $MS_BIND, 0) == 0 or die "binding $folder: $!\n";

# struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
my $closed = pack 'QQQQ', $MOUNT_ATTR_RDONLY, 0, 0, 0;
syscall($SYS_mount_setattr, $AT_FDCWD, $root, $AT_RECURSIVE, $closed, length $closed) == 0
  or die "making everything read-only: $!\n";
my $open = pack 'QQQQ', $MOUNT_ATTR_NODEV, $MOUNT_ATTR_RDONLY, 0, 0;
syscall($SYS_mount_setattr, $AT_FDCWD, $place, 0, $open, length $open) == 0 or die "opening $folder: $!\n";

chdir $folder or die "$folder: $!\n";
my $powers = '-all,+chown,+dac_override,+fowner,+fsetid,+setfcap,+mknod';
exec 'setpriv', '--no-new-privs', '--inh-caps=-all', "--bounding-set=$powers", '--', @command or die "setpriv: $!\n";
