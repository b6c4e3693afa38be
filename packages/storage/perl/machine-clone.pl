# Makes what a machine has of its own, its disks, UEFI variables and TPM, of what another one has; behind machine-parts.pl.
# usage: perl -e THIS FOLDER NEW ACTION [KIND FROM TO ...]
# FOLDER and NEW are those of the machines' own disks; each FROM is a part of the one, or of a snapshot of it, that becomes TO of the
# other. ACTION is one of:
#   copy       each TO.new is there. NEW/clone.json there already is success.
#   copy-held  the same of a machine whose QEMU stands still, and has the disks open.
#   still      the same of a snapshot, which nobody writes into.
#   keep       has it on the disk, gives each its name, and then says that all are whole: NEW/clone.json, by standard input.
#
# One at a time: FOLDER is locked meanwhile, also by a program whose caller was killed. For copy the disks are claimed as QEMU
# claims them: while somebody writes into one this refuses with exit code 3, and nobody starts the machine meanwhile.
my ($folder, $new, $action, @words) = @ARGV;
die "usage: FOLDER NEW ACTION [KIND FROM TO ...]\n" unless defined $action && @words % 3 == 0;
my $note = "$new/clone.json";
my @parts;
push @parts, [splice @words, 0, 3] while @words;
my @halves = map { "$_->[2].new" } @parts;

lock_folder($folder);

sub copy_parts {
  return if there($note);
  claim(map { $_->[1] } grep { $_->[0] eq 'disk' } @parts) if $action eq 'copy';
  remove(@halves);
  my $made = eval {
    for (@parts) {
      my ($kind, $from, $to) = @$_;
      copy($kind, $from, "$to.new") if $kind eq 'disk' || there($from);
    }
    1;
  };
  return if $made;
  # A machine that goes on needs the room on a disk that is full.
  my $why = $@;
  remove(@halves);
  die $why;
}

sub keep {
  return if there($note);
  to_disk(grep { there($_) } @halves);
  for (@parts) {
    my ($kind, $from, $to) = @$_;
    # Of a copy that was begun before this one.
    remove($to) if $kind ne 'disk';
    move("$to.new", $to) if $kind eq 'disk' || there("$to.new");
  }
  local $/;
  my $text = <STDIN>;
  open my $record, '>', "$note.new" or die "$note.new: $!\n";
  print {$record} $text;
  close $record or die "$note.new: $!\n";
  run('sync', '--', "$note.new");
  move("$note.new", $note);
  run('sync', '--file-system', '--', $new);
}

my %actions = (copy => \&copy_parts, 'copy-held' => \&copy_parts, still => \&copy_parts, keep => \&keep);
my $work = $actions{$action} or die "$action is no action\n";
$work->();
