import { hypervisorRoot, vmKey, type HypervisorRoot } from './hypervisorRoot.ts'
import type { MachineRun } from '../drill/machine/Machine.ts'

/** A throw-away hypervisor, and the installer's commands for two VMs on it. */
export interface InstallKit {
  host: HypervisorRoot
  one: VmKey
  two: VmKey
  installOne(...more: string[]): Promise<MachineRun>
  installTwo(...more: string[]): Promise<MachineRun>
  /** Both, with a `qm` for each: `--check` finds all in order. */
  installBoth(): Promise<void>
  /** Runs `work` with a program of the read-only /usr replaced by a script, which finds the real one as /tmp/real. */
  withProgram<T>(program: string, script: string, work: () => Promise<T>): Promise<T>
  /** All files and folders but the copies that useradd and userdel make of the last account file. */
  files(): Promise<string[]>
}
export type VmKey = ReturnType<typeof vmKey>

/** The addresses that the keys are accepted from. */
export const keysFrom = '127.0.0.1/32'

export async function installKit(): Promise<InstallKit> {
  const host = await hypervisorRoot()
  const one = vmKey(host, 'one')
  const two = vmKey(host, 'two')
  // What a Proxmox VE host has, and this machine has not.
  host.write('/srv/pve/qm', '#!/bin/sh\nexit 255\n', 0o755)
  await host.startSshd()
  const install =
    (vm: string, vmid: string, { line }: VmKey) =>
    (...more: string[]) =>
      host.install('--vm', vm, '--vmid', vmid, '--key', line, '--from', keysFrom, ...more)
  const installOne = install('one', '101', one)
  const installTwo = install('two', '102', two)
  return {
    host,
    one,
    two,
    installOne,
    installTwo,
    async installBoth() {
      for (const run of [await installOne(), await installTwo()])
        if (run.code !== 0) throw new Error(run.stderr)
      for (const vm of ['one', 'two']) await host.ask(`echo tools=/srv/pve >>/etc/breakglass/${vm}.conf`)
    },
    async withProgram(program, script, work) {
      await host.ask(`cp ${program} /tmp/real`)
      host.write('/tmp/replaced', script, 0o755)
      await host.ask(`mount --bind /tmp/replaced ${program}`)
      try {
        return await work()
      } finally {
        await host.ask(`umount ${program}; rm /tmp/real /tmp/replaced`)
      }
    },
    async files() {
      const all = await host.snapshot()
      // A list that is empty is equal to any other.
      if (all.length < 200) throw new Error(`there are only ${all.length} files`)
      return all.filter((line) => !/ ?\/etc\/(passwd|shadow|group|gshadow)-( |$)/.test(line))
    },
  }
}

/** The lines that the installer begins with this word. */
export const said = (stdout: string, word: string): string[] =>
  stdout.split('\n').filter((line) => line.startsWith(`${word} `))
