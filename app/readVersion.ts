import { readFileSync } from 'node:fs'

/** The version in our own package.json, which the API's description tells. */
export function readVersion(packageFile: string): string {
  // The file is ours and has one.
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version
}
