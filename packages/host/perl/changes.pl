# Prints a line each time when one of several places has changed: when it was written, replaced, came or went.
# usage: perl -e THIS PATTERN...
#
# A pattern is a path, in which a star stands for every folder, or for a part of a file's name. Looks twice a second, which costs less than anything that
# would have to be installed to listen; a folder changes when something is put into it or taken out of it.
use strict;
use warnings;
use File::Glob qw(bsd_glob GLOB_NOCHECK);

my @patterns = @ARGV;

# Times in whole seconds do not tell two changes of one second apart. Where perl-base alone is installed there are no others: then
# what stands in a folder, and the size of a file, do.
my $lstat = eval { require Time::HiRes; Time::HiRes->can('lstat') } || sub { return lstat $_[0] };

sub entries { opendir my $folder, $_[0] or return ''; return join ' ', sort readdir $folder }

sub fact {
  my ($path) = @_;
  my @stat = $lstat->($path);
  return "$path -" if !@stat;
  my $inside = ($stat[2] & 0170000) == 0040000 ? entries($path) : $stat[7];
  return "$path $stat[1] $stat[9] $inside";
}

sub look { return join "\n", map { fact($_) } map { bsd_glob($_, GLOB_NOCHECK) } @patterns }

$| = 1;
my $known = look();
while (1) {
  select undef, undef, undef, 0.5;
  my $now = look();
  print "changed\n" or exit if $now ne $known;
  $known = $now;
}
