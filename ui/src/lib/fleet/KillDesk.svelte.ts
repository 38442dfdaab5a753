import type { Host, TmuxSession } from '#app/schema/fleet.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import { plainText } from '#ui/text/visibleText.ts'
import type { Fleet } from './Fleet.svelte.ts'
import { Kill } from './Kill.svelte.ts'
import { sayStep } from './killWords.ts'

/** What is asked about, as it was when the question was opened. */
export interface KillQuestion {
  tmux: TmuxSession
  host: Host
  kill: Kill
}

/** Asks whether a tmux session is to be killed, one at a time, and tells what came of it whoever still looks. */
export class KillDesk {
  readonly #api: FleetApi
  readonly #fleet: Fleet
  readonly #tell: (words: string) => void
  #asked = $state.raw<KillQuestion | null>(null)

  /** `tell` is called with the outcome of a kill whose question was closed meanwhile. */
  constructor(api: FleetApi, fleet: Fleet, tell: (words: string) => void) {
    this.#api = api
    this.#fleet = fleet
    this.#tell = tell
  }

  get asked(): KillQuestion | null {
    return this.#asked
  }

  ask(id: string): void {
    for (const host of this.#fleet.hosts) {
      const tmux = host.tmux.find((one) => one.id === id)
      if (tmux !== undefined) this.#asked = { tmux, host, kill: new Kill(this.#api, tmux) }
    }
  }

  close(): void {
    this.#asked = null
  }

  /** `active`: as it is now. */
  async confirm(active: boolean): Promise<void> {
    const question = this.#asked
    if (question === null) return
    const { tmux, host, kill } = question
    await kill.confirm(active)
    if (this.#asked !== question) this.#tell(`${plainText(tmux.name)} on ${host.name}: ${sayStep(kill.at)}`)
    await this.#fleet.refresh(host.name)
    await this.#fleet.watch([host.name])
  }
}
