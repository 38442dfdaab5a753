import { vi } from 'vitest'
import { quote, type FleetRoot } from './fleetRoot.ts'

const patience = { timeout: 20_000, interval: 50 }

/** Starts tmux sessions of these names, each with a shell, and returns the names that tmux itself gives them. */
export async function startTmux(
  host: FleetRoot,
  user: string,
  names: string[],
  options = '',
): Promise<string[]> {
  // tmux would expand formats in it.
  for (const name of names.map((one) => one.replaceAll('#', '##')))
    await host.askAs(user, `${options} tmux -u new-session -d -s${quote(name)} -x 80 -y 24`)
  return tmuxNames(host, user, options)
}

export async function tmuxNames(host: FleetRoot, user: string, options = ''): Promise<string[]> {
  const { stdout } = await host.as(user, `${options} tmux -u list-sessions -F '#{session_name}'`)
  return stdout.split('\n').slice(0, -1)
}

/** Attaches a real client in a terminal of its own, and waits until tmux counts it. */
export async function attachTmux(host: FleetRoot, user: string, target: string): Promise<void> {
  const attach = quote(`TERM=xterm exec tmux -u attach -t ${quote(target)}`)
  await host.askAs(user, `(sleep 1000 | script -qec ${attach} /dev/null) >/dev/null 2>&1 &`)
  const count = `tmux display -p -t ${quote(target)} '#{session_attached}'`
  await vi.waitUntil(async () => (await host.askAs(user, count)) === '1', patience)
}

/** A program that listens on a socket of that user as a tmux server does; `serve` is Perl, with `$client` and `$server`. */
export async function fakeServer(
  host: FleetRoot,
  user: string,
  socket: string,
  serve: string,
): Promise<void> {
  const program = `
    use IO::Socket::UNIX;
    my $server = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die "no socket: $!";
    ${serve}`
  const folder = socket.slice(0, socket.lastIndexOf('/'))
  await host.askAs(user, `mkdir -p -m 700 ${folder}`)
  await host.askAs(user, `perl -e ${quote(program)} ${quote(socket)} >/dev/null 2>&1 </dev/null &`)
  await vi.waitUntil(async () => (await host.as(user, `test -S ${quote(socket)}`)).code === 0, patience)
}
