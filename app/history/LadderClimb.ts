import { namesTier, type Tier } from './ladder.ts'
import { PruneClock } from './PruneClock.ts'
import { rollUp } from './rollUp.ts'
import type { PlacedRow, RowStore } from './RowStore.ts'

/** How far one subject's tiers are made: the beginning of the first step that is not. Index 0 is not used. */
type Made = number[]

const subjectsAtOnce = 50

/**
 * Makes coarser rows of the finer ones that are stored, once a step is over. It keeps nothing that could be lost: after
 * a restart, or on another replica, it goes on from what is there.
 */
export class LadderClimb {
  readonly #rows: RowStore
  readonly #ladder: Tier[]
  readonly #pruneClock = new PruneClock()
  readonly #made = new Map<string, Made>()
  /** The newest moment of subjects that may have a step to make. */
  readonly #due = new Map<string, number>()

  constructor(rows: RowStore, ladder: Tier[]) {
    this.#rows = rows
    this.#ladder = ladder
  }

  /** A row of this moment is stored. */
  note(subject: string, at: number): void {
    const made = this.#made.get(subject)
    if (made && at < (made[1] ?? 0) - 2 * this.#step(1)) {
      // The clock went back: what was made lies in the future.
      this.#made.delete(subject)
    } else if (made && at < (made[1] ?? 0) + this.#step(1)) return
    this.#due.set(subject, at)
  }

  /** It is gone: should it come back, what was made of it is found in the store. */
  forget(subject: string): void {
    this.#made.delete(subject)
  }

  /** Makes what is due. Throws `log_unavailable`; it is due again then. */
  async run(): Promise<void> {
    while (this.#due.size > 0) {
      const some = [...this.#due].slice(0, subjectsAtOnce)
      const made = new Map<string, Made>()
      await Promise.all(
        some.map(async ([subject, at]) => {
          made.set(subject, [...(this.#made.get(subject) ?? (await this.#findMade(subject, at)))])
        }),
      )
      // Each tier is made of the one before it.
      for (let tier = 1; tier < this.#ladder.length; tier += 1) await this.#makeTier(tier, some, made)
      for (const [subject, at] of some) {
        if (this.#due.get(subject) === at) this.#due.delete(subject)
        const now = made.get(subject)
        if (now) this.#made.set(subject, now)
      }
    }
  }

  async #makeTier(tier: number, subjects: [string, number][], made: Map<string, Made>): Promise<void> {
    const step = this.#step(tier)
    const rows: PlacedRow[] = []
    await Promise.all(
      subjects.map(async ([subject, at]) => {
        const until = Math.floor(at / step) * step
        const found = made.get(subject)
        const from = found?.[tier] ?? until
        if (!found || from >= until) return
        const finer = await this.#rows.range(subject, tier - 1, from, until)
        for (const row of rollUp(finer, tier === 1, step)) rows.push({ subject, tier, ...row })
        found[tier] = until
        if (tier === 1) this.#prune(subject, at)
      }),
    )
    if (rows.length === 0) return
    const { left, error } = await this.#rows.append(rows)
    if (left.length > 0) throw error
  }

  /** From the stored rows, as far back as there are finer ones. */
  async #findMade(subject: string, at: number): Promise<Made> {
    const made: Made = [0]
    for (let tier = 1; tier < this.#ladder.length; tier += 1) {
      const step = this.#step(tier)
      const oldest = Math.floor((at - (this.#ladder[tier - 1]?.keepMs ?? 0)) / step) * step
      const last = await this.#rows.lastAt(subject, tier, oldest, at)
      made.push(last === null ? oldest : last + step)
    }
    return made
  }

  #prune(subject: string, now: number): void {
    const at = this.#pruneClock.read(now)
    if (at === null) return
    this.#ladder.forEach(({ keepMs }, tier) => this.#rows.prune(subject, tier, at - keepMs))
    const longest = this.#ladder.at(-1)?.keepMs ?? 0
    this.#rows.prune(subject, namesTier, at - longest - 7 * 86_400_000)
  }

  #step(tier: number): number {
    return this.#ladder[tier]?.stepMs ?? 0
  }
}
