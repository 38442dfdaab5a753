import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MemoryGroup {
  path: string
  /** Once no process is left in it. */
  remove(): Promise<void>
}

const removeTries = 200

/** A control group of our own whose subgroups can have a memory limit; undefined where this account may not make one. */
export function makeGroup(): MemoryGroup | undefined {
  const name = `breakglass-drill-${process.pid}-${randomBytes(4).toString('hex')}`
  const version1 = '/sys/fs/cgroup/memory'
  const isVersion1 = existsSync(join(version1, 'memory.limit_in_bytes'))
  const parent = isVersion1 ? version1 : '/sys/fs/cgroup'
  removeLeftOver(parent)
  const path = join(parent, name)
  try {
    mkdirSync(path)
  } catch {
    return undefined
  }
  try {
    if (!isVersion1) writeFileSync(join(path, 'cgroup.subtree_control'), '+memory')
    const probe = join(path, 'probe')
    mkdirSync(probe)
    const limit = join(probe, isVersion1 ? 'memory.limit_in_bytes' : 'memory.max')
    readFileSync(limit)
    rmdirSync(probe)
  } catch {
    removeTree(path)
    return undefined
  }
  return {
    path,
    async remove() {
      // The kernel lets a group go a moment after its last process.
      for (let left = removeTries; left > 0 && existsSync(path); left -= 1) {
        if (removeTree(path)) return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}

/** Groups of processes that were killed before they could remove them. */
function removeLeftOver(parent: string): void {
  if (!existsSync(parent)) return
  for (const name of readdirSync(parent)) {
    const pid = /^breakglass-drill-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeTree(join(parent, name))
  }
}

function removeTree(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(join(path, entry.name))
    }
    rmdirSync(path)
    return true
  } catch {
    return false
  }
}
