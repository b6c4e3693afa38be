# Runs restic with what may stand neither on a command line nor in an environment that others inherit.
# usage: perl -e THIS -- [ARGUMENT ...]
# Standard input: a line `NAME=HEX` for each variable of restic's environment, an empty line, and the password of the repository.
use strict;
use warnings;

binmode STDIN;
while (defined(my $line = <STDIN>)) {
  chomp $line;
  last if $line eq '';
  my ($name, $value) = $line =~ /^([A-Z0-9_]+)=((?:[0-9a-f]{2})*)$/ or die "a variable that is none\n";
  $ENV{$name} = pack 'H*', $value;
}
my $password = do { local $/; <STDIN> } // '';

# restic reads it from a pipe that nobody else has.
pipe(my $read, my $write) or die "pipe: $!\n";
syswrite $write, $password;
close $write;
open STDIN, '<&', $read or die "standard input: $!\n";
$ENV{RESTIC_PASSWORD_FILE} = '/dev/stdin';
exec { 'restic' } 'restic', @ARGV or do { print STDERR "restic: $!\n"; exit 127 };
