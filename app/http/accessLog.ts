import type { RequestHandler } from 'express'
import type { Logger } from '#app/logger.ts'
import { isApiPath } from './apiPath.ts'
import { contextOf } from './requestContext.ts'

/**
 * One line when an answer has ended, or a stream has begun: never the query, which may hold what was asked. Files and
 * probes are quiet.
 */
export function accessLog(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const began = performance.now()
    const { method, path } = request
    response.once('close', () => {
      const { requestId, identity } = contextOf(response)
      const level = isApiPath(path) || response.statusCode >= 400 ? 'info' : 'debug'
      logger[level](
        {
          request: requestId,
          method,
          path: path.slice(0, 200),
          status: response.statusCode,
          duration_ms: Math.round(performance.now() - began),
          ...(identity && { by: identity.name }),
          // A response that was let go for a stream is neither finished nor destroyed.
          ...(response.destroyed && !response.writableFinished && { aborted: true }),
        },
        'request',
      )
    })
    next()
  }
}
