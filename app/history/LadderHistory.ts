import type { Logger } from 'pino'
import { Flusher } from './Flusher.ts'
import type { Figures, History, HistoryPage } from './HistoryStore.ts'
import { namesPeriodMs, namesTier, tierFor, type Tier } from './ladder.ts'
import { LadderClimb } from './LadderClimb.ts'
import { encodeRaw } from './rowCodec.ts'
import type { PlacedRow, RowStore } from './RowStore.ts'
import { namesById, SeriesNames } from './SeriesNames.ts'
import { chooseStep, toPage, type ReadRows } from './toPage.ts'

export interface LadderHistoryOptions {
  rows: RowStore
  ladder: Tier[]
  logger: Pick<Logger, 'info' | 'warn'>
  /** How long writes are gathered. */
  everyMs?: number
  /** Of what waits while the store is away; beyond it the oldest is dropped. */
  maxWaitingBytes?: number
  now?: () => number
}

/** Rows that are written without a break between them. */
const rowsAtOnce = 200
/** How often subjects that nobody adds to any more are looked for, and when they count as such. */
const forgetEveryMs = 3_600_000
const idleMs = 86_400_000
/** What a waiting row takes beside its data. */
const rowOverhead = 120

/** The ladder over a `RowStore`: one row a poll, and coarser ones that are made of it as time goes by. */
export class LadderHistory implements History {
  readonly #rows: RowStore
  readonly #ladder: Tier[]
  readonly #logger: Pick<Logger, 'info' | 'warn'>
  readonly #maxWaitingBytes: number
  readonly #now: () => number
  readonly #names = new Map<string, SeriesNames>()
  readonly #climb: LadderClimb
  readonly #flusher: Flusher
  #waiting: PlacedRow[] = []
  #waitingBytes = 0
  #forgotAt = 0
  #dropping = false

  constructor({ rows, ladder, logger, everyMs, maxWaitingBytes = 16_777_216, now }: LadderHistoryOptions) {
    this.#rows = rows
    this.#ladder = ladder
    this.#logger = logger
    this.#maxWaitingBytes = maxWaitingBytes
    this.#now = now ?? Date.now
    this.#climb = new LadderClimb(rows, ladder)
    const work = () => this.#write()
    this.#flusher = new Flusher({ work, what: 'history', logger, ...(everyMs !== undefined && { everyMs }) })
  }

  add(subject: string, at: number, figures: Figures): void {
    let names = this.#names.get(subject)
    if (!names) this.#names.set(subject, (names = new SeriesNames()))
    const known = names
    known.enter(at)
    const data = encodeRaw(figures, (name, metric) => known.idOf(name, metric))
    if (data.length === 0) return
    const fresh = known.takeFresh(subject)
    if (fresh) this.#wait(fresh)
    this.#wait({ subject, tier: 0, at, data })
    this.#flusher.wake()
    if (Math.abs(at - this.#forgotAt) >= forgetEveryMs) this.#forget(at)
  }

  /** Of subjects that nobody adds to any more nothing is kept here; of one that comes back all is found in the store. */
  #forget(now: number): void {
    this.#forgotAt = now
    for (const [subject, names] of this.#names) {
      if (now - names.usedAt < idleMs) continue
      this.#names.delete(subject)
      this.#climb.forget(subject)
    }
  }

  async read(
    subject: string,
    { from, to, stepMs }: { from: number; to: number; stepMs?: number },
  ): Promise<HistoryPage> {
    // What was written before can be read also while nothing can be added to it; why not is told by the flusher.
    await this.#flusher.flush().catch(() => undefined)
    const now = this.#now()
    const coarsest = tierFor(this.#ladder, from, now)
    // Whoever asks may name any year, and each stretch of the range is looked up: nothing is outside of these.
    const end = Math.min(to, now + this.#stepMs(this.#ladder.length - 1))
    const read: ReadRows[] = []
    // What is not yet in the coarse rows, as the last hour, is in finer ones.
    let start = from - (from % (this.#stepMs(coarsest) || 1))
    for (let tier = coarsest; tier >= 0 && start < end; tier -= 1) {
      const oldest = now - (this.#ladder[tier]?.keepMs ?? 0) - this.#stepMs(tier + 1)
      const rows = await this.#rows.range(subject, tier, Math.max(start, oldest), end)
      read.push({ raw: tier === 0, rows })
      const last = rows.at(-1)
      if (last) start = last.at + (this.#stepMs(tier) || 1)
    }
    const oldest = Math.max(from, now - (this.#ladder.at(-1)?.keepMs ?? 0))
    const names = await this.#rows.range(
      subject,
      namesTier,
      oldest - (oldest % namesPeriodMs) - namesPeriodMs,
      end + namesPeriodMs,
    )
    const step = chooseStep(read, {
      ...{ from, to, tierStepMs: this.#stepMs(coarsest) },
      ...(stepMs !== undefined && { stepMs }),
    })
    return toPage(read, namesById(names), { from, to, stepMs: step })
  }

  close(): Promise<void> {
    return this.#flusher.close()
  }

  #stepMs(tier: number): number {
    return (this.#ladder[tier] ?? this.#ladder.at(-1))?.stepMs ?? 0
  }

  #wait(row: PlacedRow): void {
    this.#waiting.push(row)
    this.#waitingBytes += row.data.length + rowOverhead
    if (this.#waitingBytes <= this.#maxWaitingBytes) return
    if (!this.#dropping) this.#logger.warn('history waits for its store, and its oldest figures are dropped')
    this.#dropping = true
    // A tenth at once: taking them off one by one would move all others each time. Names stay: they tell what the rest is.
    const tenth = Math.ceil(this.#waiting.length / 10)
    const kept = this.#waiting.filter(({ tier }, index) => index >= tenth || tier === namesTier)
    this.#setWaiting(kept)
  }

  #setWaiting(rows: PlacedRow[]): void {
    this.#waiting = rows
    this.#waitingBytes = rows.reduce((sum, { data }) => sum + data.length + rowOverhead, 0)
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, rowsAtOnce)
      this.#setWaiting(this.#waiting)
      const { left, error } = await this.#rows.append(taken)
      if (left.length > 0) {
        this.#setWaiting([...left, ...this.#waiting])
        throw error
      }
      for (const { subject, tier, at } of taken) if (tier === 0) this.#climb.note(subject, at)
      await this.#climb.run()
      // Others come to their turn.
      if (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await this.#climb.run()
    this.#dropping = false
  }
}
