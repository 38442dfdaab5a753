import { AppError } from '#app/errors.ts'

/** SQLite's primary result codes (https://sqlite.org/rescode.html) that have a sentence of their own. */
const sentences: Record<number, string> = {
  5: 'is in use by another process; only one can use it at a time',
  8: 'cannot be written: it is read-only',
  10: 'cannot be read or written: the disk reports an error',
  11: 'is damaged; move it away to begin with an empty log, or restore it from a backup',
  13: 'cannot grow: the disk is full',
  14: 'cannot be opened; its folder must exist and be writable',
  26: 'is not a log of Breakglass; move it away to begin with an empty log',
}

const inUse = 5

/** What went wrong with the log file, in a sentence that names it; `in_use` is true when another process has it. */
export function toSqliteError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error
  // node:sqlite puts SQLite's extended result code there.
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : -1
  const why = error instanceof Error ? error.message : String(error)
  return new AppError(
    'log_unavailable',
    `The log file ${path} ${sentences[code] ?? `cannot be used: ${why}`}.`,
    { in_use: code === inUse },
  )
}
