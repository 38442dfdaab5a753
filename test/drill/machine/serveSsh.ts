import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

export interface SshService {
  port: number
  freezeWhile(isFrozen: () => boolean): void
  stop(): Promise<void>
}

/** Never this machine's clock, kernel, devices or log; `sys_admin` only where a remount is the repair. */
const dropped = ['sys_time', 'sys_module', 'sys_boot', 'mknod', 'sys_rawio', 'syslog', 'sys_ptrace', 'bpf']

/**
 * The machine's network ends in itself, so its sshd is reached by a port of loopback here: each connection is given to
 * an sshd of its own inside, as inetd did. `enter` are the arguments of nsenter.
 */
export async function serveSsh(options: { enter: string[]; mayMount: boolean }): Promise<SshService> {
  const { enter, mayMount } = options
  const without = [...dropped, ...(mayMount ? [] : ['sys_admin'])].map((name) => `-${name}`).join(',')
  const sshd = ['setpriv', '--bounding-set', without, '/usr/sbin/sshd', '-i', '-e']
  const running = new Set<ChildProcess>()
  let isFrozen = () => false
  const listener = createServer({ pauseOnConnect: true }, (socket): void => {
    socket.on('error', () => undefined)
    if (isFrozen()) return void socket.destroy()
    const child = spawn('nsenter', [...enter, '--', ...sshd], { stdio: [socket, socket, 'ignore'], env: {} })
    running.add(child)
    child.on('exit', () => running.delete(child))
    child.on('error', () => running.delete(child))
    // The connection is the child's now.
    socket.destroy()
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port, // a TCP server's
    freezeWhile: (says) => void (isFrozen = says),
    async stop() {
      for (const child of running) child.kill('SIGKILL')
      const closed = once(listener, 'close')
      listener.close()
      await closed
    },
  }
}
