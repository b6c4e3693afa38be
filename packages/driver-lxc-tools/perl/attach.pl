# Runs lxc-attach and passes signals on to the program that it started.
# usage: perl -e THIS lxc-attach [ARGUMENT ...]
#
# lxc-attach ends by itself when it is told to, and leaves its program behind in the container. SIGALRM stands for
# SIGKILL, which nobody can pass on.
use strict;
use warnings;

my $attach = fork() // die "fork: $!\n";
if ($attach == 0) {
  { no warnings 'exec'; exec { $ARGV[0] } @ARGV; }
  print STDERR "$ARGV[0]: $!\n";
  exit 127;
}

# The program is a child of lxc-attach; before there is one, lxc-attach itself is what can be ended.
sub programs {
  open my $file, '<', "/proc/$attach/task/$attach/children" or return $attach;
  my @found = split ' ', <$file> // '';
  return @found ? @found : $attach;
}

# On a terminal the kernel signals both; otherwise whoever asked signals this process only.
for my $name ('TERM', 'HUP', 'USR1', 'USR2', 'INT', 'QUIT', 'ALRM') {
  my $sent = $name eq 'ALRM' ? 'KILL' : $name;
  $SIG{$name} = -t STDIN && $name =~ /^(INT|QUIT)$/ ? 'IGNORE' : sub { kill $sent, programs() };
}
my $waited;
do { $waited = waitpid $attach, 0 } while ($waited < 0 && $!{EINTR});
my $status = $?;
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
