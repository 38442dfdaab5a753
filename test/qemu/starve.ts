import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeGroup } from '../drill/machine/memoryGroup.ts'

const limitBytes = 8 * 1024 * 1024
const patienceMs = 120_000

/**
 * Leaves a QEMU that is just booting its guest so little memory that the kernel kills it, and resolves when it is
 * gone: to how many processes the kernel has killed. `pid` is its number in its own namespace. Undefined, and nothing
 * is done, where this account may not limit memory.
 */
export async function starve(pid: number): Promise<number | undefined> {
  const own = numberHere(pid)
  const group = makeGroup()
  if (group === undefined) return undefined
  try {
    const path = join(group.path, 'vm')
    mkdirSync(path)
    const isVersion1 = existsSync(join(path, 'memory.limit_in_bytes'))
    writeFileSync(join(path, isVersion1 ? 'memory.limit_in_bytes' : 'memory.max'), String(limitBytes))
    writeFileSync(join(path, 'cgroup.procs'), String(own))
    const until = performance.now() + patienceMs
    while (existsSync(`/proc/${own}`)) {
      if (performance.now() > until) throw new Error('the kernel has let it live')
      await sleep(50)
    }
    const events = readFileSync(join(path, isVersion1 ? 'memory.oom_control' : 'memory.events'), 'utf8')
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1])
  } finally {
    await group.remove()
  }
}

/** The number that we know a QEMU by. */
function numberHere(pid: number): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const status = readFileSync(`/proc/${entry}/status`, 'utf8')
      if (/^Name:\tqemu/m.test(status) && new RegExp(`^NSpid:.*\\t${pid}$`, 'm').test(status))
        return Number(entry)
    } catch {
      // It has ended meanwhile.
    }
  }
  throw new Error(`there is no QEMU with the process ${pid}`)
}
