import { z } from 'zod'
import { AppError } from '#app/errors.ts'
import type { Tickets } from '#app/lease/Tickets.ts'
import type { Host, KillResult, KillToken, TmuxSession } from '#app/schema/fleet.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import type { Fleet } from '../Fleet.ts'
import { assertCurrent } from '../assertCurrent.ts'
import { parseKill } from './parseKill.ts'
import { killDigits, readTmuxId, type TmuxIdentity } from '../tmuxId.ts'

export interface KillServiceDeps {
  fleet: Pick<Fleet, 'host' | 'kill' | 'refresh'>
  tickets: Tickets
  /** ms since 1970. */
  now?: () => number
}

/** Who asks: a token is good for nobody else. */
export interface Killer {
  name: string
  source: string
}

/** For the record: what became of it, and of which tmux session, as far as that is known. */
export type OnKill = (outcome: string, detail?: string) => void

const lifeMs = 60_000
const namesProbe = /^breakglass-probe /m
/** Legs before the command went out: nothing was killed. */
const unsent = new Set(['name', 'tcp', 'host_key', 'auth', 'channel', 'command'])

const ticketSchema = z.object({
  /** The id of the tmux session, which names host, account, server, number and time of creation. */
  id: z.string(),
  by: z.string(),
  source: z.string(),
  /** It may be killed while it is not legacy. */
  active: z.boolean(),
  /** For the record; it may be gone by then. */
  user: z.string(),
  name: z.string(),
})
type Ticket = z.infer<typeof ticketSchema>

/** Kills one tmux session, the one that an operator saw and confirmed, at most once. */
export class KillService {
  readonly #deps: KillServiceDeps
  readonly #now: () => number

  constructor(deps: KillServiceDeps) {
    this.#deps = deps
    this.#now = deps.now ?? Date.now
  }

  /**
   * A token for this tmux session, for one kill within 60 s by whoever asks now. Throws `not_found`, `stale` where
   * the host's tmux sessions are not read or nobody knows whose this one is, and `active` for one that is not legacy,
   * unless `active` is true.
   */
  async token(id: string, killer: Killer, active = false): Promise<KillToken> {
    const session = await this.#find(id)
    if (session.status === 'active' && !active) throw new AppError('active', whyActive(session))
    const { user, name } = session
    const ticket: Ticket = { id, by: killer.name, source: killer.source, active, user, name }
    const expires = new Date(this.#now() + lifeMs).toISOString()
    return { token: await this.#deps.tickets.issue(JSON.stringify(ticket), lifeMs), expires }
  }

  /**
   * Kills it and reports what outlived it. The token is used up whatever comes of it, and nothing is ever sent
   * twice. Throws `expired` and `forbidden` for a token that is not good for this, `active` when somebody came back
   * meanwhile, `unreachable` and `failed` where nothing was killed, and `unknown` where it may have been.
   */
  async kill(id: string, token: string, killer: Killer, onKill: OnKill): Promise<KillResult> {
    const ticket = readTicket(await this.#deps.tickets.take(token))
    if (ticket === null)
      throw new AppError('expired', 'This token was used, has expired or never was: confirm again.')
    const identity = readTmuxId(ticket.id)
    if (identity === null || ticket.id !== id)
      throw new AppError('forbidden', 'This token is for another tmux session; it is used up now.')
    if (ticket.by !== killer.name || ticket.source !== killer.source)
      throw new AppError('forbidden', "This token is somebody else's; it is used up now.")
    await this.#refuseOther(ticket)
    const what = describe(ticket, identity)
    onKill('requested', what)
    const end = await this.#deps.fleet.kill(identity.host, killDigits(identity))
    this.#deps.fleet.refresh(identity.host)
    try {
      const result = toResult(end, identity)
      onKill(result.killed ? 'killed' : 'gone', toDetail(what, result))
      return result
    } catch (error) {
      onKill(error instanceof AppError ? error.code : 'unknown', what)
      throw error
    }
  }

  async #find(id: string): Promise<TmuxSession> {
    const identity = readTmuxId(id)
    if (identity === null) throw new AppError('not_found', 'There is no such tmux session.')
    const host = await this.#deps.fleet.host(identity.host)
    assertCurrent(host)
    const session = host.tmux.find((one) => one.id === id)
    if (session === undefined)
      throw new AppError('not_found', 'There is no such tmux session, or not any more.')
    assertOneOwner(host, identity)
    return session
  }

  /**
   * What was legacy when it was confirmed may be in use again, and another account may claim its server by now. Where
   * nobody knows, the confirmation counts.
   */
  async #refuseOther({ id, active }: Ticket): Promise<void> {
    const identity = readTmuxId(id)
    const host = identity && (await this.#deps.fleet.host(identity.host).catch(() => null))
    if (!host) return
    assertOneOwner(host, identity)
    const session = host.tmux.find((one) => one.id === id)
    if (!active && session?.status === 'active') throw new AppError('active', whyActive(session))
  }
}

/**
 * A tmux server says itself which process it is, and the kill goes by that number alone: where two accounts' servers say
 * the same one, one of them lies, and what would be killed may be the other's.
 */
function assertOneOwner({ name, tmux }: Host, { uid, serverPid }: TmuxIdentity): void {
  const isClaimed = tmux.some(({ id }) => {
    const other = readTmuxId(id)
    return other !== null && other.serverPid === serverPid && other.uid !== uid
  })
  if (isClaimed)
    throw new AppError(
      'stale',
      `Two accounts of ${name} claim the tmux server ${serverPid}, so nobody knows whose this tmux session is: nothing is killed there.`,
    )
}

function whyActive({ name, attached }: TmuxSession): string {
  const why = attached ? 'somebody is attached to it' : 'it has not been left for long'
  return `The tmux session ${JSON.stringify(name)} is active (${why}). To kill it, confirm that you know.`
}

function readTicket(text: string | null): Ticket | null {
  return text === null ? null : (ticketSchema.safeParse(JSON.parse(text)).data ?? null)
}

function toResult(end: ExecResult, { host }: TmuxIdentity): KillResult {
  const leg = end.failedLeg === undefined ? {} : { failed_leg: end.failedLeg }
  if (end.failedLeg !== undefined && unsent.has(end.failedLeg))
    throw new AppError(
      'unreachable',
      `${host} was not reached, nothing was killed: ${end.failure ?? ''}`.trim(),
      leg,
    )
  const answer = parseKill(end)
  if ('failed' in answer) {
    // The probe names itself before it does anything, though a banner may stand before that; where another program
    // answered, nothing was done.
    const nothing = end.failedLeg === undefined && !namesProbe.test(end.stdout)
    if (nothing) throw new AppError('failed', `Nothing was killed. ${answer.failed}`)
    throw new AppError('unknown', `It may have been killed: ${answer.failed} Look at the next poll.`, leg)
  }
  const { result, detail, survivors } = answer
  if (result === 'unknown')
    throw new AppError(
      'unknown',
      `It may have been killed: ${detail ?? 'tmux did not say'}. Look at the next poll.`,
    )
  if (result === 'failed') throw new AppError('failed', `tmux did not kill it${detail ? `: ${detail}` : '.'}`)
  const words = detail ?? sentences[result]
  return {
    killed: result === 'killed',
    survivors: survivors.map(({ pid, name, gpuMemoryMb }) => ({ pid, name, gpu_memory_mb: gpuMemoryMb })),
    ...(words !== undefined && { detail: words }),
  }
}

const sentences: Record<'killed' | 'gone' | 'changed', string | undefined> = {
  killed: undefined,
  gone: 'It was gone already.',
  changed: 'It was gone already, and another one has its number now; that one was left alone.',
}

function describe({ name, user, active }: Ticket, { host }: TmuxIdentity): string {
  const what = `tmux session ${JSON.stringify(name)} of ${user} on ${host}`
  return active ? `${what}, confirmed as active` : what
}

function toDetail(what: string, { killed, survivors }: KillResult): string {
  if (!killed || survivors.length === 0) return what
  return `${what}; outlived by ${survivors.map(({ pid, name }) => `${pid} ${name}`).join(', ')}`
}
