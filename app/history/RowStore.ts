export interface Row {
  /** Ms since 1970: when it was read, or the beginning of its step. */
  at: number
  data: Buffer
}

export interface PlacedRow extends Row {
  subject: string
  tier: number
}

/** Where the rows of the ladder lie. It knows nothing of what is in them. All but `append` throw `log_unavailable`. */
export interface RowStore {
  /** Never rejects: resolves to those that could not be written, with why. A row that is there already may be replaced. */
  append(rows: PlacedRow[]): Promise<{ left: PlacedRow[]; error?: unknown }>
  /** Those from `from` on and before `to`, in the order of time, each moment once. */
  range(subject: string, tier: number, from: number, to: number): Promise<Row[]>
  /** The newest moment in the same range; null: none. */
  lastAt(subject: string, tier: number, from: number, to: number): Promise<number | null>
  /** Forgets what is older, where that does not happen by itself. */
  prune(subject: string, tier: number, before: number): void
}
