import { homedir } from 'node:os'
import { resolve } from 'node:path'

/** An absolute path; `~/` is the home folder of the account that runs the server. */
export function resolvePath(base: string, path: string): string {
  return path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(base, path)
}
