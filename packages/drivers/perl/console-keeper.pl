# Reads the consoles of a host's containers, keeps the last of what each prints in a file, and gives it to who asks: one
# process for all of them, that ends when its input does.
# usage: perl -e THIS FOLDER BYTES
# FOLDER gets ID.log, of which at least the last BYTES are kept, and at most twice as many.
#
# A terminal of libvirt's has one reader, or each gets a part; and what nobody reads fills its buffers (a few KiB), after which
# who prints has to wait. A second process for the same FOLDER waits until the first has ended.
#
# Lines of its input                       Lines of its output
#   keep ID NAME PATH                        gone ID        it is read no more: the container has ended
#     the console of the container NAME      tail ID HEX    asked for: what was printed before
#   follow ID                                said ID HEX    from a tail on, until leave
#   leave ID
#   write ID HEX
use strict;
use warnings;
use Fcntl qw(O_RDWR O_NOCTTY O_NONBLOCK O_RDONLY F_GETFL F_SETFL LOCK_EX);

my ($folder, $bytes) = @ARGV;
my ($TCGETS, $TCSETS) = (0x5401, 0x5402);
my $most = 65536;
my %kept;
my ($heard, $waiting) = ('', '');

open my $lock, '>>', "$folder/keeper" or die "$folder/keeper: $!\n";
flock $lock, LOCK_EX or die "$folder/keeper: $!\n";
$SIG{PIPE} = 'IGNORE';

sub later { return $!{EAGAIN} || $!{EINTR} }
sub tell_all { $waiting .= join(' ', @_) . "\n" }
sub unblock { my ($stream) = @_; fcntl $stream, F_SETFL, fcntl($stream, F_GETFL, 0) | O_NONBLOCK }

# Whether a terminal that is open is still the one of the container: a number is given to somebody else's at once. The
# controller holds its other end, which says its number, as it does of the terminals inside the container.
sub belongs {
  my ($name, $number) = @_;
  open my $file, '<', "/run/libvirt/lxc/$name.pid" or return;
  my ($pid) = (<$file> // '') =~ /^(\d+)/ or return;
  my %of_the_host = map { ((stat $_)[0] // '') => 1 } '/dev', '/dev/pts';
  opendir my $all, "/proc/$pid/fd" or return;
  for my $fd (grep { /^\d+$/ } readdir $all) {
    my $device = (stat "/proc/$pid/fd/$fd")[0] // next;
    next unless $of_the_host{$device};
    open my $facts, '<', "/proc/$pid/fdinfo/$fd" or next;
    return 1 if grep { /^tty-index:\s*$number$/ } <$facts>;
  }
  return;
}

# Every byte as it is, both ways.
sub make_raw {
  my ($terminal) = @_;
  my $now = "\0" x 64;
  ioctl $terminal, $TCGETS, $now or return;
  my ($in, $out, $control, $local, $rest) = unpack 'L4 a*', $now;
  # IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON; OPOST; CSIZE PARENB, CS8; ECHO ECHONL ICANON ISIG IEXTEN.
  my $raw = pack 'L4 a*', $in & ~02753, $out & ~01, $control & ~0460 | 060, $local & ~0100113, $rest;
  ioctl $terminal, $TCSETS, $raw;
}

sub keep {
  my ($id, $name, $path) = @_;
  return if $kept{$id};
  my ($number) = $path =~ m{^/dev/pts/(\d+)$} or return tell_all('gone', $id);
  # It must never become the controlling terminal of this process.
  sysopen my $terminal, $path, O_RDWR | O_NOCTTY | O_NONBLOCK or return tell_all('gone', $id);
  return tell_all('gone', $id) unless belongs($name, $number);
  make_raw($terminal);
  my $log;
  sysopen($log, "$folder/$id.log", O_RDWR | 0100, 0600) and sysseek $log, 0, 2;
  $kept{$id} = { terminal => $terminal, log => $log, size => $log ? -s $log : 0, followed => 0, input => '' };
}

sub tail_of {
  my ($id) = @_;
  sysopen my $log, "$folder/$id.log", O_RDONLY or return '';
  my $size = -s $log;
  sysseek $log, $size > $bytes ? $size - $bytes : 0, 0;
  sysread $log, (my $text), $bytes;
  return $text // '';
}

# Written beside and renamed: a reader sees the old or the new file.
sub shorten {
  my ($id) = @_;
  my $text = tail_of($id);
  sysopen my $log, "$folder/$id.log.new", O_RDWR | 0100 | 01000, 0600 or return;
  return unless defined syswrite $log, $text and rename "$folder/$id.log.new", "$folder/$id.log";
  @{ $kept{$id} }{ 'log', 'size' } = ($log, length $text);
}

sub heard_from {
  my ($id) = @_;
  my $one = $kept{$id};
  my $count = sysread $one->{terminal}, (my $text), $most;
  if (!defined $count && later()) { return }
  # A terminal whose other end is gone fails to read.
  if (!$count) { delete $kept{$id}; return tell_all('gone', $id) }
  # A file that somebody has removed stays so: the guest is being removed.
  if ($one->{log} && defined syswrite $one->{log}, $text) {
    $one->{size} += $count;
    shorten($id) if $one->{size} > 2 * $bytes && -e "$folder/$id.log";
  }
  tell_all('said', $id, unpack 'H*', $text) if $one->{followed};
}

my %does = (
  keep => \&keep,
  follow => sub { my ($id) = @_; $kept{$id}{followed} = 1 if $kept{$id}; tell_all('tail', $id, unpack 'H*', tail_of($id)) },
  leave => sub { my ($id) = @_; $kept{$id}{followed} = 0 if $kept{$id} },
  write => sub { my ($id, $hex) = @_; $kept{$id}{input} .= pack 'H*', $hex if $kept{$id} },
);

unblock($_) for \*STDIN, \*STDOUT;
while (1) {
  my ($readable, $writable) = ('', '');
  vec($readable, fileno STDIN, 1) = 1;
  vec($writable, fileno STDOUT, 1) = 1 if $waiting ne '';
  for my $one (values %kept) {
    # Who follows and does not read makes the guest wait, as a terminal does.
    vec($readable, fileno $one->{terminal}, 1) = 1 unless $one->{followed} && length $waiting > 16 * $most;
    vec($writable, fileno $one->{terminal}, 1) = 1 if $one->{input} ne '';
  }
  next if select($readable, $writable, undef, undef) < 0;
  for my $id (keys %kept) {
    my $one = $kept{$id};
    if (vec $writable, fileno $one->{terminal}, 1) {
      my $count = syswrite $one->{terminal}, $one->{input};
      substr($one->{input}, 0, $count // (later() ? 0 : length $one->{input})) = '';
    }
    heard_from($id) if vec $readable, fileno $one->{terminal}, 1;
  }
  if (vec $readable, fileno STDIN, 1) {
    my $count = sysread STDIN, $heard, $most, length $heard;
    exit 0 if defined $count ? $count == 0 : !later();
    while ($heard =~ s/^([^\n]*)\n//) {
      my ($verb, @words) = split / /, $1;
      $does{$verb}->(@words) if $does{ $verb // '' };
    }
  }
  if ($waiting ne '') {
    my $count = syswrite STDOUT, $waiting;
    exit 0 if !defined $count && !later();
    substr($waiting, 0, $count // 0) = '';
  }
}
