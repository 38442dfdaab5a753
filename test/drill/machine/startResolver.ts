import { spawn } from 'node:child_process'
import { once } from 'node:events'

export const resolverAddress = '10.0.0.53'
/** What every name under `lab.internal` has for an address there. */
export const answerAddress = '10.0.0.80'

const startLimitMs = 10_000

/** Answers each question for an address with the same one, until its stdin ends; it is no process of the machine. */
const program = `
  use Socket;
  my ($at, $answer) = map { inet_aton($_) } @ARGV;
  my $s;
  socket($s, PF_INET, SOCK_DGRAM, 17) && bind($s, sockaddr_in(53, $at)) or die "resolver: $!\\n";
  $| = 1; print "up\\n";
  while (1) {
    my $ready = "";
    vec($ready, 0, 1) = vec($ready, fileno($s), 1) = 1;
    select($ready, undef, undef, undef);
    exit if vec($ready, 0, 1);
    my $from = recv($s, my $q, 512, 0);
    my $end = 12;
    $end += 1 + ord(substr($q, $end, 1)) while $end < length $q && ord(substr($q, $end, 1));
    my $type = unpack("n", substr($q, $end + 1, 2));
    my $isKnown = substr($q, 12, $end - 12) =~ /\\x03lab\\x08internal$/;
    my $isAddress = $isKnown && $type == 1;
    my $head = substr($q, 0, 2) . pack("n5", $isKnown ? 0x8580 : 0x8583, 1, $isAddress ? 1 : 0, 0, 0);
    my $body = substr($q, 12, $end + 5 - 12);
    $body .= pack("nnnNn", 0xc00c, 1, 1, 1, 4) . $answer if $isAddress;
    send($s, $head . $body, 0, $from);
  }
`

/** The site's name server, in the network of the machine whose first process is `pid`, but not on the machine. */
export async function startResolver(pid: number): Promise<{ stop(): Promise<void> }> {
  const enter = ['-t', String(pid), '-n', '--']
  const add = `busybox ip addr add ${resolverAddress}/32 dev lo`
  const child = spawn(
    'nsenter',
    [...enter, 'sh', '-c', `${add} && exec perl -e "$0" "$@"`, program, resolverAddress, answerAddress],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  const exited = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (piece: Buffer) => (errors += piece.toString()))
  const failed = exited.then(() => Promise.reject(new Error(`the resolver did not start: ${errors}`)))
  failed.catch(() => undefined)
  const timer = setTimeout(() => child.kill('SIGKILL'), startLimitMs)
  await Promise.race([once(child.stdout, 'data'), failed]).finally(() => clearTimeout(timer))
  return {
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
