# Copies between its own standard streams and a unix socket, a TCP port or a terminal device, both ways, until the other side ends.
# usage: perl -e THIS socket|terminal PATH, or tcp ADDRESS:PORT
#
# Says "ready" on its error output once the path is open, or "errno NUMBER"; an end of its input is passed on to a socket.
# No program of a plain Debian does this: socat and netcat are packages of their own, stty alone opens nothing.
use strict;
use warnings;
use Fcntl qw(O_RDWR O_NOCTTY O_NONBLOCK F_GETFL F_SETFL);
use Socket qw(AF_INET AF_UNIX SOCK_STREAM SHUT_WR inet_aton pack_sockaddr_in pack_sockaddr_un);

my ($kind, $path) = @ARGV;
my $most = 65536;
my $far;

sub refuse { syswrite STDERR, 'errno ' . ($! + 0) . "\n"; exit 1 }

if ($kind eq 'socket') {
  socket($far, AF_UNIX, SOCK_STREAM, 0) or refuse();
  connect($far, pack_sockaddr_un($path)) or refuse();
} elsif ($kind eq 'tcp') {
  my ($address, $port) = $path =~ /^([0-9.]+):([0-9]+)$/ or do { $! = 22; refuse() };
  socket($far, AF_INET, SOCK_STREAM, 0) or refuse();
  connect($far, pack_sockaddr_in($port, inet_aton($address))) or refuse();
} else {
  # It must never become the controlling terminal of this process.
  sysopen($far, $path, O_RDWR | O_NOCTTY) or refuse();
  # Every byte as it is, both ways; output processing stays as the guest set it.
  open(my $own_input, '<&', \*STDIN) or refuse();
  open(STDIN, '<&', $far) or refuse();
  my @raw = qw(-brkint -icrnl -inpck -istrip -ixon cs8 -echo -icanon -iexten -isig min 1 time 0);
  system('stty', @raw) == 0 or do { $! = 25; refuse() };
  open(STDIN, '<&', $own_input) or refuse();
}
syswrite STDERR, "ready\n";
$SIG{PIPE} = 'IGNORE';

# One direction: what was read and not yet written waits in `held`.
my $out = { from => \*STDIN, to => $far, held => '', open => 1 };
my $in = { from => $far, to => \*STDOUT, held => '', open => 1 };
for my $stream (\*STDIN, \*STDOUT, $far) {
  fcntl($stream, F_SETFL, fcntl($stream, F_GETFL, 0) | O_NONBLOCK);
}

# Nothing to read or no room: asked again by the next select.
sub later { $!{EAGAIN} or $!{EINTR} }

while ($in->{open} or $in->{held} ne '') {
  my ($readable, $writable) = ('', '');
  for my $way ($out, $in) {
    vec($readable, fileno $way->{from}, 1) = 1 if $way->{open} and length $way->{held} < $most;
    vec($writable, fileno $way->{to}, 1) = 1 if $way->{held} ne '';
  }
  next if select($readable, $writable, undef, undef) < 0;
  for my $way ($out, $in) {
    if (vec($readable, fileno $way->{from}, 1) and $way->{open}) {
      my $count = sysread $way->{from}, $way->{held}, $most, length $way->{held};
      # A terminal whose other end is gone fails to read: an end as well.
      $way->{open} = 0 if defined $count ? $count == 0 : !later();
    }
    next if $way->{held} eq '';
    my $count = syswrite $way->{to}, $way->{held};
    if (defined $count) { substr($way->{held}, 0, $count) = '' }
    elsif (!later()) { ($way->{held}, $way->{open}) = ('', 0) }
  }
  if (!$out->{open} and $out->{held} eq '' and $kind ne 'terminal' and !$out->{told}) {
    shutdown $far, SHUT_WR;
    $out->{told} = 1;
  }
}
