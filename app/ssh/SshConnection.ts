import type { Client } from 'ssh2'

/** One authenticated connection. It is never revived: a dead one is replaced. */
export class SshConnection {
  readonly client: Client
  #dead = false
  #retired = false
  #inFlight = 0

  /** `client` is ready and its errors are handled by the one who opened it. */
  constructor(client: Client) {
    this.client = client
    const onDead = () => {
      this.#dead = true
    }
    client.once('error', onDead)
    client.once('end', onDead)
    client.once('close', onDead)
  }

  /** It broke, or was closed: what was in flight is lost, nothing more can be sent. */
  get dead(): boolean {
    return this.#dead
  }

  /** May carry another command. */
  get usable(): boolean {
    return !this.#dead && !this.#retired
  }

  /** Commands that hold or ask for a channel now. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Counts one command for as long as it holds or asks for a channel; the returned function ends that. */
  begin(): () => void {
    this.#inFlight += 1
    return () => {
      this.#inFlight -= 1
      if (this.#retired && this.#inFlight === 0) this.close()
    }
  }

  /** Takes no more commands and closes when the last one in flight has ended. */
  retire(): void {
    this.#retired = true
    if (this.#inFlight === 0) this.close()
  }

  /** Closes at once. */
  close(): void {
    this.#dead = true
    // `end` says goodbye to the server, `destroy` does not wait for its answer.
    this.client.end()
    this.client.destroy()
  }
}
