import type { HostHistory } from '#app/schema/fleet.ts'
import type { Answer } from '#ui/api/request.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'

const dayMs = 86_400_000
/** 24 hours are 144 points then: two for each pixel that a phone has for a line. */
export const stepS = 600
/** So long one answer serves all lines of a host. */
const freshMs = 60_000

interface Known {
  at: number
  answer: Promise<Answer<HostHistory>>
}

/** The last 24 hours of hosts, each read once for all that is drawn of it. */
export class Histories {
  readonly #api: Pick<FleetApi, 'history'>
  readonly #known = new Map<string, Known>()

  constructor(api: Pick<FleetApi, 'history'>) {
    this.#api = api
  }

  /** `now` is the server's time. What failed is read anew. */
  of(host: string, now: number): Promise<Answer<HostHistory>> {
    for (const [name, { at }] of this.#known) if (now - at >= freshMs) this.#known.delete(name)
    const known = this.#known.get(host)
    if (known !== undefined) return known.answer
    const answer = this.#api.history(host, now - dayMs, stepS)
    this.#known.set(host, { at: now, answer })
    void answer.then(({ ok }) => {
      if (!ok && this.#known.get(host)?.answer === answer) this.#known.delete(host)
    })
    return answer
  }
}
