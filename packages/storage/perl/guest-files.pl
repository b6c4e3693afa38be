# Reads and changes files of a guest that does not run, below ROOT: nothing leads out of there, whatever links it has, for this
# process has no other root. Nothing else writes there meanwhile.
# usage: perl -e THIS ROOT OWNER, with one request in each line of standard input; paths and contents are hexadecimal.
#   file PATH                 answers `file PATH CONTENT` if there is such a file, of at most a mebibyte
#   list PATH                 answers `name PATH NAME` for each entry of a directory that is a file
#   write PATH MODE CONTENT   instead of what is there, with its owner and mode where that is a file; else OWNER's, with MODE.
#                             Not where its folder is missing, nor in place of a directory
#   remove PATH               anything but a directory; nothing there is success
# A file is never opened to be written, but made beside and renamed: what is there may be a device or a pipe.
use strict;
use warnings;

my ($root, $owner) = @ARGV;
die "usage: ROOT OWNER\n" unless defined $owner;
my @requests = <STDIN>;
chroot $root or die "chroot $root: $!\n";
chdir '/' or die "/: $!\n";

my $most = 1 << 20;

sub text { return pack 'H*', $_[0] }
sub is_file { return !-l $_[0] && -f _ }

my %answers = (
  file => sub {
    my ($path) = @_;
    return unless is_file(text($path)) && -s _ <= $most;
    open my $file, '<:raw', text($path) or return;
    local $/;
    print "file $path ", unpack('H*', <$file> // ''), "\n";
  },
  list => sub {
    my ($path) = @_;
    opendir my $folder, text($path) or return;
    print "name $path ", unpack('H*', $_), "\n" for sort grep { is_file(text($path) . "/$_") } readdir $folder;
  },
  write => sub {
    my ($hex, $mode, $content) = @_;
    my $path = text($hex);
    my ($folder) = $path =~ m{^(.*)/};
    return if !-d "/$folder" || !-l $path && -d _;
    my @had = is_file($path) ? (lstat _)[2, 4, 5] : (oct $mode, $owner, $owner);
    my $beside = "$path.innkeeper";
    unlink $beside;
    # O_WRONLY, O_CREAT and O_EXCL, by which a link is not followed either.
    sysopen my $file, $beside, 0301, 0600 or die "$beside: $!\n";
    chown $had[1], $had[2], $beside or die "$beside: $!\n";
    chmod $had[0] & 07777, $beside or die "$beside: $!\n";
    print {$file} text($content // '');
    close $file or die "$beside: $!\n";
    rename $beside, $path or die "$path: $!\n";
  },
  remove => sub {
    my $path = text($_[0]);
    return if !-l $path && (!-e _ || -d _);
    unlink $path or die "$path: $!\n";
  },
);

for (@requests) {
  my ($kind, @words) = split ' ';
  my $answer = $answers{$kind} or die "$kind is no request\n";
  $answer->(@words);
}
