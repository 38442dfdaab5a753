import { globSync } from 'node:fs'

/** libfaketime, as Debian's package `faketime` brings it; undefined where it is not installed. */
export function findFaketime(): string | undefined {
  return globSync(['/usr/lib/*/faketime/libfaketime.so.1', '/usr/lib/faketime/libfaketime.so.1'])[0]
}
