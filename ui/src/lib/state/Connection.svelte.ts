import { forgetServerData } from './storage.ts'

export type Reach =
  { state: 'asking' } | { state: 'online' } | { state: 'offline'; since: number } | { state: 'signed_out' }

/** Whether the server answers, as every exchange with it tells. */
export class Connection {
  #reach = $state.raw<Reach>({ state: 'asking' })
  #heardAt = $state<number | null>(null)

  get reach(): Reach {
    return this.#reach
  }

  /** When the server was last heard of, in ms since 1970; null when never. */
  get heardAt(): number | null {
    return this.#heardAt
  }

  /** Why a button cannot do its work now; null when it can. */
  get obstacle(): string | null {
    if (this.#reach.state === 'offline') return 'No connection: nothing is sent later without you.'
    return this.#reach.state === 'signed_out' ? 'You are signed out.' : null
  }

  reached(): void {
    this.#heardAt = Date.now()
    if (this.#reach.state !== 'online') this.#set({ state: 'online' })
  }

  unreached(): void {
    if (this.#reach.state === 'offline' || this.#reach.state === 'signed_out') return
    this.#set({ state: 'offline', since: Date.now() })
  }

  signedOut(): void {
    if (this.#reach.state === 'signed_out') return
    forgetServerData()
    this.#set({ state: 'signed_out' })
  }

  /** Calls `back` whenever the page may have missed something: seen again, restored, network back. */
  onReturn(back: () => void): () => void {
    const seen = (): void => {
      if (document.visibilityState === 'visible') back()
    }
    const restored = (event: PageTransitionEvent): void => {
      if (event.persisted) back()
    }
    document.addEventListener('visibilitychange', seen)
    addEventListener('pageshow', restored)
    addEventListener('online', back)
    return () => {
      document.removeEventListener('visibilitychange', seen)
      removeEventListener('pageshow', restored)
      removeEventListener('online', back)
    }
  }

  /** Learns from the browser that the network is gone, until the returned function is called. */
  start(): () => void {
    const lost = (): void => this.unreached()
    addEventListener('offline', lost)
    return () => removeEventListener('offline', lost)
  }

  #set(reach: Reach): void {
    console.info(`breakglass: connection ${reach.state}`)
    this.#reach = reach
  }
}
