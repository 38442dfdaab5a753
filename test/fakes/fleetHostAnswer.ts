import type { SshRun } from './sshAttempts.ts'

/** One section as the probe told it. */
export interface AnswerSection {
  code: number
  ms: number
  lines: string[]
}

/**
 * What `collect` told, by section, without the product's own parser. Throws for an answer that is cut off or has a line
 * that belongs to no section. `encoding`: how stdout was decoded; SSH attempts keep the bytes.
 */
export function fleetHostAnswer(
  { stdout, stderr, code }: SshRun,
  encoding: 'latin1' | 'utf8' = 'latin1',
): Map<string, AnswerSection> {
  const all = Buffer.from(stdout, encoding).toString('utf8').split('\n')
  const nonce = /^breakglass-probe 1 ([0-9a-f]{16})$/.exec(all[0] ?? '')?.[1]
  if (nonce === undefined || all.at(-2) !== `${nonce} done` || all.at(-1) !== '')
    throw new Error(`no whole answer (${code}): ${stdout.slice(-500)} ${stderr}`)
  const sections = new Map<string, AnswerSection>()
  let open: string | undefined
  for (const line of all.slice(1, -2)) {
    const [mark, word, name = '', exit, ms] = line.split(' ')
    if (mark === nonce && word === 'begin') {
      open = name
      sections.set(name, { code: NaN, ms: NaN, lines: [] })
    } else if (mark === nonce && word === 'end' && name === open) {
      Object.assign(sections.get(name) ?? {}, { code: Number(exit), ms: Number(ms) })
      open = undefined
    } else if (open !== undefined) sections.get(open)?.lines.push(line)
    else throw new Error(`a line of no section: ${line}`)
  }
  return sections
}

/** One tmux session, with the server that has it. */
export interface ToldSession {
  uid: number
  user: string
  server: number
  isDefault: boolean
  socket: string
  n: number
  created: number
  lastAttached: string
  clients: number
  windows: number
  name: string
  panes: number[]
}

/** The tmux sessions that an answer has, in its order. */
export function toldSessions(answer: Map<string, AnswerSection>): ToldSession[] {
  const told: ToldSession[] = []
  let server: Pick<ToldSession, 'uid' | 'user' | 'server' | 'isDefault' | 'socket'> | undefined
  for (const line of answer.get('tmux')?.lines ?? []) {
    const words = line.split(' ')
    if (words[0] === 'server') {
      server = {
        uid: Number(words[1]),
        user: words[2] ?? '',
        server: Number(words[3]),
        isDefault: words[5] === '1',
        socket: words.slice(6).join(' '),
      }
    } else if (words[0] === 'session' && server) {
      const [, n, created, lastAttached = '', , clients, windows] = words
      told.push({
        ...server,
        n: Number(n),
        created: Number(created),
        lastAttached,
        clients: Number(clients),
        windows: Number(windows),
        name: words.slice(7).join(' '),
        panes: [],
      })
    } else if (words[0] === 'pane') {
      told
        .find((one) => one.server === server?.server && one.n === Number(words[1]))
        ?.panes.push(Number(words[2]))
    }
  }
  return told
}

/** Their names, which tests compare with. */
export const toldNames = (answer: Map<string, AnswerSection>): string[] =>
  toldSessions(answer).map(({ user, name }) => `${user}: ${name}`)

/** Servers that could not be read: `USER SOCKET<TAB>WHY`. */
export const toldErrors = (answer: Map<string, AnswerSection>): string[] =>
  (answer.get('tmux')?.lines ?? [])
    .filter((line) => line.startsWith('error '))
    .map((line) => line.split(' ').slice(2).join(' '))
