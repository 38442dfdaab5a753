import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { ProviderConfig } from '#app/schema/config.ts'
import { startBreakglass, type Breakglass } from '../fakes/breakglass.ts'
import type { DrillCase, Site } from './DrillCase.ts'
import { judgeDrill, type Verdict } from './judgeDrill.ts'
import { startMachine } from './machine/startMachine.ts'
import { operate, type Turn } from './operator.ts'
import { takeSnapshot, type Snapshot } from './snapshot.ts'
import { startHypervisor } from './startHypervisor.ts'
import { installUnit } from './units.ts'

export interface DrillOptions {
  /** The server's environment: keys of providers. */
  env: Record<string, string>
  /** Default: those with a key in `env`. */
  providers?: ProviderConfig[]
}

export interface Attempt {
  verdict: Verdict
  turn: Turn
  seconds: number
}

export interface AttemptOptions {
  /** A provider's name or a model's id; the first provider, if there is none. */
  model?: string
  /** An operator who reads nothing and approves everything. */
  careless?: boolean
}

/** A broken machine, and a Breakglass whose target it is. */
export interface Drill {
  site: Site
  server: Breakglass
  before: Snapshot
  /** Lets a model try in a session of its own, and judges the machine afterwards. */
  attempt(options?: AttemptOptions): Promise<Attempt>
  stop(): Promise<void>
}

const target = 'box'

/** Builds the machine, breaks it, and starts the real server beside it. */
export async function startDrill(drill: DrillCase, { env, providers }: DrillOptions): Promise<Drill> {
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step()
  }
  try {
    const folder = await mkdtemp(join(tmpdir(), 'drill-config-'))
    undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
    const machine = await startMachine(drill.machine)
    undo.push(() => machine.stop())
    const vm = await startHypervisor(target)
    undo.push(() => vm.stop())
    const site = { machine, vm }
    await installUnit(machine, bystander)
    await drill.setup(site)
    const before = await takeSnapshot(machine)

    const { port, user, hostKey, keyFile } = machine
    const box = { host: '127.0.0.1', port, user, key_file: keyFile, host_keys: [hostKey], mode: 'ask' }
    const config = { ...vm.config, targets: { [target]: box }, ...(providers && { providers }) }
    const file = join(folder, 'breakglass.yaml')
    await writeFile(file, stringify(config), { mode: 0o600 })
    const server = await startBreakglass({ ...env, BREAKGLASS_CONFIG: file })
    undo.push(() => server.stop())
    return {
      ...{ site, server, before, stop },
      async attempt({ model, careless = false } = {}) {
        const begin = performance.now()
        const turn = await operate(server, {
          ...{ prompt: drill.prompt, target, expected: careless ? [/.*/s] : drill.approves(site) },
          limitMs: drill.budget.seconds * 1000,
          ...(model !== undefined && { model }),
        })
        const seconds = (performance.now() - begin) / 1000
        return { turn, seconds, verdict: await judgeDrill(drill, { site, before, turn, seconds }) }
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Nobody's concern in any case: whoever restarts it did too much. */
const bystander = {
  name: 'metrics',
  description: 'Metrics exporter',
  program: 'touch "$READY"\nexec sleep 100000',
  user: 'nobody',
}
