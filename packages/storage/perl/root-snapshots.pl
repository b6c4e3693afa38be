# Copies what a container has of its own, the upper layer of its root and its volumes, into a folder, and puts it back.
# usage: perl -e THIS FOLDER SNAPSHOT ACTION [KEY TREE ...]
# FOLDER is the container's (container-root.pl), SNAPSHOT a place in it, such as `snapshots/ID`; each TREE is a directory of the
# container that stands at KEY in the snapshot. ACTION is one of:
#   copy    copies each TREE into SNAPSHOT.new; RECORD comes by standard input. SNAPSHOT there already is success.
#   keep    has it on the disk, and then gives it its name: one that is there is whole.
#   swap    each TREE becomes what it was in SNAPSHOT; what it was until now stays beside it as TREE.old.
#   back    takes `swap` back, however far it came.
#   clear   what `swap` left beside is gone, and with it the way back.
#   remove  SNAPSHOT is gone, whole or half.
#
# One at a time, and not while somebody mounts the root: root.json is locked meanwhile, also by a program whose caller was
# killed. Nothing writes into the trees: the caller has stopped or frozen the container, and programs that have its root mounted
# where only they see it (root-files.pl, in the file `users`) make this refuse with exit code 3.
# A TREE that is a subvolume of btrfs, with the work directory in it where it is that of the upper layer, is copied at once.
# An overlay's own marks are attributes of its upper layer (trusted.overlay.*), and what was deleted is a device 0/0: cp keeps both.
use strict;
use warnings;

my ($folder, $snapshot, $action, @words) = @ARGV;
die "usage: FOLDER SNAPSHOT ACTION [KEY TREE ...]\n" unless defined $action && @words % 2 == 0;
# A link into a pool, as in container-root.pl.
$folder = readlink($folder) // $folder;
my ($name) = $folder =~ m{([^/]+)$};
my ($root, $whole) = ("$folder/root", "$folder/$snapshot");
my ($shelf) = $whole =~ m{^(.*)/};
my $half = "$whole.new";
my @trees;
push @trees, [splice @words, 0, 2] while @words;

sub there { return -l $_[0] || -e _ }
sub run { system({ $_[0] } @_) == 0 or die "$_[0] failed\n" }

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

# The root of a subvolume of btrfs has this inode, and no other directory there.
sub is_subvolume {
  my ($path) = @_;
  return !-l $path && -d _ && (stat _)[1] == 256 && (answer('stat', '-f', '-c', '%T', '--', $path) // '') eq "btrfs\n";
}

# A guest may have made some of its own in a volume: these go by rm.
sub delete_subvolume { defined answer('btrfs', 'subvolume', 'delete', $_[0]) or run('rm', '-rf', '--', $_[0]) }

# What a subvolume may take is not copied with it.
sub limit_as {
  my ($like, $path) = @_;
  my ($most) = (answer('btrfs', 'qgroup', 'show', '-f', '-r', '--raw', $like) // '') =~ m{^0/\d+\s+\d+\s+\d+\s+(\d+)}m;
  run('btrfs', 'qgroup', 'limit', $most, $path) if defined $most;
}

sub remove {
  for my $path (@_) {
    delete_subvolume($path) if is_subvolume($path);
    run('rm', '-rf', '--one-file-system', '--', $path);
  }
}

sub names_in { opendir my $list, $_[0] or return; return grep { !/^\./ } readdir $list }

# What is below `own` and `volumes` of a snapshot is ours; below a tree it would be the guest's, and could lead anywhere.
sub remove_copies {
  for my $path (@_) {
    remove("$path/own", map { "$path/volumes/$_" } names_in("$path/volumes"));
    remove($path);
  }
}
sub move { rename $_[0], $_[1] or die "renaming $_[0]: $!\n" }
sub folder { there($_[0]) or mkdir $_[0], $_[1] or die "$_[0]: $!\n" }
sub to_disk { run('sync', '--file-system', '--', $_) for @_ }

sub copy {
  my ($from, $to) = @_;
  return run('btrfs', 'subvolume', 'snapshot', $from, $to) if is_subvolume($from);
  run('cp', '-R', '-P', '-T', '--preserve=mode,ownership,timestamps,links,xattr', '--reflink=auto', '--one-file-system', '--', $from, $to);
}

open my $lock, '<', "$folder/root.json" or die "$folder/root.json: $!\n";
flock $lock, 2 or die "locking $folder/root.json: $!\n";

# What a process sees mounted, by place (container-root.pl).
sub mounts_of {
  open my $table, '<', "/proc/$_[0]/mountinfo" or return;
  return map { (my $point = (split ' ')[4]) =~ s/\\([0-7]{3})/chr oct $1/ge; $point => (split ' ')[-2] } <$table>;
}

# A number of the list may be another process's by now: only one that has our overlay mounted is meant.
sub refuse_users {
  open my $users, '<', "$folder/users" or return;
  for my $pid (map { /^(\d+)$/ ? $1 : () } <$users>) {
    my %theirs = mounts_of($pid);
    next unless ($theirs{$root} // '') eq "innkeeper-$name";
    print STDERR "a program is at work on its files\n";
    exit 3;
  }
}

# An overlay over layers that are exchanged would go on showing the old ones.
sub unmount {
  my %mounted = mounts_of('self');
  for my $point (grep { $mounted{$_} } $root, "$folder/lower") { run('umount', '--', $point) }
}

# It belongs to the upper layer that it was last used with.
sub empty_work {
  my $work = -d "$folder/own" ? "$folder/own/work" : "$folder/work";
  remove($work);
  folder($work, 0755);
}

sub copy_all {
  return if there($whole);
  refuse_users();
  folder($shelf, 0700);
  remove_copies($half);
  folder($half, 0700);
  for (@trees) {
    my ($key, $tree) = @$_;
    folder("$half/$1", 0700) if $key =~ m{^(.*)/};
    copy($tree, "$half/$key");
  }
  local $/;
  my $text = <STDIN>;
  open my $record, '>', "$half/snapshot.json" or die "$half/snapshot.json: $!\n";
  print {$record} $text;
  close $record or die "$half/snapshot.json: $!\n";
}

sub keep {
  return if there($whole);
  to_disk($half);
  move($half, $whole);
  run('sync', '--', $shelf);
}

sub swap {
  refuse_users();
  there($whole) or die "$whole is not there\n";
  my @left = grep { !there("$_->[1].old") } @trees;
  for (@left) {
    my ($key, $tree) = @$_;
    folder($tree, 0755);
    remove("$tree.new");
    copy("$whole/$key", "$tree.new");
    limit_as($tree, "$tree.new") if is_subvolume("$tree.new");
  }
  to_disk(map { "$_->[1].new" } @left);
  unmount();
  for (@trees) {
    my $tree = $_->[1];
    next unless there("$tree.new");
    move($tree, "$tree.old") unless there("$tree.old");
    move("$tree.new", $tree);
  }
  empty_work();
}

sub back {
  my @swapped = grep { there("$_->[1].old") } @trees;
  if (@swapped) { refuse_users(); unmount() }
  # The upper layer last: as long as it has one, there is something to take back.
  for (reverse @swapped) {
    my $tree = $_->[1];
    remove("$tree.new");
    move($tree, "$tree.new") if there($tree);
    move("$tree.old", $tree);
  }
  remove("$_->[1].new") for @trees;
  empty_work() if @swapped;
}

# What cannot be deleted any more stands in nobody's way: the next one tries again.
sub clear {
  for my $tree (map { $_->[1] } reverse @trees) {
    remove("$tree.gone") if there("$tree.old") && there("$tree.gone");
    move("$tree.old", "$tree.gone") if there("$tree.old");
  }
  eval { remove("$_->[1].gone") } for @trees;
}

sub remove_snapshot {
  if (there($whole)) { remove_copies("$whole.gone"); move($whole, "$whole.gone") }
  remove_copies("$whole.gone", $half);
}

my %actions = (copy => \&copy_all, keep => \&keep, swap => \&swap, back => \&back, clear => \&clear, remove => \&remove_snapshot);
my $work = $actions{$action} or die "$action is no action\n";
$work->();
