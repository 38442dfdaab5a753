import type { FleetHost } from './FleetHost.ts'
import type { TmuxMemory } from './HostMemory.ts'

/** What one attaches to. */
export type Attached = Pick<TmuxMemory, 'user' | 'socket' | 'number' | 'name'>

/** What tmux and every usual shell take as it is. */
const plain = /^[A-Za-z0-9_@%+=,/:.-]+$/
/** What stands between double quotes for itself, in sh, bash with its history, zsh, fish. */
const calm = /^[^"$`\\!\p{Cc}]*$/u
/**
 * Names that go by their number: tmux reads `:` and `.` as the begin of a window and a pane and a first `$` as an id,
 * and backslashes and quotes within quotes are not the same to sh and to fish.
 */
const misread = /^\$|[:.\\'\p{Cc}]/u

/** For the owner's shell; the account is the owner's, never the probe's. */
export function attachCommand(session: Attached, host: FleetHost): string {
  const remote = remoteCommand(session)
  if (host.destination === null) return remote
  const port = host.destination.port === 22 ? '' : `-p ${host.destination.port} `
  const quoted = calm.test(remote) ? `"${remote}"` : quote(remote)
  return `ssh -t ${port}${word(`${session.user}@${host.address}`)} ${quoted}`
}

/** The same without the way there. */
export function remoteCommand({ socket, number, name }: Attached): string {
  const target = misread.test(name) ? `$${number}` : `=${name}`
  return `tmux -u ${socket === null ? '' : `-S ${word(socket)} `}attach -t ${quote(target)}`
}

function word(text: string): string {
  return plain.test(text) && !text.startsWith('-') && !text.startsWith('=') ? text : quote(text)
}

/** One word for a POSIX shell and for fish. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
