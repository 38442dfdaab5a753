# unixProxy.pl PATH: joins stdin and stdout with a unix socket, which another network namespace can reach.
use IO::Socket::UNIX;
my $peer = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!";
my $bytes;
if (fork) {
  while (sysread(STDIN, $bytes, 65536)) { syswrite($peer, $bytes) }
  shutdown($peer, 1);
  wait;
} else {
  while (sysread($peer, $bytes, 65536)) { syswrite(STDOUT, $bytes) }
}
