import { access, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { VmPlace } from '#app/power/PowerVm.ts'
import { startDemoHypervisor } from './demoHypervisor.ts'

export interface DemoOptions {
  /** BREAKGLASS_DATA; the simulated VM keeps its state in `demo` there. */
  dataDir: string
  logger: Pick<Logger, 'info' | 'warn'>
}

export interface Demo {
  vm: VmPlace
  /** The simulated VM's folder: a file `wedge` there wedges it, see `app/demo/qm`. */
  folder: string
  stop: () => Promise<void>
}

const hostScripts = join(import.meta.dirname, '../power/host')

/**
 * A hypervisor and a VM that exist only here: a real SSH server on loopback that runs the real host script, which
 * acts on a simulated `qm`. All that is simulated is that `qm`.
 */
export async function startDemo({ dataDir, logger }: DemoOptions): Promise<Demo> {
  const folder = join(dataDir, 'demo')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await mkdir(join(folder, 'pve'), { recursive: true })
  // As the cluster's file system lists it.
  const nodes = { ids: { 100: { node: hostname().split('.')[0], type: 'qemu', version: 1 } } }
  await writeFile(join(folder, 'pve/.vmlist'), `${JSON.stringify(nodes)}\n`)
  const qm = join(folder, 'qm')
  // It is called by this name, which is how it finds its state; made anew, as the program may have moved.
  await rm(qm, { force: true })
  await symlink(join(import.meta.dirname, 'qm'), qm)
  const since = join(folder, 'since')
  await access(since).catch(() => writeFile(since, `${Math.floor(Date.now() / 1000)}\n`))

  const conf = join(folder, 'demo.conf')
  const lines = [
    'vmid=100',
    `tools=${folder}`,
    `pve=${join(folder, 'pve')}`,
    `run=${folder}`,
    `state=${join(folder, 'operations')}`,
    `keep=${join(folder, 'reports')}`,
  ]
  await writeFile(conf, `${lines.join('\n')}\n`)

  // No root here, so no sudo: the second word of the forced command is what runs in its place.
  const forcedCommand = [
    join(hostScripts, 'breakglass-pve'),
    conf,
    join(hostScripts, 'breakglass-vm'),
  ] as const
  const hypervisor = await startDemoHypervisor({ forcedCommand, logger })
  return {
    vm: { name: 'demo', title: 'Demo VM', targets: [], demo: true, hypervisor: hypervisor.destination },
    folder,
    stop: hypervisor.stop,
  }
}
