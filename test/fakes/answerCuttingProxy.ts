import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface AnswerCuttingProxy {
  port: number
  /** The next request that holds `text` reaches the far side; instead of any answer every connection breaks. */
  cutAfter(text: string): void
  /** Breaks every connection and takes no new one, until `up`. */
  down(): void
  up(): void
  /** How often it has cut. */
  cuts(): number
  stop(): Promise<void>
}

/** A TCP proxy on loopback that loses the answer to a request that was carried out. */
export async function answerCuttingProxy(targetPort: number): Promise<AnswerCuttingProxy> {
  const sockets = new Set<Socket>()
  let wanted: string | undefined
  let armed = false
  let cuts = 0
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  let isDown = false
  const server = createServer((near) => {
    if (isDown) {
      near.destroy()
      return
    }
    const far = connect(targetPort, '127.0.0.1')
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
    }
    near.on('data', (data) => {
      armed ||= wanted !== undefined && data.includes(wanted)
      far.write(data)
    })
    far.on('data', (data) => {
      if (!armed) {
        near.write(data)
        return
      }
      armed = false
      wanted = undefined
      cuts++
      cut()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's
    cutAfter: (text) => (wanted = text),
    down() {
      isDown = true
      cut()
    },
    up: () => void (isDown = false),
    cuts: () => cuts,
    async stop() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
