import type { Request, RequestHandler } from 'express'
import { formatAddress, isLoopbackHost, type Address } from '#app/config/listenAddress.ts'
import { AppError } from '#app/errors.ts'
import type { Logger } from '#app/logger.ts'
import { isFromLoopback } from './loopbackHost.ts'
import { contextOf } from './requestContext.ts'
import type { Identity } from './Route.ts'
import { TokenFile } from './TokenFile.ts'
import { TokenVerifier } from './TokenVerifier.ts'

export interface IdentitySource {
  /** Sets the identity of the request, or answers 401. */
  middleware: RequestHandler
  /** Stops following the token file. */
  close(): void
}

export interface IdentityOptions {
  listen: Address
  tokenFile?: string
  logger: Logger
}

/**
 * Who is calling. With a token file: whoever shows one of its tokens as `Authorization: Bearer`. Without one, and
 * on a loopback address only: whoever can reach it, as long as the Host header names loopback and no bearer that
 * cannot be verified is shown. Otherwise nobody.
 */
export function createIdentity({ listen, tokenFile, logger }: IdentityOptions): IdentitySource {
  if (tokenFile !== undefined) {
    const file = new TokenFile(tokenFile, logger)
    const verifier = new TokenVerifier({ find: (id) => file.find(id) })
    return { middleware: require401(identifyByToken(verifier)), close: () => file.close() }
  }
  const identify = isLoopbackHost(listen.host)
    ? identifyByLoopback(listen)
    : () => 'There is no identity source.'
  return { middleware: require401(identify), close: () => undefined }
}

/** An identity, or the sentence that says why there is none. */
type Identify = (request: Request) => Promise<Identity | string> | Identity | string

function require401(identify: Identify): RequestHandler {
  return async (request, response, next) => {
    const found = await identify(request)
    if (typeof found === 'string') {
      response.setHeader('WWW-Authenticate', 'Bearer realm="breakglass"')
      throw new AppError('unauthenticated', found)
    }
    contextOf(response).identity = found
    next()
  }
}

function identifyByToken(verifier: TokenVerifier): Identify {
  return async (request) => {
    const token = bearerOf(request)
    if (token === undefined) return 'This needs a token: send it as "Authorization: Bearer …".'
    const entry = await verifier.entryOf(token)
    if (entry === undefined) return 'This token is not known here.'
    const stillValid = () => verifier.stillHolds(entry)
    return { name: entry.name, source: 'token', role: 'operator', stillValid }
  }
}

function identifyByLoopback(listen: Address): Identify {
  return (request) => {
    if (bearerOf(request) !== undefined) return 'No token is known here: BREAKGLASS_TOKEN_FILE is not set.'
    if (isFromLoopback(request.headers)) return { name: 'loopback', source: 'loopback', role: 'operator' }
    // The port in use is not known here where the system chooses it.
    const place = listen.port === 0 ? 'its loopback address' : `http://${formatAddress(listen)}`
    return `Without a token only this machine itself may come in, at ${place}.`
  }
}

/** The bearer's text, which may be anything. Another scheme, such as Basic, is a proxy's affair and is passed over. */
function bearerOf(request: Request): string | undefined {
  const match = /^bearer(?: +(.*))?$/i.exec(request.headers.authorization ?? '')
  return match ? (match[1] ?? '').trimEnd() : undefined
}
