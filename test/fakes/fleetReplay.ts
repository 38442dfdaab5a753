import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSshKeyPair } from '#app/demo/openSshKeyPair.ts'
import type { FleetHost } from '#app/fleet/FleetHost.ts'
import { defaultThresholds } from '#app/schema/thresholds.ts'
import { probeText, type ProbeFigures } from './probeText.ts'
import { startSshd, type SshdOptions } from './sshd.ts'

export interface ReplayHost {
  name: string
  keyFile: string
  /** From now on its probe prints this, to `collect` (each time that it is asked) and to `kill` alike. */
  say(output: string): void
  /** The same, of a healthy machine. */
  show(figures?: ProbeFigures): void
  /** From now on its forced command is these lines of `sh`, which end; what was asked is in SSH_ORIGINAL_COMMAND. */
  run(script: string): void
  /** How often it was asked. */
  runs(): number
}

/** One sshd that stands for many hosts: each has a key of its own, whose forced command prints what that host says. */
export interface FleetReplay {
  port: number
  user: string
  hostKeys: string[]
  host(name: string): ReplayHost
  /** As `FleetService` takes it. */
  fleetHost(name: string, more?: Partial<FleetHost>): FleetHost
  /** As `fleet.hosts` of a configuration has them. */
  config(): Record<
    string,
    { host: string; port: number; user: string; key_file: string; host_keys: string[] }
  >
  /** What sshd logged so far. */
  log(): string
  killConnections(): void
  stop(): Promise<void>
}

export interface FleetReplayOptions extends SshdOptions {
  /** As cheap as can be: without the count of `runs`, and always with what was said first. `once` is answered once. */
  uncounted?: boolean
}

/** Answers, and once more for each line, as the probe does. */
const again = (answer: string): string => `${answer}; while read -r _; do ${answer}; done`

/** All hosts begin healthy. */
export async function startFleetReplay(
  names: string[],
  options: FleetReplayOptions = {},
): Promise<FleetReplay> {
  const { uncounted = false, ...sshdOptions } = options
  const folder = mkdtempSync(join(tmpdir(), 'fleet-replay-'))
  const hosts = new Map(names.map((name) => [name, createHost(folder, name, uncounted)]))
  const sshd = await startSshd({
    maxStartups: '2000:30:4000',
    ...sshdOptions,
    authorizedKeys: [...hosts.values()].map(({ authorizedKey }) => authorizedKey),
  })
  const { port, user, hostKeys, log, killConnections } = sshd
  const { addresses = ['127.0.0.1'] } = sshdOptions
  const addressOf = (name: string): string => addresses[names.indexOf(name) % addresses.length] ?? ''
  const hostOf = (name: string): ReplayHost => {
    const found = hosts.get(name)
    if (!found) throw new Error(`no replayed host is called ${name}`)
    return found
  }
  return {
    ...{ port, user, hostKeys, log, killConnections, host: hostOf },
    fleetHost: (name, more = {}) => ({
      name,
      address: addressOf(name),
      destination: { name, host: addressOf(name), port, user, hostKeys, key: { file: hostOf(name).keyFile } },
      ...{ groups: [], tags: [], hasGpu: 'auto', thresholds: defaultThresholds },
      ...{ legacyAfterMs: 259_200_000, intervalMs: 30_000, watchedIntervalMs: 5_000 },
      ...more,
    }),
    config: () =>
      Object.fromEntries(
        names.map((name) => [
          name,
          { host: addressOf(name), port, user, key_file: hostOf(name).keyFile, host_keys: hostKeys },
        ]),
      ),
    async stop() {
      await sshd.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function createHost(
  folder: string,
  name: string,
  uncounted: boolean,
): ReplayHost & { authorizedKey: string } {
  const { privateKey, publicKey } = openSshKeyPair()
  const path = (kind: string): string => join(folder, `${name}.${kind}`)
  const keyFile = path('key')
  writeFileSync(keyFile, privateKey, { mode: 0o600 })
  // Replaced as a whole, because a probe may be reading it.
  const replace = (kind: string, text: string): void => {
    writeFileSync(path(`${kind}.new`), text)
    chmodSync(path(`${kind}.new`), 0o755)
    renameSync(path(`${kind}.new`), path(kind))
  }
  const say = (output: string): void => {
    rmSync(path('run'), { force: true })
    replace('out', output)
    replace('sh', `cat '${path('out')}'\n`)
  }
  const show = (figures: ProbeFigures = {}): void => say(probeText({ hostname: name, ...figures }))
  show()
  // What is said next counts for the next question, also of a command that has begun before.
  const answer = `printf . >>'${path('runs')}'; sh '${path('sh')}' || exit; [ -e '${path('run')}' ] && exit`
  writeFileSync(path('loop'), again(uncounted ? `cat '${path('out')}'` : answer))
  const once = uncounted ? `[ $SSH_ORIGINAL_COMMAND = once ] && exec cat '${path('out')}'; ` : ''
  const command = `${once}exec sh '${path('loop')}'`
  return {
    ...{ name, keyFile, say, show },
    authorizedKey: `restrict,command="${command}" ${publicKey} ${name}`,
    run(script) {
      writeFileSync(path('run'), '')
      replace('sh', `${script}\n`)
    },
    runs: () => (existsSync(path('runs')) ? statSync(path('runs')).size : 0),
  }
}
