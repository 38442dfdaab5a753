import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemo } from '#app/demo/startDemo.ts'

export const vmName = 'devvm'

/** The VM that the machine is said to run in, on the demo's hypervisor: real SSH, the real host script, a simulated qm. */
export interface SimulatedVm {
  wedge(): void
  isWedged(): boolean
  isRunning(): boolean
  /** The verbs that changed it, in the hypervisor's own records. */
  changes(): string[]
  /** Its entries in a configuration. */
  config: { hypervisors: object; vms: object }
  stop(): Promise<void>
}

export async function startHypervisor(target: string): Promise<SimulatedVm> {
  const dataDir = await mkdtemp(join(tmpdir(), 'drill-vm-'))
  const demo = await startDemo({ dataDir, logger: { info: () => undefined, warn: () => undefined } })
  const { host, port, user, hostKeys, key } = demo.vm.hypervisor
  const keyFile = join(dataDir, 'key')
  writeFileSync(keyFile, 'privateKey' in key ? key.privateKey : '', { mode: 0o600 })
  const at = (name: string): string => join(demo.folder, name)
  return {
    wedge: () => writeFileSync(at('wedge'), ''),
    isWedged: () => existsSync(at('wedge')),
    isRunning: () => !existsSync(at('state')) || readFileSync(at('state'), 'utf8').trim() === 'running',
    changes() {
      if (!existsSync(at('operations'))) return []
      const records = readdirSync(at('operations')).filter((name) => /^op-.*\.verb$/.test(name))
      return records
        .map((name) => readFileSync(join(at('operations'), name), 'utf8').trim())
        .filter((verb) => verb !== 'status' && verb !== 'forensics')
    },
    config: {
      hypervisors: { pve: { host, port, user, host_keys: hostKeys } },
      vms: { [vmName]: { hypervisor: 'pve', key_file: keyFile, targets: [target] } },
    },
    async stop() {
      await demo.stop()
      // An operation may still be writing: it ends by itself, in seconds.
      await rm(dataDir, { recursive: true, maxRetries: 10, retryDelay: 300 })
    },
  }
}
