# Runs a program inside a container as its root: in the cgroups, namespaces, AppArmor profile and capability bounds of the
# container's init.
# usage: perl -e THIS INIT_PID ARCH USER CWD ENV_COUNT [NAME=VALUE ...] PROGRAM [ARGUMENT ...]
# USER is a name or number of the container's, empty for its root; CWD is empty for the user's home.
#
# nsenter alone would leave the program in the caller's cgroups with every capability.
# All that is needed of the host is opened and loaded before the container's mounts are entered: afterwards every path is the guest's.
use strict;
use warnings;

my ($init, $arch, $user, $cwd, $count, @rest) = @ARGV;
my %environment = map { my ($name, $value) = split /=/, $_, 2; ($name => $value) } splice @rest, 0, $count;
# By number: perl's POSIX and Errno would take longer to load than all the rest does.
my %calls = (
  x86_64 => { setns => 308, prctl => 157, setuid => 105, setgid => 106 },
  aarch64 => { setns => 268, prctl => 167, setuid => 146, setgid => 144 },
);
my $call = $calls{$arch} or die "no system call numbers for $arch\n";
my ($PR_SET_PDEATHSIG, $PR_CAPBSET_READ, $PR_CAPBSET_DROP) = (1, 23, 24);
my ($ENOENT, $EINTR) = (2, 4);

sub slurp { open my $file, '<', $_[0] or die "$_[0]: $!\n"; local $/; return <$file> }

sub cgroups_of { return map { m{^(\d+:([^:]*)):(.*)$} ? [$1, $2, $3] : () } split /\n/, slurp("/proc/$_[0]/cgroup") }

# The directories of the init's cgroups: of every controller on v1, of the one hierarchy on v2. A process is moved after a
# wait of several milliseconds for all of the kernel's readers; v1 can move the calling thread, the only one here, without.
sub join_cgroups {
  my %mounts;
  for (split /\n/, slurp('/proc/self/mountinfo')) {
    my ($point, $kind, $options) = m{^\S+ \S+ \S+ \S+ (\S+) .* - (cgroup2?) \S+ (\S+)$} or next;
    if ($kind eq 'cgroup2') { $mounts{''} = $point }
    else { $mounts{$_} = $point for split /,/, $options }
  }
  my %ours = map { ($_->[0] => $_->[2]) } cgroups_of('self');
  for (cgroups_of($init)) {
    my ($hierarchy, $controllers, $path) = @$_;
    next if $path eq ($ours{$hierarchy} // '');
    my ($mount) = grep { defined } map { $mounts{$_} } $controllers eq '' ? ('') : split /,/, $controllers;
    next unless defined $mount;
    my $file = $controllers eq '' ? 'cgroup.procs' : 'tasks';
    open my $members, '>', "$mount$path/$file" or next;
    syswrite $members, 0;
    close $members;
  }
}

my ($bounds) = slurp("/proc/$init/status") =~ /^CapBnd:\s*([0-9a-f]+)/m;
my $allowed = do { no warnings 'portable'; hex $bounds };

# AppArmor's label of the init, and where this process writes its own; the container's /proc may be anything by then.
my ($profile, $label);
for my $file ('apparmor/current', 'current') {
  open my $theirs, '<', "/proc/$init/attr/$file" or next;
  my $found = <$theirs> // '';
  last unless $found =~ m{^([^\s\0]+) \(};
  $profile = $1;
  open $label, '>', "/proc/self/attr/$file" or die "/proc/self/attr/$file: $!\n";
  last;
}

my @namespaces;
for my $kind ('user', 'cgroup', 'ipc', 'uts', 'net', 'pid', 'mnt') {
  my ($ours, $theirs) = map { readlink "/proc/$_/ns/$kind" } ('self', $init);
  next if !defined $theirs || $ours eq $theirs;
  open my $file, '<', "/proc/$init/ns/$kind" or die "namespace $kind: $!\n";
  push @namespaces, $file;
}
join_cgroups();
for my $file (@namespaces) {
  syscall($call->{setns}, fileno $file, 0) == 0 or die "entering a namespace: $!\n";
}

# The kernel takes it from the process that opened the file: before there is a child.
if (defined $label) {
  defined syswrite $label, "changeprofile $profile" or die "entering the profile $profile: $!\n";
  close $label;
}

# The container's own files, read where a link in them leads nowhere but into the container. perl's getpwnam would load
# libraries, and those would be the container's by now.
sub rows { my $file; open $file, '<', $_[0] or return; local $/; return map { [split /:/, $_, -1] } split /\n/, <$file> }

sub identity {
  return (0, 0, '/root', 'root', 0) if $user eq '';
  my ($found) = grep { @$_ >= 7 && ($_->[0] eq $user || $_->[2] eq $user) } rows('/etc/passwd');
  return ($user, $user, '/', $user, $user) if !$found && $user =~ /^\d+$/;
  if (!$found) { print STDERR "the guest has no user $user\n"; exit 126 }
  my ($name, $uid, $gid, $home) = @$found[0, 2, 3, 5];
  my @groups = map { $_->[2] } grep { @$_ >= 4 && grep({ $_ eq $name } split /,/, $_->[3]) } rows('/etc/group');
  return ($uid, $gid, $home, $name, $gid, @groups);
}

# A process is born into a pid namespace, it cannot move there.
my $child = fork() // die "fork: $!\n";
if ($child == 0) {
  for my $capability (0 .. 63) {
    next if $allowed & (1 << $capability);
    last if syscall($call->{prctl}, $PR_CAPBSET_READ, $capability, 0, 0, 0) < 0;
    syscall($call->{prctl}, $PR_CAPBSET_DROP, $capability, 0, 0, 0);
  }
  my ($uid, $gid, $home, $name, @groups) = identity();
  %environment = (HOME => $home, USER => $name, LOGNAME => $name, %environment);
  $) = "$gid @groups";
  syscall($call->{setgid}, $gid + 0) == 0 && syscall($call->{setuid}, $uid + 0) == 0
    or do { print STDERR "becoming $name: $!\n"; exit 126 };
  # Not before: the kernel forgets it when a process becomes somebody else. [prctl(2), PR_SET_PDEATHSIG]
  syscall($call->{prctl}, $PR_SET_PDEATHSIG, 9, 0, 0, 0);
  $cwd = -d $home ? $home : '/' if $cwd eq '';
  chdir $cwd or do { print STDERR "$cwd: $!\n"; exit 126 };
  %ENV = %environment;
  { no warnings 'exec'; exec { $rest[0] } @rest; }
  my $code = $! == $ENOENT ? 127 : 126;
  print STDERR "$rest[0]: $!\n";
  exit $code;
}

# On a terminal the kernel signals both; otherwise whoever asked signals this process only.
for my $name ('TERM', 'HUP', 'USR1', 'USR2', 'INT', 'QUIT') {
  $SIG{$name} = -t STDIN && $name =~ /^(INT|QUIT)$/ ? 'IGNORE' : sub { kill $name, $child };
}
my $waited;
do { $waited = waitpid $child, 0 } while ($waited < 0 && $! == $EINTR);
my $status = $?;
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
