# Runs a program of a container's own on its files, whether or not the container runs: as the container's root, with the
# container's ids, in mount, process, network, IPC and host name namespaces that exist for this program only.
# usage: perl -e THIS MOUNT FOLDER COUNT VOLUMES [DIRECTORY PLACE ...] PROGRAM [ARGUMENT ...]
# MOUNT is the text of container-root.pl, FOLDER and COUNT are its words; each of VOLUMES directories appears at its PLACE.
#
# Nothing is mounted where anybody else sees it, so nothing is left however this ends. Who starts the container meanwhile
# gets the same overlay: this process stands in the file `users` (container-root.pl).
# The program is of the guest, so it may be anything: it has no capability but those over files, can make no user namespace
# to get others, and sees nothing of the host but its three streams. It is ended when nobody reads them any more.
use strict;
use warnings;

my ($mount, $folder, $count, $volumes, @rest) = @ARGV;
my @volumes = splice @rest, 0, 2 * $volumes;
# A link into a pool, as in container-root.pl.
$folder = readlink($folder) // $folder;
my $root = "$folder/root";

# By the machine that perl was made for, as in container-root.pl.
open my $self, '<:raw', '/proc/self/exe' or die "/proc/self/exe: $!\n";
read $self, my $header, 20;
my %calls = (
  62 => { unshare => 272, mount => 165, umount => 166, pivot_root => 155, prctl => 157, setuid => 105, setgid => 106, prlimit => 302 },
  183 => { unshare => 97, mount => 40, umount => 39, pivot_root => 41, prctl => 167, setuid => 146, setgid => 144, prlimit => 261 },
);
my $machine = unpack 'x18 v', $header;
my $call = $calls{$machine} or die "no system call numbers for ELF machine $machine\n";
my ($SYS_open_tree, $SYS_move_mount, $SYS_pidfd_open, $SYS_close_range, $SYS_mount_setattr) = (428, 429, 434, 436, 442);
my ($AT_FDCWD, $AT_EMPTY_PATH, $OPEN_TREE_CLONE, $OPEN_TREE_CLOEXEC, $MOVE_MOUNT_F_EMPTY_PATH) = (-100, 0x1000, 1, 02000000, 4);
# No control group keeps the program from devices that an image may hold. struct mount_attr: set, clear, propagation, user namespace.
my $without_devices = pack 'QQQQ', 2 | 4, 0, 0, 0;
my ($NEWNS, $NEWUTS, $NEWIPC, $NEWUSER, $NEWPID, $NEWNET) = map { hex } qw(20000 4000000 8000000 10000000 20000000 40000000);
my ($MS_REC, $MS_PRIVATE, $MNT_DETACH) = (0x4000, 1 << 18, 2);
my ($PR_SET_PDEATHSIG, $PR_CAPBSET_DROP, $PR_SET_NO_NEW_PRIVS) = (1, 24, 38);
# CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID.
my $kept = 0b11111;
# Of one process each, and how many there may be: AS, NPROC, CORE of <asm-generic/resource.h>.
my @limits = ([9, 2 << 30], [6, 64], [4, 0]);

# syscall writes into its arguments: it takes no constants.
sub call { my ($number, @words) = @_; return syscall $number, @words }
sub must { my ($what, $result) = @_; die "$what: $!\n" if $result < 0; return $result }

# What fails before the program runs is not to look like an answer of it.
$SIG{__DIE__} = sub { die @_ if $^S; print STDERR @_; exit 126 };

sub slurp { open my $file, '<', $_[0] or die "$_[0]: $!\n"; local $/; return <$file> }
sub spill { my ($path, $text) = @_; open my $file, '>', $path or die "$path: $!\n"; syswrite $file, $text; close $file or die "$path: $!\n" }

sub locked {
  my ($work) = @_;
  open my $lock, '<', "$folder/root.json" or die "$folder/root.json: $!\n";
  flock $lock, 2 or die "locking $folder/root.json: $!\n";
  $work->();
}

# Those that stand in the file `users` and still live, without this one.
sub others { my $text = -e "$folder/users" ? slurp("$folder/users") : ''; return grep { $_ != $$ && -e "/proc/$_" } $text =~ /^(\d+)$/mg }
sub write_users { my @pids = @_; return @pids ? spill("$folder/users", join '', map { "$_\n" } @pids) : unlink "$folder/users" }

my ($start) = slurp("$folder/root.json") =~ /"uidStart":(\d+)/ or die "$folder/root.json names no range of ids\n";

locked(sub {
  must('unshare', call($call->{unshare}, $NEWNS));
  must('making mounts private', call($call->{mount}, "none\0", "/\0", "none\0", $MS_REC | $MS_PRIVATE, 0));
  system({ 'perl' } 'perl', '-e', $mount, $folder, $count, 'locked') == 0 or die "the root could not be mounted\n";
  write_users(others(), $$);
});

pipe(my $from_child, my $to_parent) or die "pipe: $!\n";
pipe(my $from_parent, my $to_child) or die "pipe: $!\n";
must('unshare', call($call->{unshare}, $NEWPID));
my $child = fork() // die "fork: $!\n";

sub bare { my ($tree) = @_; return must('mount_setattr', call($SYS_mount_setattr, $tree, "\0", $AT_EMPTY_PATH, $without_devices, length $without_devices)) }

sub enter_root {
  must('unshare', call($call->{unshare}, $NEWNS | $NEWNET | $NEWIPC | $NEWUTS));
  my @trees = map {
    must($_, call($SYS_open_tree, $AT_FDCWD, "$_\0", $OPEN_TREE_CLONE | $OPEN_TREE_CLOEXEC))
  } $root, map { $volumes[2 * $_] } 0 .. $volumes - 1;
  bare($_) for @trees;
  my $bare_root = shift @trees;
  must($root, call($SYS_move_mount, $bare_root, "\0", $AT_FDCWD, "$root\0", $MOVE_MOUNT_F_EMPTY_PATH));
  chdir $root or die "$root: $!\n";
  must('pivot_root', call($call->{pivot_root}, ".\0", ".\0"));
  must('leaving the host', call($call->{umount}, ".\0", $MNT_DETACH));
  chdir '/' or die "/: $!\n";
  # From here on every path is the guest's.
  for my $index (0 .. $volumes - 1) {
    my ($place, $path) = ($volumes[2 * $index + 1], '');
    for my $part (grep { $_ ne '' } split m{/}, $place) {
      $path .= "/$part";
      chown $start, $start, $path if mkdir $path, 0755;
    }
    must($place, call($SYS_move_mount, $trees[$index], "\0", $AT_FDCWD, "$place\0", $MOVE_MOUNT_F_EMPTY_PATH));
  }
}

sub become_guest {
  my ($proc) = @_;
  $) = '0 0';
  must('setgid', call($call->{setgid}, 0));
  must('setuid', call($call->{setuid}, 0));
  # Belongs to the user namespace of who opens it.
  chdir $proc or die "/proc: $!\n";
  spill('sys/user/max_user_namespaces', '0');
  chdir '/' or die "/: $!\n";
  for my $limit (@limits) {
    my ($kind, $most) = @$limit;
    must('prlimit', call($call->{prlimit}, 0, $kind, pack('QQ', $most, $most), 0));
  }
  for my $capability (0 .. 63) {
    next if $kept & (1 << $capability);
    last if call($call->{prctl}, $PR_CAPBSET_DROP, $capability, 0, 0, 0) < 0;
  }
  must('prctl', call($call->{prctl}, $PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  # Last: a change of ids takes it back.
  must('prctl', call($call->{prctl}, $PR_SET_PDEATHSIG, 9, 0, 0, 0));
}

if ($child == 0) {
  close $_ for $from_child, $to_child;
  eval {
    opendir my $proc, '/proc' or die "/proc: $!\n";
    enter_root();
    must('unshare', call($call->{unshare}, $NEWUSER));
    # The ids can be given from outside only.
    syswrite $to_parent, 'u';
    sysread($from_parent, my $mapped, 1) or exit 1;
    become_guest($proc);
    syswrite $to_parent, 'r';
    sysread($from_parent, my $alive, 1) or exit 1;
    umask 022;
    %ENV = (PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME => '/root', LANG => 'C.UTF-8');
    # Whoever started this may have left something open for its children; CLOSE_RANGE_CLOEXEC.
    must('close_range', call($SYS_close_range, 3, 0xffff_ffff, 4));
    { no warnings 'exec'; exec { $rest[0] } @rest; }
    my $code = $! == 2 ? 127 : 126;
    print STDERR "$rest[0]: $!\n";
    exit $code;
  };
  print STDERR $@;
  exit 126;
}
close $_ for $to_parent, $from_parent;
# An output becomes "readable" when nobody has its other end any more. One socket may be the input too (sshd's is).
my @outputs = grep { (-p $_ || -S $_) && (stat $_)[1] != (stat STDIN)[1] } *STDOUT, *STDERR;
# The program's own ends are to be the last ones.
open STDIN, '<', '/dev/null' or die "/dev/null: $!\n";

if (sysread $from_child, my $unshared, 1) {
  spill("/proc/$child/${_}_map", "0 $start $count\n") for 'uid', 'gid';
  syswrite $to_child, 'm';
  syswrite $to_child, 'g' if sysread $from_child, my $ready, 1;
}

my $ended = must('pidfd_open', call($SYS_pidfd_open, $child, 0));
my $watched = '';
vec($watched, $_, 1) = 1 for $ended, map { fileno $_ } @outputs;
while (1) {
  my $found = select my $ready = $watched, undef, undef, undef;
  next if $found < 0;
  last if vec $ready, $ended, 1;
  vec($watched, fileno $_, 1) = 0 for @outputs;
  kill 'KILL', $child;
}
waitpid $child, 0;
my $status = $?;
eval { locked(sub { write_users(others()) }) };
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
