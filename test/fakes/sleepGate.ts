import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SleepGate {
  /** For the PATH of a server: its folder comes first. */
  path: string
  /** From now on whoever sleeps goes on sleeping. */
  hold(): Promise<void>
  release(): Promise<void>
  remove(): Promise<void>
}

/**
 * A `sleep` that lasts as long as a test wants. Probes that sample twice, a second apart, call it, so a turn of
 * Triage stays under way while it is held.
 */
export async function sleepGate(): Promise<SleepGate> {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-sleep-'))
  const held = join(folder, 'held')
  const script = `#!/bin/sh\nwhile [ -e '${held}' ]; do /bin/sleep 0.02; done\nexec /bin/sleep "$@"\n`
  await writeFile(join(folder, 'sleep'), script, { mode: 0o755 })
  return {
    path: `${folder}:${process.env.PATH}`,
    hold: () => writeFile(held, ''),
    release: () => rm(held, { force: true }),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
