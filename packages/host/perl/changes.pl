# Prints a line each time when one of several places has changed: when it was written, replaced, came or went.
# usage: perl -e THIS PATTERN...
#
# A pattern is a path, in which a star stands for every folder, or for a part of a file's name. Looks twice a second, which costs less than anything that
# would have to be installed to listen; a folder changes when something is put into it or taken out of it.
use strict;
use warnings;
use File::Glob qw(bsd_glob GLOB_NOCHECK);

my @patterns = @ARGV;

sub fact { my ($path) = @_; my @stat = lstat $path; return @stat ? "$path $stat[1] $stat[9] $stat[7]" : "$path -" }
sub look { return join "\n", map { fact($_) } map { bsd_glob($_, GLOB_NOCHECK) } @patterns }

$| = 1;
my $known = look();
while (1) {
  select undef, undef, undef, 0.5;
  my $now = look();
  print "changed\n" or exit if $now ne $known;
  $known = $now;
}
