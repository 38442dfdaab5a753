/** What a tmux session is: ids restart with their server, names come again, these four together do not. */
export interface TmuxIdentity {
  host: string
  uid: number
  serverPid: number
  /** The digits of tmux's `$N`. */
  number: number
  /** In seconds, as tmux says it. */
  created: number
}

const pattern = /^([A-Za-z0-9][A-Za-z0-9._-]{0,62}):(\d{1,10}):(\d{1,10})\.(\d{1,10})\.(\d{1,12})$/

/** Opaque to clients and URL-safe: `HOST:UID:SERVERPID.N.CREATED`. */
export function tmuxId({ host, uid, serverPid, number, created }: TmuxIdentity): string {
  return `${host}:${uid}:${serverPid}.${number}.${created}`
}

/** The identity in an id, or null: it is no id. */
export function readTmuxId(id: string): TmuxIdentity | null {
  const found = pattern.exec(id)
  if (!found) return null
  const [, host = '', uid, serverPid, number, created] = found
  const identity = {
    host,
    uid: Number(uid),
    serverPid: Number(serverPid),
    number: Number(number),
    created: Number(created),
  }
  // `007` would be a second name of `7`.
  return tmuxId(identity) === id ? identity : null
}

/** What the probe's `kill` reads on its stdin, without the end of the line. */
export function killDigits({ number, created, serverPid }: TmuxIdentity): string {
  return `${number} ${created} ${serverPid}`
}
