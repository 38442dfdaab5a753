import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

/** A port on loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** A real redis-server (or, with `sentinel`, a real Sentinel) in a temporary folder, with `appendfsync always`. */
export class RedisServer {
  readonly port: number
  readonly folder: string
  readonly #args: string[]
  #process: ChildProcess | undefined

  private constructor(port: number, folder: string, args: string[]) {
    this.port = port
    this.folder = folder
    this.#args = args
  }

  static async start(settings: string[] = []): Promise<RedisServer> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'breakglass-redis-'))
    const files = ['--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
    const address = ['--port', String(port), '--bind', '127.0.0.1']
    const server = new RedisServer(port, folder, [...address, ...files, ...settings])
    await server.#run()
    return server
  }

  /** Watches `master` under the name `mymaster`. */
  static async startSentinel(master: RedisServer): Promise<RedisServer> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'breakglass-sentinel-'))
    const file = join(folder, 'sentinel.conf')
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds mymaster 500',
      'sentinel failover-timeout mymaster 3000',
    ]
    await writeFile(file, `${lines.join('\n')}\n`)
    const sentinel = new RedisServer(port, folder, [file, '--sentinel'])
    await sentinel.#run()
    return sentinel
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Ends it as a power cut would, and resolves when it has ended. */
  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    this.#process = undefined
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** `SIGSTOP` makes it hang, `SIGCONT` lets it go on. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** Ends it if it still runs, and starts it again on the same port; without `keepData` with an empty folder. */
  async restart({ keepData = true } = {}): Promise<void> {
    await this.kill()
    if (!keepData) {
      for (const name of ['appendonlydir', 'nodes.conf'])
        await rm(join(this.folder, name), { recursive: true, force: true })
    }
    await this.#run()
  }

  /** Runs one command on a connection of its own. */
  async command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Redis({ port: this.port, host: '127.0.0.1' })
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }

  /** Keeps a copy of what is stored now, for `rollBack`. */
  async snapshot(): Promise<void> {
    await cp(join(this.folder, 'appendonlydir'), join(this.folder, 'snapshot'), { recursive: true })
  }

  /** Ends it, and starts it with what `snapshot` kept: all that was written since is lost. */
  async rollBack(): Promise<void> {
    await this.kill()
    await rm(join(this.folder, 'appendonlydir'), { recursive: true })
    await cp(join(this.folder, 'snapshot'), join(this.folder, 'appendonlydir'), { recursive: true })
    await this.#run()
  }

  async wipe(): Promise<void> {
    await this.command('FLUSHALL')
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }

  async #run(): Promise<void> {
    const child = spawn('redis-server', this.#args, { stdio: 'ignore' })
    this.#process = child
    await once(child, 'spawn')
    try {
      await until(async () => {
        if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
        return this.#answers()
      })
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #answers(): Promise<boolean> {
    const client = new Redis({
      port: this.port,
      host: '127.0.0.1',
      lazyConnect: true,
      retryStrategy: () => null,
    })
    let refused = false
    client.on('error', (error) => (refused ||= error.message.includes('NOAUTH')))
    try {
      await client.connect()
      return (await client.ping()) === 'PONG'
    } catch {
      // It answers, and wants a password.
      return refused
    } finally {
      client.disconnect()
    }
  }
}

/** A cluster of three masters that has found itself. */
export async function startCluster(): Promise<{
  url: string
  nodes: RedisServer[]
  stop: () => Promise<void>
}> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const start = async () => RedisServer.start([...settings, '--cluster-port', String(await freePort())])
  const nodes = await Promise.all([1, 2, 3].map(start))
  const addresses = nodes.map((node) => `127.0.0.1:${node.port}`)
  const create = spawn('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
    stdio: 'ignore',
  })
  await once(create, 'exit')
  for (const node of nodes) {
    await until(async () => String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  }
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  return { url: `redis+cluster://${addresses.join(',')}`, nodes, stop }
}

/** Waits until `condition` holds; fails after `limitMs`. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('The condition did not come true in time.')
    await sleep(10)
  }
}
