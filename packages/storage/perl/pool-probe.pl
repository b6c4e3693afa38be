# Tries what the file system of a directory can do, in a folder of its own that is gone afterwards.
# usage: perl -e THIS DIRECTORY
# Prints `fileSystem NAME` and, each where it works: `shares` (a copy that takes no room), `subvolumes` (made, copied, deleted),
# `limits` (what a subvolume may take is held to).
#
# One at a time: DIRECTORY is locked meanwhile, and what one that was killed has left is taken away.
use strict;
use warnings;

my ($directory) = @ARGV;
die "usage: DIRECTORY\n" unless defined $directory;
my $place = "$directory/.innkeeper-probe";

# What a program says, and undef where it fails; nobody wants to hear why.
sub answer {
  my $pid = open(my $out, '-|') // die "fork: $!\n";
  if ($pid == 0) {
    open STDERR, '>', '/dev/null';
    no warnings 'exec';
    exec { $_[0] } @_;
    exit 127;
  }
  local $/;
  my $text = <$out>;
  close $out;
  return $? == 0 ? $text // '' : undef;
}

sub works { return defined answer(@_) }

sub clear {
  for my $part (grep { -d $_ } "$place/two", "$place/one") { works('btrfs', 'subvolume', 'delete', $part) }
  works('rm', '-rf', '--one-file-system', '--', $place);
}

open my $lock, '<', $directory or die "$directory: $!\n";
flock $lock, 2 or die "locking $directory: $!\n";
clear();
mkdir $place, 0700 or die "$place: $!\n";
my ($system) = (answer('stat', '-f', '-c', '%T', '--', $directory) // '') =~ /(\S+)/;
my @found = ('fileSystem ' . ($system // 'unknown'));

open my $file, '>', "$place/file" or die "$place/file: $!\n";
print {$file} 'x' x 65_536;
close $file or die "$place/file: $!\n";
push @found, 'shares' if works('cp', '--reflink=always', '--', "$place/file", "$place/copy");

if (($system // '') eq 'btrfs' && works('btrfs', 'subvolume', 'create', "$place/one")
  && works('btrfs', 'subvolume', 'snapshot', "$place/one", "$place/two")) {
  push @found, 'subvolumes';
  # Records of quotas outlive their subvolumes.
  answer('btrfs', 'qgroup', 'clear-stale', $directory);
  push @found, 'limits' if works('btrfs', 'qgroup', 'limit', '1048576', "$place/one")
    && works('fallocate', '-l', '262144', "$place/one/within")
    && !works('fallocate', '-l', '4194304', "$place/one/beyond");
}
clear();
print map { "$_\n" } @found;
