import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { beginContext } from './requestContext.ts'

/** The policy of every answer that is no page: nothing in it may load, run or be framed. */
const closedPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** What every answer carries, errors and parser failures too. */
export function headersOf(requestId: string): Record<string, string> {
  return {
    'X-Request-Id': requestId,
    'Content-Security-Policy': closedPolicy,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  }
}

/** Begins the request: its id (one that came from outside would be believed by whoever reads the log), the headers. */
export function securityHeaders(): RequestHandler {
  return (_request, response, next) => {
    const requestId = randomUUID()
    beginContext(response, { requestId })
    for (const [name, value] of Object.entries(headersOf(requestId))) response.setHeader(name, value)
    next()
  }
}
