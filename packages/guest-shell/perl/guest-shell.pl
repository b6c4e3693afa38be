# Runs programs inside a virtual machine for whoever holds the other end of one of its ports: many at once, each with a
# terminal or pipes. Part of Innkeeper's images; started when the machine has the port.
# usage: perl guest-shell.pl PORT
# PORT is the device of a virtio port, or a unix socket, whose end is then the end of this program.
#
# A frame is a letter, the number of a session, the length of what follows, and that: pack 'aNN'. In a frame 7d and 7e are
# written as 7d 5d and 7d 5e; 7e ends it. So whoever comes in the middle of a frame finds the next one.
#   from the host                                     to the host
#   H VERSION NONCE  ends every session               H VERSION NONCE  the answer; NONCE is - when this program begins
#   S words          a program is to be run           O, P bytes       it printed, and complained
#   I bytes          its input                        C bytes (N)      so much of its input has been taken
#   E                the end of its input             Q code (N)       it has ended, the last of its session
#   C kind bytes     so much more of O or P may come
#   R cols rows (n)  size of its terminal
#   K name           a signal
#   X                nobody wants it any more: all of it is killed
# The words of S, separated by NUL: COLUMNS ROWS (0 without a terminal) USER DIRECTORY COUNT VARIABLE=VALUE... PROGRAM ARGUMENT...
# Of each output no more comes than the host has room for, and a program that prints more waits.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR ENOENT);
use Fcntl qw(F_GETFL F_SETFL F_SETOWN O_ASYNC O_NOCTTY O_NONBLOCK O_RDWR);

my ($path) = @ARGV;
my $version = 1;
# <asm-generic/ioctls.h> and <linux/wait.h>
my ($TIOCSCTTY, $TIOCGPGRP, $TIOCSWINSZ, $TIOCSPTLCK, $TIOCGPTN) = (0x540e, 0x540f, 0x5414, 0x40045431, 0x80045430);
my $WNOHANG = 1;
my $window = 262144;
my $piece = 32768;
my ($most_waiting, $longest_frame, $most_sessions) = (262144, 4 << 20, 64);
# A terminal hands on what was printed a moment after it was printed: so many hundredths of a second are waited for it.
my $quiet = 10;
my $PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

my %sessions;
my ($incoming, $outgoing, $connected, $greeted) = ('', '', 1, 0);
my $port;

sub now { return (POSIX::times())[0] }
sub later { return $! == EAGAIN || $! == EINTR }
sub unblock { fcntl $_[0], F_SETFL, fcntl($_[0], F_GETFL, 0) | O_NONBLOCK | ($_[1] // 0) }

sub put {
  my ($type, $id, $payload) = @_;
  my $frame = pack('aNN', $type, $id, length $payload) . $payload;
  $frame =~ s/\x7d/\x7d\x5d/g;
  $frame =~ s/\x7e/\x7d\x5e/g;
  $outgoing .= "$frame\x7e";
}

# The group of this service, below which each session gets one of its own: what a program started ends with it, wherever it went.
my ($group) = do {
  open my $file, '<', '/proc/self/cgroup';
  local $/;
  (defined $file ? <$file> // '' : '') =~ m{^0::(/.*/innkeeper-shell\.service)$}m;
};
$group = defined $group && -w "/sys/fs/cgroup$group/cgroup.procs" ? "/sys/fs/cgroup$group" : undef;
my $born = 0;

sub write_file { open my $file, '>', $_[0] or return; return defined syswrite $file, $_[1] }

sub destroy {
  my ($one) = @_;
  return if $one->{gone};
  kill 'KILL', $one->{pid}, -$one->{pid};
  write_file("$one->{group}/cgroup.kill", '1') if defined $one->{group};
}

sub forget {
  my ($id) = @_;
  my $one = delete $sessions{$id} or return;
  destroy($one);
}

sub begin_again {
  forget($_) for keys %sessions;
  ($incoming, $outgoing, $greeted) = ('', '', 0);
}

sub identity {
  my ($user) = @_;
  return (0, 0, '/root', 'root') if $user eq '';
  my @found = getpwnam $user;
  @found = getpwuid $user if !@found && $user =~ /^\d+$/;
  return ($user, $user, '/', $user) if !@found && $user =~ /^\d+$/;
  if (!@found) { print STDERR "the guest has no user $user\n"; POSIX::_exit(126) }
  my ($name, $uid, $gid, $home) = @found[0, 2, 3, 7];
  my @groups;
  while (my @row = getgrent) { push @groups, $row[2] if grep { $_ eq $name } split ' ', $row[3] }
  return ($uid, $gid, $home, $name, @groups);
}

# In the child: becomes the program.
sub become {
  my ($one, $streams, $terminal, $user, $cwd, $environment, @program) = @_;
  $SIG{$_} = 'DEFAULT' for qw(PIPE IO CHLD);
  POSIX::setsid();
  write_file("$one->{group}/cgroup.procs", '0') if defined $one->{group};
  ioctl $streams->[0], $TIOCSCTTY, 0 if defined $terminal;
  POSIX::dup2(fileno $streams->[$_], $_) for 0 .. 2;
  my ($uid, $gid, $home, $name, @groups) = identity($user);
  chown $uid, -1, $terminal if defined $terminal;
  if ($> == 0) {
    $) = "$gid $gid @groups";
    POSIX::setgid($gid) && POSIX::setuid($uid) or do { print STDERR "becoming $name: $!\n"; POSIX::_exit(126) };
  }
  $cwd = -d $home ? $home : '/' if $cwd eq '';
  chdir $cwd or do { print STDERR "$cwd: $!\n"; POSIX::_exit(126) };
  my @usual = (HOME => $home, USER => $name, LOGNAME => $name, PATH => $PATH, LANG => 'C.UTF-8');
  %ENV = (@usual, (defined $terminal ? (TERM => 'xterm-256color') : ()), %$environment);
  { no warnings 'exec'; exec { $program[0] } @program; }
  my $code = $! == ENOENT ? 127 : 126;
  print STDERR "$program[0]: $!\n";
  POSIX::_exit($code);
}

sub open_terminal {
  my ($cols, $rows) = @_;
  sysopen my $main, '/dev/ptmx', O_RDWR | O_NOCTTY or die "/dev/ptmx: $!\n";
  my $number = pack 'I', 0;
  ioctl($main, $TIOCSPTLCK, $number) && ioctl($main, $TIOCGPTN, $number) or die "/dev/ptmx: $!\n";
  my $name = '/dev/pts/' . unpack 'I', $number;
  sysopen my $end, $name, O_RDWR | O_NOCTTY or die "$name: $!\n";
  ioctl $main, $TIOCSWINSZ, pack 'S4', $rows, $cols, 0, 0;
  return ($main, $end, $name);
}

sub start {
  my ($id, $words) = @_;
  my ($cols, $rows, $user, $cwd, $count, @rest) = split /\0/, $words, -1;
  my %environment = map { split /=/, $_, 2 } splice @rest, 0, $count;
  die "nothing to run\n" unless @rest;
  die "$most_sessions programs run already\n" if keys %sessions >= $most_sessions;
  my (@theirs, $terminal);
  my $one = { input => '', outputs => [], heard => 0 };
  if ($cols > 0) {
    ($one->{main}, my $end, $terminal) = open_terminal($cols, $rows);
    @theirs = ($end, $end, $end);
    $one->{stdin} = $one->{main};
    push @{ $one->{outputs} }, { from => $one->{main}, type => 'O', room => $window };
  } else {
    pipe($theirs[0], $one->{stdin}) or die "pipe: $!\n";
    for my $type ('O', 'P') {
      pipe(my $from, my $to) or die "pipe: $!\n";
      push @theirs, $to;
      push @{ $one->{outputs} }, { from => $from, type => $type, room => $window };
    }
  }
  unblock($_) for $one->{stdin}, map { $_->{from} } @{ $one->{outputs} };
  $born += 1;
  $one->{group} = "$group/$born" if defined $group && mkdir "$group/$born";
  $one->{pid} = fork() // die "fork: $!\n";
  if ($one->{pid} == 0) {
    eval { become($one, \@theirs, $terminal, $user, $cwd, \%environment, @rest) };
    POSIX::_exit(126);
  }
  $sessions{$id} = $one;
}

# To the program, or to what runs in the foreground of its terminal.
sub signal {
  my ($one, $name) = @_;
  return if $one->{gone};
  my $found = pack 'I', 0;
  my $foreground = defined $one->{main} && ioctl($one->{main}, $TIOCGPGRP, $found) ? unpack 'I', $found : 0;
  eval { kill $name, -($foreground > 1 ? $foreground : $one->{pid}) };
}

my %does = (
  I => sub { $_[0]{input} .= $_[1]; feed($_[2], $_[0]) },
  E => sub { $_[0]{input_ends} = 1; feed($_[2], $_[0]) },
  C => sub { my ($type, $bytes) = unpack 'aN', $_[1]; $_->{room} += $bytes for grep { $_->{type} eq $type } @{ $_[0]{outputs} } },
  R => sub { my ($cols, $rows) = unpack 'nn', $_[1]; ioctl $_[0]{main}, $TIOCSWINSZ, pack 'S4', $rows, $cols, 0, 0 if $_[0]{main} },
  K => sub { signal($_[0], $_[1]) },
  X => sub { forget($_[2]) },
);

sub obey {
  my ($frame) = @_;
  $frame =~ s/\x7d\x5e/\x7e/g;
  $frame =~ s/\x7d\x5d/\x7d/g;
  return if length $frame < 9;
  my ($type, $id, $length) = unpack 'aNN', $frame;
  my $payload = substr $frame, 9;
  # Cut short when the one who sent it went away.
  return if $length != length $payload;
  if ($type eq 'H') {
    my ($theirs, $nonce) = split / /, $payload;
    my $rest = $incoming;
    begin_again();
    ($incoming, $greeted) = ($rest, 1);
    # Not at the start, since it takes longer to load than all of this: a machine that boots has other things to do.
    require POSIX;
    return put('H', 0, "$version $nonce");
  }
  # For the one before this program, which somebody believes to be there still.
  return unless $greeted;
  if ($type eq 'S') {
    return if $sessions{$id};
    return if eval { start($id, $payload); 1 };
    put('P', $id, $@);
    return put('Q', $id, pack 'N', 126);
  }
  my $one = $sessions{$id} or return;
  $does{$type}->($one, $payload, $id) if $does{$type};
}

# The input of a program: what it has not taken waits here, at most what the host was given room for.
sub feed {
  my ($id, $one) = @_;
  if ($one->{input} ne '') {
    my $count = defined $one->{stdin} ? syswrite $one->{stdin}, $one->{input}, $piece : length $one->{input};
    if (!defined $count) {
      return if later();
      $one->{stdin} = undef;
      $count = length $one->{input};
    }
    substr($one->{input}, 0, $count) = '';
    put('C', $id, pack 'N', $count);
  }
  # A terminal has no end of input but a key.
  $one->{stdin} = undef if $one->{input} eq '' && $one->{input_ends} && !defined $one->{main};
}

# The outputs of a program; those of one that has ended are read until nothing more comes.
sub hear {
  my ($id, $one, $output) = @_;
  my $most = $output->{room} < $piece ? $output->{room} : $piece;
  my $count = sysread $output->{from}, (my $text), $most;
  if ($count) {
    $output->{room} -= $count;
    $one->{heard} = now();
    return put($output->{type}, $id, $text);
  }
  return if !defined $count && $! == EINTR;
  my $ends = defined $count || $! != EAGAIN;
  $ends ||= $one->{gone} && (!defined $one->{main} || now() - $one->{heard} >= $quiet);
  $output->{from} = undef if $ends;
}

sub finish {
  my ($id, $one) = @_;
  my @open = grep { defined $_->{from} } @{ $one->{outputs} };
  for my $output (@open) {
    next if $output->{room} == 0 || length $outgoing >= $most_waiting;
    hear($id, $one, $output);
  }
  return if grep { defined $_->{from} } @open;
  put('Q', $id, pack 'N', $one->{code});
  delete $sessions{$id};
}

sub reap {
  while ((my $pid = waitpid -1, $WNOHANG) > 0) {
    my $status = $?;
    for my $one (values %sessions) {
      next unless $one->{pid} == $pid;
      ($one->{gone}, $one->{heard}) = (1, now());
      $one->{code} = $status & 127 ? 128 + ($status & 127) : $status >> 8;
    }
  }
  return unless defined $group;
  # Groups of sessions that have ended; one in which something lives on stays.
  my %used = map { ($_->{group} // '') => 1 } values %sessions;
  rmdir $_ for grep { !$used{$_} } glob "$group/[0-9]*";
}

sub read_port {
  my $count = sysread $port, my $text, 65536;
  # Nobody at the other end: of a socket that is all, at a port somebody may come.
  if (defined $count && $count == 0) { $connected = 0; begin_again(); exit 0 if -S $path; return }
  if (!defined $count) { die "$path: $!\n" unless later(); $connected = 1; return }
  $connected = 1;
  $incoming .= $text;
  while ((my $at = index $incoming, "\x7e") >= 0) {
    my $frame = substr $incoming, 0, $at + 1, '';
    chop $frame;
    obey($frame);
  }
  $incoming = '' if length $incoming > $longest_frame;
}

# Signals wake the loop through a pipe: one that comes just before it waits is not missed.
pipe(my $woken, my $wake) or die "pipe: $!\n";
unblock($_) for $woken, $wake;
$SIG{PIPE} = 'IGNORE';
$SIG{$_} = sub { syswrite $wake, '.' } for qw(CHLD IO);

if (-S $path) {
  require Socket;
  socket $port, Socket::AF_UNIX(), Socket::SOCK_STREAM(), 0 or die "socket: $!\n";
  connect $port, Socket::pack_sockaddr_un($path) or die "$path: $!\n";
  unblock($port);
} else {
  sysopen $port, $path, O_RDWR | O_NOCTTY or die "$path: $!\n";
  # For systemd: it has begun.
  exit 0 if fork() // die "fork: $!\n";
  # While nobody is at the other end, the port is always readable: a signal says that somebody has come.
  fcntl $port, F_SETOWN, $$ + 0 or die "$path: $!\n";
  unblock($port, O_ASYNC);
}
put('H', 0, "$version -");
read_port();

while (1) {
  my ($readable, $writable) = ('', '');
  my $hurry;
  vec($readable, fileno $woken, 1) = 1;
  vec($readable, fileno $port, 1) = 1 if $connected;
  vec($writable, fileno $port, 1) = 1 if $connected && $outgoing ne '';
  for my $one (values %sessions) {
    vec($writable, fileno $one->{stdin}, 1) = 1 if defined $one->{stdin} && $one->{input} ne '';
    next if length $outgoing >= $most_waiting;
    my @open = grep { defined $_->{from} && $_->{room} > 0 } @{ $one->{outputs} };
    vec($readable, fileno $_->{from}, 1) = 1 for @open;
    $hurry = $quiet / 100 if $one->{gone} && @open;
  }
  my $found = select $readable, $writable, undef, $hurry;
  next if $found < 0;
  if (vec $readable, fileno $woken, 1) {
    sysread $woken, my $signals, 4096;
    reap();
    read_port() unless $connected;
  }
  if ($connected && vec $writable, fileno $port, 1) {
    my $count = syswrite $port, $outgoing, $piece;
    substr($outgoing, 0, $count) = '' if defined $count;
  }
  for my $id (keys %sessions) {
    my $one = $sessions{$id};
    feed($id, $one) if $one->{input} ne '' && (!defined $one->{stdin} || vec $writable, fileno $one->{stdin}, 1);
    for my $output (@{ $one->{outputs} }) {
      hear($id, $one, $output) if defined $output->{from} && $output->{room} > 0 && vec $readable, fileno $output->{from}, 1;
    }
    finish($id, $one) if $one->{gone};
  }
  read_port() if $connected && vec $readable, fileno $port, 1;
}
