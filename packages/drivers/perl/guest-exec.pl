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
  x86_64 => { setns => 308, prctl => 157, setuid => 105, setgid => 106, setfsuid => 122, setsid => 112 },
  aarch64 => { setns => 268, prctl => 167, setuid => 146, setgid => 144, setfsuid => 151, setsid => 157 },
);
my $call = $calls{$arch} or die "no system call numbers for $arch\n";
my ($PR_SET_PDEATHSIG, $PR_CAPBSET_READ, $PR_CAPBSET_DROP) = (1, 23, 24);
my ($ENOENT, $EINTR, $EAGAIN, $SYS_pidfd_open) = (2, 4, 11, 434);
# <asm-generic/ioctls.h>, and O_RDWR | O_NOCTTY with and without O_NONBLOCK of <asm-generic/fcntl.h>.
my ($TCGETS, $TCSETS, $TIOCSCTTY, $TIOCGPGRP, $TIOCGWINSZ, $TIOCSWINSZ) = (0x5401, 0x5402, 0x540e, 0x540f, 0x5413, 0x5414);
my ($TIOCSPTLCK, $TIOCGPTN, $NOCTTY, $NOCTTY_NONBLOCK) = (0x40045431, 0x80045430, 00402, 04402);

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

# Until its init is run, a container is in a profile of libvirt's that leads into its own. A program started there would change
# its profile as it is run, and with that the kernel forgets what ends it with its caller.
for (1 .. 500) {
  my ($label) = grep { defined } map { eval { slurp("/proc/$init/attr/$_") } } 'apparmor/current', 'current';
  last if ($label // '') !~ /^libvirt-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} /;
  select undef, undef, undef, 0.01;
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

# A terminal of the container's own, so that programs inside find it by its name: both ends and the path. What is typed
# comes through the host's. None where the container has no /dev/pts: the host's has to do then.
sub open_terminal {
  return unless -t STDIN;
  # The terminal belongs to who opens it.
  syscall($call->{setfsuid}, 0);
  sysopen my $main, '/dev/pts/ptmx', $NOCTTY_NONBLOCK or return;
  my $number = pack 'I', 0;
  ioctl($main, $TIOCSPTLCK, $number) && ioctl($main, $TIOCGPTN, $number) or return;
  my $path = '/dev/pts/' . unpack 'I', $number;
  sysopen my $end, $path, $NOCTTY or return;
  return ($main, $end, $path);
}
my ($main, $end, $path) = open_terminal();

sub resize { my $size = "\0" x 8; ioctl(STDIN, $TIOCGWINSZ, $size) && ioctl($main, $TIOCSWINSZ, $size) }

# What cfmakeraw(3) does: every byte goes through, the container's terminal makes lines and signals of them.
sub make_raw {
  my $settings = "\0" x 64;
  ioctl STDIN, $TCGETS, $settings or return;
  my ($input, $output, $control, $local) = unpack 'I4', $settings;
  substr($settings, 0, 16) = pack 'I4', $input & ~02753, $output & ~1, ($control & ~0460) | 060, $local & ~0100113;
  ioctl STDIN, $TCSETS, $settings;
}

if (defined $main) { make_raw(); resize() }

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
  chown $uid, -1, $path if defined $path;
  $) = "$gid @groups";
  syscall($call->{setgid}, $gid + 0) == 0 && syscall($call->{setuid}, $uid + 0) == 0
    or do { print STDERR "becoming $name: $!\n"; exit 126 };
  # Not before: the kernel forgets it when a process becomes somebody else. [prctl(2), PR_SET_PDEATHSIG]
  syscall($call->{prctl}, $PR_SET_PDEATHSIG, 9, 0, 0, 0);
  if (defined $end) {
    syscall($call->{setsid});
    ioctl $end, $TIOCSCTTY, 0;
    open STDIN, '<&', $end;
    open STDOUT, '>&', $end;
    open STDERR, '>&', $end;
  }
  $cwd = -d $home ? $home : '/' if $cwd eq '';
  chdir $cwd or do { print STDERR "$cwd: $!\n"; exit 126 };
  %ENV = %environment;
  { no warnings 'exec'; exec { $rest[0] } @rest; }
  my $code = $! == $ENOENT ? 127 : 126;
  print STDERR "$rest[0]: $!\n";
  exit $code;
}

sub write_all {
  my ($text) = @_;
  while ($text ne '') {
    my $count = syswrite STDOUT, $text;
    if (defined $count) { substr($text, 0, $count) = '' }
    elsif ($! != $EINTR) { return }
  }
}

# Copies both ways until the program has ended and what it printed is through; others may keep its terminal.
sub converse {
  my $ended = syscall $SYS_pidfd_open, $child, 0;
  my ($typed, $open) = ('', 1);
  while (1) {
    my ($readable, $writable) = ('', '');
    vec($readable, fileno $main, 1) = 1;
    vec($readable, $ended, 1) = 1 if $ended >= 0;
    vec($readable, fileno STDIN, 1) = 1 if $open && length $typed < 65536;
    vec($writable, fileno $main, 1) = 1 if $typed ne '';
    next if select($readable, $writable, undef, undef) < 0;
    if (vec $readable, fileno $main, 1) {
      my $count = sysread $main, my $text, 65536;
      # An error: nobody has its other end any more.
      return if defined $count ? $count == 0 : $! != $EAGAIN && $! != $EINTR;
      write_all($text) if defined $count;
    } elsif ($ended >= 0 && vec $readable, $ended, 1) { return }
    if ($open && vec $readable, fileno STDIN, 1) { $open = sysread STDIN, $typed, 65536, length $typed }
    if ($typed ne '' && vec $writable, fileno $main, 1) {
      my $count = syswrite $main, $typed;
      substr($typed, 0, $count) = '' if defined $count;
    }
  }
}

# Whoever asks signals this process only: it is for the program, or for what that runs in its terminal.
sub hand_on {
  my ($name) = @_;
  my $group = pack 'I', 0;
  my $found = defined $main && ioctl($main, $TIOCGPGRP, $group) ? unpack 'I', $group : 0;
  kill $name, $found > 1 ? -$found : $child;
}
for my $name ('TERM', 'HUP', 'USR1', 'USR2', 'INT', 'QUIT') {
  # On the host's terminal the kernel signals both.
  $SIG{$name} = !defined $main && -t STDIN && $name =~ /^(INT|QUIT)$/ ? 'IGNORE' : sub { hand_on($name) };
}
if (defined $main) {
  undef $end;
  $SIG{WINCH} = \&resize;
  converse();
}
my $waited;
do { $waited = waitpid $child, 0 } while ($waited < 0 && $! == $EINTR);
my $status = $?;
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
