# What programs have in common that copy the disks, UEFI variables and TPM of a machine: each is this text and its own behind it.
# A part of a machine is of a KIND: `disk` (a qcow2), `file` or `tree` (small, and none is a state of its own).
use strict;
use warnings;

sub there { return -l $_[0] || -e _ }
sub run { system({ $_[0] } @_) == 0 or die "$_[0] failed\n" }
sub remove { run('rm', '-rf', '--one-file-system', '--', @_) }
sub move { rename $_[0], $_[1] or die "renaming $_[0]: $!\n" }
sub folder { there($_[0]) or mkdir $_[0], $_[1] or die "$_[0]: $!\n" }
sub to_disk { run('sync', '--file-system', '--', $_) for @_ }

# Owners of files are libvirt's to give, at each start; the TPM's tree is the emulator's.
sub copy {
  my ($kind, $from, $to) = @_;
  my $kept = $kind eq 'tree' ? 'mode,ownership,timestamps,links' : 'timestamps';
  run('cp', '-R', '-P', '-T', "--preserve=$kept", '--reflink=auto', '--sparse=auto', '--one-file-system', '--', $from, $to);
  return if $kind eq 'tree';
  die "$from is no file\n" if -l $to || !-f _;
  chmod 0600, $to or die "$to: $!\n";
}

# One at a time: the folder of a machine's own disk is locked, also by a program whose caller was killed.
my $lock;
sub lock_folder {
  open $lock, '<', $_[0] or die "$_[0]: $!\n";
  flock $lock, 2 or die "locking $_[0]: $!\n";
}

# QEMU says by locks of single bytes what it does with a disk (from 100 on) and what nobody else may (from 200 on): 1 is writing, 3
# is resizing (docs/devel and block/file-posix.c). They are those of an open file (F_OFD_GETLK 36, F_OFD_SETLK 37).
my ($is_read, $is_write, $is_free) = (0, 1, 2);
sub byte_lock { return pack 's s x4 q q l x4', $_[0], 0, $_[1], 1, 0 }

my @claims;
sub claim {
  for my $path (grep { there($_) } @_) {
    open my $disk, '<', $path or die "$path: $!\n";
    push @claims, $disk;
    for my $right (1, 3) {
      my $mine = byte_lock($is_read, 200 + $right);
      fcntl $disk, 37, $mine or die "claiming $path: $!\n";
      my $theirs = byte_lock($is_write, 100 + $right);
      fcntl $disk, 36, $theirs or die "$path: $!\n";
      next if unpack('s', $theirs) == $is_free;
      print STDERR "somebody writes into $path\n";
      exit 3;
    }
  }
}
