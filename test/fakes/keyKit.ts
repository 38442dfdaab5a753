import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { hypervisorRoot, vmKey, type HypervisorRoot } from './hypervisorRoot.ts'
import { makeKey } from './sshd.ts'
import { run, sshAttempts, type SshAttempts } from './sshAttempts.ts'

/** A throw-away hypervisor that the installer has set up, and who holds which key. */
export interface KeyKit {
  host: HypervisorRoot
  /** With the key of the VM alpha, 101. */
  alpha: SshAttempts
  alphaKey: string
  /** With the key of the VM beta, 102. */
  beta: SshAttempts
  /** With a key whose last day has passed. */
  expired: SshAttempts
  /** With a key that an authority which sshd trusts has signed for this account. */
  signed: SshAttempts
  /** A port of loopback that counts who comes. */
  target: { port: number; reached(): number }
  /** An agent's socket that counts who asks. */
  agent: { path: string; used(): number }
  /** A file's path outside of the host. */
  here(name: string): string
  /** The words of every call of a VM's qm. */
  calls(vm: string): string[]
  /** What the forced command has logged, a message each. */
  logged(): string[]
  stop(): Promise<void>
}

export const account = 'breakglass@127.0.0.1'

export async function keyKit(): Promise<KeyKit> {
  const host = await hypervisorRoot()
  const target = createServer((socket) => {
    reached += 1
    socket.destroy()
  })
  let reached = 0
  const agent = createServer((socket) => {
    used += 1
    socket.destroy()
  })
  let used = 0
  const stop = async () => {
    target.close()
    agent.close()
    await host.stop()
  }
  try {
    const ca = makeKey(host.folder, 'ca', 'ed25519')
    host.write('/etc/ssh/ca.pub', readFileSync(`${ca}.pub`, 'utf8'))
    host.write(
      '/etc/ssh/sshd_config',
      `${host.read('/etc/ssh/sshd_config')}TrustedUserCAKeys /etc/ssh/ca.pub\n`,
    )
    await host.startSshd()
    const alpha = await installVm(host, 'alpha', '101')
    const beta = await installVm(host, 'beta', '102')
    const expired = await installVm(host, 'gone', '103', '--expiry', '20991231')
    // The installer takes no day that is past: time passes.
    await host.ask('sed -i "/:gone$/s/20991231/20200101/" /etc/ssh/authorized_keys.d/breakglass')
    const stranger = makeKey(host.folder, 'stranger', 'ed25519')
    await run(['ssh-keygen', '-q', '-s', ca, '-I', 'stranger', '-n', 'breakglass,root', `${stranger}.pub`])
    if (!existsSync(`${stranger}-cert.pub`)) throw new Error('there is no certificate')
    target.listen(0, '127.0.0.1')
    await once(target, 'listening')
    const agentPath = join(host.folder, 'agent')
    agent.listen(agentPath)
    await once(agent, 'listening')
    return {
      host,
      alphaKey: alpha,
      alpha: sshAttempts(host, alpha),
      beta: sshAttempts(host, beta),
      expired: sshAttempts(host, expired),
      signed: sshAttempts(host, stranger),
      target: {
        port: (target.address() as AddressInfo).port, // a TCP server's
        reached: () => reached,
      },
      agent: { path: agentPath, used: () => used },
      here: (name) => join(host.folder, name),
      calls: (vm) => (host.read(`/srv/${vm}/calls`) ?? '').split('\n').filter(Boolean),
      logged: () =>
        host
          .journal()
          .map((line) => /^<\d+>.{15} breakglass-pve: (.*)$/s.exec(line)?.[1])
          .filter((text) => text !== undefined),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A VM on the demo's simulated qm, which notes every call; returns the file of its key. */
async function installVm(host: HypervisorRoot, vm: string, vmid: string, ...more: string[]): Promise<string> {
  const key = vmKey(host, vm)
  const qm = readFileSync(join(import.meta.dirname, '../../app/demo/qm'), 'utf8')
  host.write(`/srv/${vm}/vm/qm`, qm.replaceAll('100', vmid).replaceAll('name: demo', `name: ${vm}`), 0o755)
  const noting = `#!/bin/sh\necho "$*" >>/srv/${vm}/calls\nexec /srv/${vm}/vm/qm "$@"\n`
  host.write(`/srv/${vm}/qm`, noting, 0o755)
  const { code, stderr } = await host.install(
    ...['--vm', vm, '--vmid', vmid, '--key', key.line, '--from', '127.0.0.1/32', ...more],
  )
  if (code !== 0) throw new Error(stderr)
  await host.ask(`echo tools=/srv/${vm} >>/etc/breakglass/${vm}.conf`)
  return key.file
}
