import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { AppError } from '#app/errors.ts'

/** Headers that say who is calling, or where: each may come once. */
const single = /^(?:authorization|host|x-authentik-.*)$/

/**
 * The name of a header that no honest client sends: a second one of its kind, or a look-alike (`X_authentik_jwt`)
 * that some proxy or library may read as the real one. Proxies differ in which of these they strip, so that each
 * could have been added by the caller.
 */
export function malformedIdentityHeader(request: IncomingMessage): string | undefined {
  const seen = new Set<string>()
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]?.toLowerCase() ?? ''
    const meant = name.replace(/[^a-z0-9]/g, '-')
    if (!single.test(meant)) continue
    if (name !== meant || seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}

/** Answers 400 before anything else looks at the request; also when HTTP/1.1 is spoken without a Host (RFC 9112). */
export function refuseMalformedIdentity(): RequestHandler {
  return (request, _response, next) => {
    const name = malformedIdentityHeader(request)
    if (name !== undefined)
      throw new AppError('malformed_identity', `The header ${name} is repeated, or looks like another one.`)
    if (request.headers.host === undefined && request.httpVersion === '1.1')
      throw new AppError('malformed_identity', 'The header Host is missing.')
    next()
  }
}
