# Copies what a machine has of its own, its disks, UEFI variables and TPM, into a folder, and puts it back; behind machine-parts.pl.
# usage: perl -e THIS FOLDER SNAPSHOT ACTION [KIND KEY PATH ...]
# FOLDER is the one of the machine's own disk, SNAPSHOT a place in it, such as `snapshots/ID`; each PATH is a part of the machine
# that stands at KEY in the snapshot: a disk is exchanged by renaming, what is small by copying. ACTION is one of:
#   copy       copies each PATH into SNAPSHOT.new; RECORD comes by standard input. SNAPSHOT there already is success.
#   copy-held  the same of a machine whose QEMU stands still, and has the disks open.
#   keep       has it on the disk, and then gives it its name: one that is there is whole.
#   swap       each PATH becomes what it was in SNAPSHOT; what it was until now stays beside it as PATH.old, or in `before`.
#   back       takes `swap` back, however far it came.
#   clear      what `swap` left beside is gone, and with it the way back.
#   drop       half of SNAPSHOT is gone; one that is whole stays.
#   remove     SNAPSHOT is gone, whole or half.
#
# One at a time: FOLDER is locked meanwhile, also by a program whose caller was killed. But for copy-held the disks are claimed
# as QEMU claims them: while somebody writes into one this refuses with exit code 3, and nobody starts the machine meanwhile.
my ($folder, $snapshot, $action, @words) = @ARGV;
die "usage: FOLDER SNAPSHOT ACTION [KIND KEY PATH ...]\n" unless defined $action && @words % 3 == 0;
my $whole = "$folder/$snapshot";
my ($shelf) = $whole =~ m{^(.*)/};
my ($half, $before) = ("$whole.new", "$folder/before");
my @parts;
push @parts, [splice @words, 0, 3] while @words;
my @disks = grep { $_->[0] eq 'disk' } @parts;
my @small = grep { $_->[0] ne 'disk' } @parts;

lock_folder($folder);

# Bytes that a guest sees: the header of a qcow2 has them (docs/interop/qcow2.txt).
sub size_of {
  open my $disk, '<:raw', $_[0] or die "$_[0]: $!\n";
  read($disk, my $header, 32) == 32 or die "$_[0] is too short for a qcow2\n";
  my ($magic, $bytes) = unpack 'a4 x20 Q>', $header;
  die "$_[0] is no qcow2\n" unless $magic eq "QFI\xfb";
  return $bytes;
}

sub copy_part {
  my ($kind, $key, $path) = @{ $_[0] };
  return if $kind ne 'disk' && !there($path);
  folder("$half/$1", 0700) if $key =~ m{^(.*)/};
  copy($kind, $path, "$half/$key");
}

sub copy_all {
  return if there($whole);
  claim(map { $_->[2] } @disks) unless $_[0];
  folder($shelf, 0700);
  remove($half);
  folder($half, 0700);
  local $/;
  my $text = <STDIN>;
  my $made = eval {
    copy_part($_) for @parts;
    open my $record, '>', "$half/snapshot.json" or die "$half/snapshot.json: $!\n";
    print {$record} $text;
    close $record or die "$half/snapshot.json: $!\n";
    1;
  };
  return if $made;
  # A machine that goes on needs the room on a disk that is full.
  my $why = $@;
  remove($half);
  die $why;
}

sub keep {
  return if there($whole);
  to_disk($half);
  move($half, $whole);
  run('sync', '--', $shelf);
}

# Small parts are put in place as they are there: none where there is none.
sub put {
  my ($from, $kind, $key, $path) = @_;
  remove("$path.new");
  if (there("$from/$key")) {
    copy($kind, "$from/$key", "$path.new");
    run('sync', '--file-system', '--', "$path.new");
  }
  remove($path) if $kind eq 'tree' || !there("$path.new");
  move("$path.new", $path) if there("$path.new");
}

# Without `before` there is no way back, and what lies beside is of one that is over.
sub remove_gone { remove("$before.gone", "$before.new", map { ("$_->[2].old", "$_->[2].new") } @disks) }

sub note_before {
  return if there($before);
  remove_gone();
  folder("$before.new", 0700);
  for (@small) {
    my ($kind, $key, $path) = @$_;
    copy($kind, $path, "$before.new/$key") if there($path);
  }
  to_disk("$before.new");
  move("$before.new", $before);
}

sub swap {
  there($whole) or die "$whole is not there\n";
  claim(map { $_->[2] } @disks);
  note_before();
  my @left = grep { !there("$_->[2].old") } @disks;
  for (@left) {
    my ($kind, $key, $path) = @$_;
    remove("$path.new");
    copy($kind, "$whole/$key", "$path.new");
    next unless there($path);
    # Its definition may want more by now, and it only grows.
    my $bytes = size_of($path);
    run('qemu-img', 'resize', '-q', '-f', 'qcow2', "$path.new", $bytes) if $bytes > size_of("$path.new");
  }
  to_disk(map { "$_->[2].new" } @left);
  claim(map { "$_->[2].new" } @disks);
  for (map { $_->[2] } @disks) {
    next unless there("$_.new");
    move($_, "$_.old") if there($_) && !there("$_.old");
    move("$_.new", $_);
  }
  put($whole, @$_) for @small;
}

sub back {
  if (there($before)) {
    my @swapped = grep { there("$_.old") } map { $_->[2] } @disks;
    claim(@swapped, map { "$_.old" } @swapped);
    for (reverse @swapped) {
      remove("$_.new");
      move($_, "$_.new") if there($_);
      move("$_.old", $_);
    }
    put($before, @$_) for @small;
    # Last: as long as it is there, there is something to take back.
    remove("$before.gone");
    move($before, "$before.gone");
  }
  remove_gone();
}

# From the first renaming on there is no way back. What cannot be deleted now stands in nobody's way: the next one tries again.
sub clear {
  if (there($before)) { remove("$before.gone"); move($before, "$before.gone") }
  eval { remove_gone() };
}

sub remove_snapshot {
  if (there($whole)) { remove("$whole.gone"); move($whole, "$whole.gone") }
  remove("$whole.gone", $half);
}

my %actions = (
  copy => sub { copy_all(0) }, 'copy-held' => sub { copy_all(1) }, keep => \&keep, swap => \&swap, back => \&back,
  clear => \&clear, drop => sub { remove($half) }, remove => \&remove_snapshot,
);
my $work = $actions{$action} or die "$action is no action\n";
$work->();
