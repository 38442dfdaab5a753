import { LineCursor } from './LineCursor.ts'
import { ownText } from './ownText.ts'

export interface TmuxSessionReading {
  number: number
  created: number
  /** Seconds by the host's clock, as all times here; null when nobody ever attached. */
  lastAttached: number | null
  activity: number | null
  clients: number
  windows: number
  name: string
  windowActivity: number | null
  panePids: number[]
}

export interface TmuxServerReading {
  uid: number
  user: string
  pid: number
  version: string
  /** Null for the account's default one. */
  socket: string | null
  sessions: TmuxSessionReading[]
}

export interface TmuxReading {
  servers: TmuxServerReading[]
  /** Servers that could not be read. */
  errors: { uid: number; user: string; socket: string; text: string }[]
  /** Lines that are none of the protocol's. */
  unread: number
}

/** What tmux says where no server is; no trouble. Behind a socket that may not be opened, or is busy, there is one. */
const noServer =
  /^(error connecting to .*\((No such file or directory|Connection refused)\)|no server running on|server exited unexpectedly|lost server)/

/** The section `tmux`. */
export function readTmux(lines: readonly string[]): TmuxReading {
  const reading: TmuxReading = { servers: [], errors: [], unread: 0 }
  let server: TmuxServerReading | undefined
  /** Of the server, by number. */
  let sessions = new Map<number, TmuxSessionReading>()
  for (const line of lines) {
    if (line.startsWith('session ')) {
      const session = server && readSession(line)
      if (server && session) {
        server.sessions.push(session)
        sessions.set(session.number, session)
      } else reading.unread++
    } else if (line.startsWith('window ') || line.startsWith('pane ')) {
      if (server && !addTo(sessions, line)) reading.unread++
    } else if (line.startsWith('server ')) {
      sessions = new Map()
      server = readServer(line)
      if (server) reading.servers.push(server)
      else reading.unread++
    } else if (line.startsWith('error ')) {
      server = undefined
      const error = readError(line)
      if (error && !noServer.test(error.text)) reading.errors.push(error)
    } else if (line !== 'absent' && line !== '' && !line.startsWith('hung ')) reading.unread++
  }
  return reading
}

function readServer(line: string): TmuxServerReading | undefined {
  const cursor = new LineCursor(line, 7)
  const uid = cursor.count()
  const user = cursor.word()
  const pid = cursor.count()
  const version = cursor.word()
  const isDefault = cursor.word() === '1'
  const socket = cursor.rest()
  if (cursor.failed || user === '' || socket === '') return undefined
  return { uid, user: ownText(user), pid, version, socket: isDefault ? null : ownText(socket), sessions: [] }
}

/** A tmux session without its number or its time of creation is not the same one twice: it is left out. */
function readSession(line: string): TmuxSessionReading | undefined {
  const cursor = new LineCursor(line, 8)
  const session = {
    number: cursor.count(),
    created: cursor.count(),
    lastAttached: cursor.countOrNull() || null,
    activity: cursor.countOrNull() || null,
    clients: cursor.count(),
    windows: cursor.count(),
    name: ownText(cursor.rest()),
    windowActivity: null,
    panePids: [],
  }
  return cursor.failed ? undefined : session
}

function addTo(sessions: Map<number, TmuxSessionReading>, line: string): boolean {
  const isPane = line.startsWith('pane ')
  const cursor = new LineCursor(line, isPane ? 5 : 7)
  const number = cursor.count()
  const value = cursor.count()
  if (cursor.failed) return false
  const session = sessions.get(number)
  if (!session) return false
  if (isPane) session.panePids.push(value)
  else session.windowActivity = Math.max(session.windowActivity ?? 0, value)
  return true
}

function readError(line: string): TmuxReading['errors'][number] | undefined {
  const cursor = new LineCursor(line, 6)
  const uid = cursor.count()
  const user = cursor.word()
  const rest = cursor.rest()
  const tab = rest.indexOf('\t')
  if (cursor.failed) return undefined
  return tab < 0
    ? { uid, user, socket: '', text: rest }
    : { uid, user, socket: rest.slice(0, tab), text: rest.slice(tab + 1) }
}
