import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Response } from 'express'
import { AppError } from '#app/errors.ts'

/** The frames that are not events of a log. They carry no id, so they never move a client's position. */
export const control = {
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
 *
 * Request and response are let go, for together they weigh several times what an open stream needs: whoever waits
 * for the response's `close` is told now. `holder` takes its place, one for any number of streams; by it node:http
 * knows that the connection is busy, neither closes it as idle nor answers a further request on it.
 */
export function openSse(response: Response, holder: ServerResponse): Socket {
  const { socket, req: request } = response
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
  // The listener of node:http would end the connection.
  response.removeAllListeners('finish')
  response.detachSocket(socket)
  holder.assignSocket(socket)
  response.end()
  response.emit('close')
  // node:http keeps the request for as long as the connection lives; Express hangs the response on it.
  Object.assign(request, { res: undefined, next: undefined })
  return socket
}

/** A response that is never sent: see `openSse`. */
export function createHolder(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()))
}
