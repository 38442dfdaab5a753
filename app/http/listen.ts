import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { formatAddress, type Address } from '#app/config/listenAddress.ts'
import { headersOf } from './securityHeaders.ts'

/**
 * A server that a slow or broken client cannot hold: time limits for a request to arrive, none for an answer to be
 * sent (streams stay open; who does not read them is dropped by the stream itself).
 */
export function createHttpServer(handler: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      // Longer than a proxy keeps an idle connection, so that the proxy is the one to close it.
      keepAliveTimeout: 95_000,
      maxHeaderSize: 16 * 1024,
      // The app refuses what has no Host, in the shape of every other error.
      requireHostHeader: false,
    },
    handler,
  )
  // An `Expect` that is not known is no reason to answer outside the app.
  server.on('checkExpectation', handler)
  answerParserErrors(server)
  return server
}

/** Starts listening. Resolves with the address in use (of interest with port 0); rejects with `listenError`. */
export async function listen(server: Server, address: Address, variable: string): Promise<Address> {
  server.listen(address.port, address.host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new Error(listenError(error, address, variable), { cause: error })
  }
  const bound = server.address()
  // A server that listens on a port has an AddressInfo.
  return { host: address.host, port: typeof bound === 'object' && bound ? bound.port : address.port }
}

/** The sentence for an address that cannot be listened on; `variable` is the one that sets it. */
export function listenError(error: unknown, address: Address, variable: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const place = `Port ${address.port} on ${address.host}`
  const remedy = `set ${variable} to another host:port`
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is taken by another process: end it, or ${remedy}.`
    case 'EACCES':
      return `${place} may not be used by this account (ports below 1024 need a privilege): ${remedy}.`
    case 'EADDRNOTAVAIL':
      return `${place} cannot be used, since this machine does not have that address: ${remedy}.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${formatAddress(address)} cannot be used, since the name ${address.host} is not known here: ${remedy}.`
    default:
      return `${place} cannot be used (${code}): ${remedy}.`
  }
}

const parserAnswers: Record<string, [number, string, string]> = {
  HPE_HEADER_OVERFLOW: [431, 'too_large', 'The address and headers are larger than the limit of 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'timeout', 'The request took too long to arrive.'],
}

/** What is no HTTP never reaches the app; it gets the same shape and headers from here. */
function answerParserErrors(server: Server): void {
  const answering = new WeakSet<Socket>()
  server.on('request', ({ socket }, response) => {
    answering.add(socket)
    // Not `close`: a stream is told that early and drops its `finish`, so its socket stays one with an answer on it.
    response.once('finish', () => answering.delete(socket))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, duplex) => {
    // An HTTP server without TLS hands over its sockets.
    const socket = duplex as Socket
    // In the middle of an answer, another one would be read as part of it.
    if (!socket.writable || error.code === 'ECONNRESET' || answering.has(socket)) return void socket.destroy()
    const fallback: [number, string, string] = [400, 'bad_request', 'This is not a readable HTTP request.']
    const [status, code, detail] = parserAnswers[error.code ?? ''] ?? fallback
    const requestId = randomUUID()
    const body = JSON.stringify({ detail, code, request_id: requestId })
    const headers = {
      ...headersOf(requestId),
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
  })
}
