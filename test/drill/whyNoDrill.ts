import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { DrillCase } from './DrillCase.ts'
import { findFaketime } from './machine/findFaketime.ts'

/** Why this account or this machine cannot run a case, in a sentence; undefined where it can. */
export function whyNoDrill({ machine = {} }: DrillCase): string | undefined {
  const mount = `mount -t tmpfs -o size=1m probe ${tmpdir()}`
  const namespaces = ['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child']
  if (spawnSync('unshare', [...namespaces, 'sh', '-c', mount]).status !== 0)
    return 'this account may not mount in namespaces of its own'
  if (!existsSync('/usr/sbin/sshd')) return 'there is no sshd'
  if (machine.clockOffsetS !== undefined && findFaketime() === undefined) return 'there is no libfaketime'
  if (machine.fewInodes && !existsSync('/sbin/mkfs.ext4')) return 'there is no mkfs.ext4'
  return undefined
}
