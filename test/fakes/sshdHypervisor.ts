import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { VmPlace } from '#app/power/PowerVm.ts'
import { cuttableProxy, type CuttableProxy } from './cuttableProxy.ts'
import { hostScript, type HostScript } from './hostScript.ts'
import { startSshd, type Sshd } from './sshd.ts'

export interface SshdHypervisor {
  host: HostScript
  sshd: Sshd
  /** Every connection goes through it. */
  proxy: CuttableProxy
  place: VmPlace
  /** How often the VM was started, the first time included. */
  starts(): Promise<number>
  /** What the hypervisor's journal has of an op's end, undefined while it has none. */
  end(op: string): Promise<Record<string, unknown> | undefined>
  stop(): Promise<void>
}

const scripts = resolve(import.meta.dirname, '../../app/power/host')

/**
 * A hypervisor behind a real OpenSSH server: the real host scripts are the forced command of the one key, over the
 * demo's simulated qm. `before` is a line of shell that the forced command begins with; `$dir` is the host's folder.
 */
export async function sshdHypervisor(before = ':'): Promise<SshdHypervisor> {
  const host = await hostScript()
  const program = join(host.dir, 'forced-command')
  const words = [join(scripts, 'breakglass-pve'), host.conf, join(scripts, 'breakglass-vm')]
  await writeFile(program, `#!/bin/sh\ndir=${host.dir}\n${before}\nexec ${words.join(' ')}\n`)
  await chmod(program, 0o755)
  const sshd = await startSshd({ keyOptions: `restrict,command="${program}"` })
  const proxy = await cuttableProxy({ host: '127.0.0.1', port: sshd.port })
  const { user, hostKeys, keyFile } = sshd
  const hypervisor = { name: 'pve1', host: '127.0.0.1', port: proxy.port, user, hostKeys }
  return {
    ...{ host, sshd, proxy },
    place: {
      ...{ name: 'vm', title: 'Dev VM', targets: [], demo: false },
      hypervisor: { ...hypervisor, key: { file: keyFile } },
    },
    starts: async () => Number(await readFile(join(host.vm, 'starts'), 'utf8').catch(() => '1')),
    async end(op) {
      const text = await readFile(join(host.dir, 'state', `op-${op}.json`), 'utf8').catch(() => undefined)
      return text === undefined || text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>)
    },
    async stop() {
      await proxy.stop()
      await sshd.stop()
      await host.remove()
    },
  }
}
