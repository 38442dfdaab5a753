import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface CuttableProxy {
  port: number
  /** Connections taken so far. */
  taken(): number
  /** Breaks every connection, as a network that went away; new ones are taken again. */
  cut(): void
  /** Every open connection stalls without a word, as behind a firewall that forgot it; new ones work. */
  freeze(): void
  /** Breaks every connection and takes no more. */
  refuse(): Promise<void>
  /** Takes connections again, on the same port. */
  accept(): Promise<void>
  stop(): Promise<void>
}

/** A TCP proxy on loopback whose connections a test can break. */
export async function cuttableProxy(target: { host: string; port: number }): Promise<CuttableProxy> {
  const sockets = new Set<Socket>()
  let taken = 0
  const server = createServer((near) => {
    taken += 1
    const far = connect(target)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const close = async () => {
    cut()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  const { port } = server.address() as AddressInfo // a TCP server's
  return {
    port,
    taken: () => taken,
    cut,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause()
    },
    refuse: close,
    async accept() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    stop: close,
  }
}
