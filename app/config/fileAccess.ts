import { accessSync, constants, statSync } from 'node:fs'

/** Why a file cannot be read, in words; undefined when it can. */
export function whyUnreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).isDirectory() ? 'is a folder' : undefined
  } catch (error) {
    return whyFailed(error)
  }
}

/** Why a folder cannot be read, in words; undefined when it can. */
export function whyNoFolder(path: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return 'is no folder'
    accessSync(path, constants.R_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return whyFailed(error)
  }
}

/** The reason of a failed file operation, without the path. */
export function whyFailed(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  switch (code) {
    case 'ENOENT':
      return 'does not exist'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this account'
    case 'EISDIR':
      return 'is a folder'
    case 'ENOTDIR':
      return 'lies under something that is not a folder'
    default:
      return `cannot be read (${code})`
  }
}

/** True when accounts outside the file's group can read it. */
export function isOpenToAll(path: string): boolean {
  return (statSync(path).mode & 0o004) !== 0
}

/**
 * A path for a message. What does not look like a path may be the secret itself, put where its file's path
 * belongs: it is not repeated.
 */
export function printablePath(value: string): string {
  const looksLikePath = /^[\w./@+~ -]{1,200}$/.test(value) && /[./]/.test(value) && !/^bg_|^-/.test(value)
  return looksLikePath ? `"${value}"` : 'something that does not look like a path (not shown)'
}
