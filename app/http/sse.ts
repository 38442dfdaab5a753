import type { Response } from 'express'
import type { Socket } from 'node:net'
import { AppError } from '#app/errors.ts'

/** The frames that are not events of a log. They carry no id, so they never move a client's position. */
export const frames = {
  retry: (ms: number) => `retry: ${Math.round(ms)}\n\n`,
  caughtUp: (head: number) => named('caught-up', { head }),
  reset: (reason: string, head: number) => named('reset', { reason, head }),
  ping: 'event: ping\ndata: {}\n\n',
  gone: 'event: gone\ndata: {}\n\n',
} as const

function named(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/**
 * Begins an event stream and returns its socket, corked, to write to directly: the body is neither chunked nor
 * compressed and ends with the connection, so nothing stands between a shared Buffer and the kernel.
 */
export function openSse(response: Response): Socket {
  const { socket } = response
  // A response has no socket while an earlier one on the same connection is unfinished.
  if (socket === null)
    throw new AppError('bad_request', 'A stream cannot be pipelined behind another request.')
  response.status(200)
  response.setHeader('Content-Type', 'text/event-stream')
  response.setHeader('Cache-Control', 'no-cache, no-transform')
  response.setHeader('X-Accel-Buffering', 'no')
  response.setHeader('Connection', 'close')
  response.removeHeader('Transfer-Encoding')
  socket.cork()
  response.flushHeaders()
  return socket
}
