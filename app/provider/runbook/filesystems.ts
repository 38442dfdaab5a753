import { classifyMount, type MountKind } from './classifyMount.ts'
import type { DfRow } from './parsers/parseDf.ts'
import type { Mount } from './parsers/parseMounts.ts'

export interface Filesystem extends DfRow {
  type: string
  kind: MountKind
  /** Mounted read-only: full by design or not, nothing can be written. */
  readOnly: boolean
}

/**
 * The filesystems that `df` listed, each once: `/` first, then by path. Bind mounts and subvolumes share a
 * device; a container's overlay and the files that its engine binds into it are the same disk under other names.
 */
export function filesystemsOf(rows: DfRow[], mounts: Mount[]): Filesystem[] {
  const mountOf = new Map(mounts.map((mount) => [mount.path, mount]))
  const all = rows
    .filter((row) => row.total > 0)
    .map((row): Filesystem => {
      const mount = mountOf.get(row.path)
      const type = mount?.type ?? guessType(row.device)
      return { ...row, type, kind: classifyMount(type), readOnly: mount?.options.includes('ro') ?? false }
    })
    .filter(({ kind }) => kind !== 'none')
    .sort((a, b) => a.path.length - b.path.length || (a.path < b.path ? -1 : 1))
  const seen = new Set<string>()
  const disks: Filesystem[] = []
  return all.filter((one) => {
    const ownDevice = one.device.startsWith('/') || one.device.includes(':')
    const key = ownDevice
      ? one.device
      : `${one.type} ${one.kind === 'memory' ? one.path : `${one.device} ${one.total}`}`
    if (seen.has(key)) return false
    seen.add(key)
    if (one.kind !== 'disk') return true
    const overlaid = disks.some(
      (disk) => disk.total === one.total && (disk.type === 'overlay') !== (one.type === 'overlay'),
    )
    disks.push(one)
    return !overlaid
  })
}

/** Without a list of mounts the device's name must do. */
function guessType(device: string): string {
  if (/^(tmpfs|shm|run|none)$/.test(device)) return 'tmpfs'
  if (/^(udev|devtmpfs|dev)$/.test(device)) return 'devtmpfs'
  if (/^\/dev\/loop\d+$/.test(device)) return 'squashfs'
  if (/^(proc|sysfs|rootfs|efivarfs)$/.test(device)) return device
  return device.includes(':') || device.startsWith('//') ? 'nfs' : 'unknown'
}
