import { once } from 'node:events'
import { connect } from 'node:net'

export interface RawReply {
  status: number
  /** Lower-case names; of a repeated header the last. */
  headers: Record<string, string>
  body: string
}

/**
 * Sends exactly these bytes and reads until the server closes: for what no honest client sends (repeated and
 * misspelt headers, foreign Host, half requests). Ask for `Connection: close` where the server would keep it open.
 */
export async function rawHttp(port: number, text: string): Promise<RawReply> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(20_000, () => socket.destroy(new Error('the server neither answered nor closed')))
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.write(text)
  await once(socket, 'close')
  return parseReply(Buffer.concat(pieces).toString())
}

export function parseReply(text: string): RawReply {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') }
}
