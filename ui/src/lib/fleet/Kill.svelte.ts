import type { KillResult, TmuxSession } from '#app/schema/fleet.ts'
import type { Failure } from '#ui/api/request.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'

/**
 * `warned`: it is active, and the operator was told so. `refused`: nothing was killed. `unknown`: it may have been,
 * and nobody can tell.
 */
export type KillStep =
  | { step: 'asking' }
  | { step: 'warned' }
  | { step: 'running' }
  | { step: 'ended'; result: KillResult }
  | { step: 'refused'; why: string }
  | { step: 'unknown'; why: string }

/** One tmux session's end, from the question to what came of it. A token is asked for when the operator has decided. */
export class Kill {
  readonly #api: FleetApi
  readonly tmux: TmuxSession
  #at = $state.raw<KillStep>({ step: 'asking' })

  constructor(api: FleetApi, tmux: TmuxSession) {
    this.#api = api
    this.tmux = tmux
  }

  get at(): KillStep {
    return this.#at
  }

  /** The operator goes on although somebody may be working in it. */
  warn(): void {
    if (this.#at.step === 'asking') this.#at = { step: 'warned' }
  }

  /** Asks anew after a refusal. */
  again(): void {
    if (this.#at.step === 'refused') this.#at = { step: 'asking' }
  }

  /** `active`: as it is now; an active one is killed only after `warn`. */
  async confirm(active: boolean): Promise<void> {
    const from = this.#at.step
    if (from !== 'warned' && (active || from !== 'asking')) return
    this.#at = { step: 'running' }
    const token = await this.#api.killToken(this.tmux.id, active)
    if (!token.ok) {
      // Without a token nothing can have been killed, whatever became of the request.
      this.#at = { step: 'refused', why: refusalOf(token.failure) }
      return
    }
    const answer = await this.#api.kill(this.tmux.id, token.value.token)
    if (answer.ok) this.#at = { step: 'ended', result: answer.value }
    else if (isUnknown(answer.failure)) this.#at = { step: 'unknown', why: answer.failure.detail }
    else this.#at = { step: 'refused', why: refusalOf(answer.failure) }
  }
}

/** Server errors that say that nothing was killed; any other may have come after the kill went out. */
const nothingKilled = new Set(['failed', 'unreachable', 'log_unavailable', 'draining', 'not_ready'])

/** It may have been killed: the answer to the kill was lost, or it came from a server that cannot tell either. */
function isUnknown(failure: Failure): boolean {
  if (failure.kind === 'offline') return true
  return failure.kind === 'refused' && failure.status >= 500 && !nothingKilled.has(failure.code)
}

function refusalOf(failure: Failure): string {
  if (failure.kind !== 'refused') return failure.detail
  if (failure.status === 404)
    return 'It is not there any more: it ended by itself, or somebody else was quicker.'
  if (failure.status === 410)
    return 'The confirmation was too old, or had been used. Look again and decide anew.'
  return failure.detail
}
