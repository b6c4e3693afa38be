# Makes the layers of a container from those of another one, or from a snapshot of it. What is owned by FIRST or a later one of
# COUNT ids in what is copied is owned by START or the same later one in the copy: attributes that name ids (access control lists,
# capabilities of files) as well, since the copy is read through a mount that shifts them (container-root.pl).
# usage: perl -e THIS FOLDER NEW ACTION COUNT START [FROM TO ...]
# FOLDER and NEW are the containers' (container-root.pl); each FROM is a directory of the one that becomes TO of the other.
# ACTION is one of:
#   copy    each TO is there whole or not at all. NEW/root.json there already is success.
#   still   the same of what nobody writes into: programs at work on the files of FOLDER are none of its business.
#   keep    has it on the disk, and then says that the layers are whole: root.json, which names the image that FOLDER stands on.
#
# One at a time: root.json of FOLDER is locked meanwhile, also by a program whose caller was killed. Nothing writes into the
# directories: the caller has stopped or frozen the container, and programs that have its root mounted where only they see it
# (root-files.pl, in the file `users`) make this refuse with exit code 3.
use strict;
use warnings;

my ($folder, $new, $action, $count, $start, @words) = @ARGV;
die "usage: FOLDER NEW ACTION COUNT START [FROM TO ...]\n" unless defined $start && @words % 2 == 0;
# Links into a pool, as in container-root.pl.
$_ = readlink($_) // $_ for $folder, $new;
my ($name) = $folder =~ m{([^/]+)$};
my $root = "$folder/root";
my @trees;
push @trees, [splice @words, 0, 2] while @words;

my ($SYS_open_tree, $SYS_move_mount, $SYS_mount_setattr) = (428, 429, 442);
my ($AT_FDCWD, $AT_EMPTY_PATH, $OPEN_TREE_CLONE, $OPEN_TREE_CLOEXEC, $MOVE_MOUNT_F_EMPTY_PATH) = (-100, 0x1000, 1, 02000000, 4);
my ($MOUNT_ATTR_RDONLY, $MOUNT_ATTR_IDMAP, $MS_REC, $MS_PRIVATE, $MNT_DETACH) = (1, 0x00100000, 0x4000, 1 << 18, 2);
my ($NEWNS, $NEWUSER) = (0x20000, 0x10000000);

# By the machine that perl was made for, as in container-root.pl.
open my $self, '<:raw', '/proc/self/exe' or die "/proc/self/exe: $!\n";
read $self, my $header, 20;
my %calls = (62 => { unshare => 272, mount => 165, umount => 166 }, 183 => { unshare => 97, mount => 40, umount => 39 });
my $machine = unpack 'x18 v', $header;
my $call = $calls{$machine} or die "no system call numbers for ELF machine $machine\n";

# syscall writes into its arguments: it takes no constants.
sub call { my ($number, @words) = @_; return syscall $number, @words }
sub must { my ($what, $result) = @_; die "$what: $!\n" if $result < 0; return $result }
sub there { return -l $_[0] || -e _ }
sub run { system({ $_[0] } @_) == 0 or die "$_[0] failed\n" }
sub remove { run('rm', '-rf', '--one-file-system', '--', @_) }
sub on_btrfs { my ($path) = @_; open my $said, '-|', 'stat', '-f', '-c', '%T', '--', $path or return; return <$said> eq "btrfs\n" }
# The root of a subvolume has this inode, and no other directory of btrfs.
sub is_subvolume { my ($path) = @_; return -d $path && (stat _)[1] == 256 && on_btrfs($path) }
sub move { rename $_[0], $_[1] or die "renaming $_[0]: $!\n" }
sub slurp { open my $file, '<', $_[0] or die "$_[0]: $!\n"; local $/; return <$file> }
sub spill { my ($path, $text) = @_; open my $file, '>', $path or die "$path: $!\n"; print {$file} $text; close $file or die "$path: $!\n" }

open my $lock, '<', "$folder/root.json" or die "$folder/root.json: $!\n";
flock $lock, 2 or die "locking $folder/root.json: $!\n";
# Innkeeper wrote it: a path of its own and a number, nothing escaped.
my $record = slurp("$folder/root.json");
my ($first) = $record =~ /"uidStart":(\d+)/ or die "$folder/root.json names no range of ids\n";

# A number of the list may be another process's by now: only one that has our overlay mounted is meant.
sub refuse_users {
  open my $users, '<', "$folder/users" or return;
  for my $pid (map { /^(\d+)$/ ? $1 : () } <$users>) {
    open my $table, '<', "/proc/$pid/mountinfo" or next;
    next unless grep { my @part = split ' '; $part[4] eq $root && $part[-2] eq "innkeeper-$name" } <$table>;
    print STDERR "a program is at work on its files\n";
    exit 3;
  }
}

# A child holds the user namespace for as long as this runs. What the kernel itself has made, as root of the host, stays root's.
sub shift_of_ids {
  pipe(my $ready, my $tell) or die "pipe: $!\n";
  pipe(my $end, my $keep) or die "pipe: $!\n";
  my $child = fork() // die "fork: $!\n";
  if ($child == 0) {
    close $_ for $ready, $keep;
    must('unshare', call($call->{unshare}, $NEWUSER));
    syswrite $tell, 'x';
    sysread $end, my $nothing, 1;
    exit 0;
  }
  close $_ for $tell, $end;
  sysread($ready, my $byte, 1) == 1 or die "the user namespace could not be made\n";
  spill("/proc/$child/${_}_map", "0 0 1\n$first $start $count\n") for 'uid', 'gid';
  open my $namespace, '<', "/proc/$child/ns/user" or die "user namespace: $!\n";
  return ($namespace, $keep);
}

sub copy_all {
  return if there("$new/root.json");
  refuse_users() if $action eq 'copy';
  must('unshare', call($call->{unshare}, $NEWNS));
  must('making mounts private', call($call->{mount}, "none\0", "/\0", "none\0", $MS_REC | $MS_PRIVATE, 0));
  my ($namespace, $keep) = shift_of_ids();
  # struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
  my $attributes = pack 'QQQQ', $MOUNT_ATTR_IDMAP | $MOUNT_ATTR_RDONLY, 0, 0, fileno $namespace;
  my $from = "$new/from";
  there($from) or mkdir $from, 0700 or die "$from: $!\n";
  for (@trees) {
    my ($source, $to) = @$_;
    remove($to, "$to.new");
    my $tree = must($source, call($SYS_open_tree, $AT_FDCWD, "$source\0", $OPEN_TREE_CLONE | $OPEN_TREE_CLOEXEC));
    must("shifting $source", call($SYS_mount_setattr, $tree, "\0", $AT_EMPTY_PATH, $attributes, length $attributes));
    must("mounting $source", call($SYS_move_mount, $tree, "\0", $AT_FDCWD, "$from\0", $MOVE_MOUNT_F_EMPTY_PATH));
    # A volume that is a subvolume of btrfs becomes one; one cannot be made by copying, since ids are shifted.
    run('btrfs', 'subvolume', 'create', "$to.new") if is_subvolume($source) && on_btrfs($to =~ m{^(.*)/});
    run('cp', '-R', '-P', '-T', '--preserve=mode,ownership,timestamps,links,xattr', '--reflink=auto', '--one-file-system', '--', $from, "$to.new");
    must("unmounting $source", call($call->{umount}, "$from\0", $MNT_DETACH));
    move("$to.new", $to);
  }
  rmdir $from;
}

sub keep {
  return if there("$new/root.json");
  run('sync', '--file-system', '--', $_->[1]) for @trees;
  $record =~ s/"uidStart":\d+/"uidStart":$start/;
  spill("$new/root.json.new", $record);
  run('sync', '--', "$new/root.json.new");
  move("$new/root.json.new", "$new/root.json");
  run('sync', '--', $new);
}

my %actions = (copy => \&copy_all, still => \&copy_all, keep => \&keep);
my $work = $actions{$action} or die "$action is no action\n";
$work->();
