# Runs a program for somebody at the other end of an ssh connection, says how it began and ended, and ends it when its
# time is over or the connection is gone.
# usage: perl -e THIS MARK SECONDS TERMINAL DIRECTORY COUNT VARIABLE=VALUE... PROGRAM ARGUMENT...
#
# SECONDS 0: no limit. TERMINAL 1: the three streams are a pseudo-terminal, so the program stays in the foreground group
# and the kernel's SIGHUP ends it. COUNT variables are the program's whole environment.
#
# sshd tells no program that its connection is gone, and ssh reports a program killed by a signal and a lost connection
# alike. What is said goes to the error output, each between two record separators and with a MARK that nothing else has:
#   pid NUMBER     before the program begins    failed ERRNO   it could not be started
#   exit CODE      it ended                     signal NUMBER  it was killed
#   late           its time was over
use strict;
use warnings;

my ($mark, $seconds, $terminal, $directory, $count, @program) = @ARGV;
my %environment = map { split /=/, $_, 2 } splice @program, 0, $count;
my $grace = 5;

sub report { syswrite STDERR, "\x1e$mark @_\x1e" }

# Both ends close at exec: what is read is the number of an error, or nothing once the program runs.
pipe(my $failure_r, my $failure_w) or die "pipe: $!\n";
my $child = fork() // die "fork: $!\n";
if ($child == 0) {
  # A group of its own, so that what the program started ends with it.
  setpgrp(0, 0) unless $terminal;
  report("pid $$");
  %ENV = %environment;
  no warnings 'exec';
  exec { $program[0] } @program if chdir $directory;
  syswrite $failure_w, $! + 0;
  exit 127;
}
# Keys meant for the program: in a terminal they reach every process of the group.
$SIG{$_} = 'IGNORE' for qw(INT QUIT TSTP TTOU PIPE);
close $failure_w;
# Otherwise the program's own end of it would not be the last one.
close STDIN;
if (sysread $failure_r, my $errno, 16) {
  report("failed $errno");
  exit 127;
}

# pidfd_open has the same number on every architecture. SIGCHLD instead could arrive just before the select below.
my $ended = syscall(434, $child, 0);
if ($ended < 0) {
  my $errno = $! + 0;
  kill 'KILL', $child;
  report("failed $errno");
  exit 127;
}

my $watched = '';
vec($watched, $ended, 1) = 1;
# An output becomes "readable" when its other end is closed. sshd closes that of the standard output when the ssh of this
# program is gone, and both when the whole connection is. A socket instead of pipes may be the input at the same time.
my @outputs = $terminal ? () : grep { $_ == 2 or -p STDOUT } 1, 2;
vec($watched, $_, 1) = 1 for @outputs;
my ($left, $ending, $signal) = ($seconds || undef, '', 'TERM');
while (1) {
  my ($found, $rest) = select(my $ready = $watched, undef, undef, $left);
  if ($found < 0) {
    $left = $rest if defined $left;
    next;
  }
  last if $found > 0 and vec($ready, $ended, 1);
  $ending ||= $found > 0 ? 'gone' : 'late';
  vec($watched, $_, 1) = 0 for @outputs;
  kill $terminal ? $signal : "-$signal", $child;
  ($left, $signal) = ($signal eq 'TERM' ? $grace : undef, 'KILL');
}
waitpid $child, 0;
my $status = $?;
# What the program left behind of its group; when it ended by itself, that is its own business.
kill '-KILL', $child if $ending and not $terminal;
report($ending eq 'late' ? 'late' : $status & 127 ? 'signal ' . ($status & 127) : 'exit ' . ($status >> 8));
exit $status >> 8;
