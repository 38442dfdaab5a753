import { readCount } from './readNumber.ts'
import { splitFields } from './splitFields.ts'

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

/** What tmux says where no server is; no trouble. */
const noServer = /^(error connecting to|no server running on|server exited unexpectedly|lost server)/

/** The section `tmux`. */
export function readTmux(lines: readonly string[]): TmuxReading {
  const reading: TmuxReading = { servers: [], errors: [], unread: 0 }
  let server: TmuxServerReading | undefined
  let session: TmuxSessionReading | undefined
  for (const line of lines) {
    if (line.startsWith('session ')) {
      session = server && readSession(line)
      if (server && session) server.sessions.push(session)
      else reading.unread++
    } else if (line.startsWith('window ') || line.startsWith('pane ')) {
      if (server && !addTo(server, session, line)) reading.unread++
    } else if (line.startsWith('server ')) {
      session = undefined
      server = readServer(line)
      if (server) reading.servers.push(server)
      else reading.unread++
    } else if (line.startsWith('error ')) {
      const error = readError(line)
      if (error && !noServer.test(error.text)) reading.errors.push(error)
    } else if (line !== 'absent' && line !== '' && !line.startsWith('hung ')) reading.unread++
  }
  return reading
}

function readServer(line: string): TmuxServerReading | undefined {
  const [, uidText, user = '', pidText, version = '', isDefault, socket = ''] = splitFields(line, 6) ?? []
  const uid = readCount(uidText)
  const pid = readCount(pidText)
  if (uid === null || pid === null || user === '' || socket === '') return undefined
  return { uid, user, pid, version, socket: isDefault === '1' ? null : socket, sessions: [] }
}

/** A tmux session without its number or its time of creation is not the same one twice: it is left out. */
function readSession(line: string): TmuxSessionReading | undefined {
  const fields = splitFields(line, 7)
  if (!fields) return undefined
  const [, n, created, lastAttached, activity, clients, windows, name = ''] = fields
  const [number, createdAt, clientCount, windowCount] = [n, created, clients, windows].map(readCount)
  if (number == null || createdAt == null || clientCount == null || windowCount == null) return undefined
  return {
    number,
    created: createdAt,
    lastAttached: readCount(lastAttached) || null,
    activity: readCount(activity) || null,
    clients: clientCount,
    windows: windowCount,
    name,
    windowActivity: null,
    panePids: [],
  }
}

function addTo(server: TmuxServerReading, last: TmuxSessionReading | undefined, line: string): boolean {
  const [word, n, valueText] = line.split(' ', 3)
  const number = readCount(n)
  const value = readCount(valueText)
  if (number === null || value === null) return false
  const session = last?.number === number ? last : server.sessions.find((one) => one.number === number)
  if (!session) return false
  if (word === 'pane') session.panePids.push(value)
  else session.windowActivity = Math.max(session.windowActivity ?? 0, value)
  return true
}

function readError(line: string): TmuxReading['errors'][number] | undefined {
  const [, uidText, user = '', rest = ''] = splitFields(line, 3) ?? []
  const uid = readCount(uidText)
  const tab = rest.indexOf('\t')
  if (uid === null || tab < 0) return undefined
  return { uid, user, socket: rest.slice(0, tab), text: rest.slice(tab + 1) }
}
