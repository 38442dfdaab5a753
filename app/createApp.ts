import express, { type Express, type RequestHandler } from 'express'
import { AppError } from '#app/errors.ts'
import { accessLog } from '#app/http/accessLog.ts'
import { refuseCrossSite } from '#app/http/csrf.ts'
import { errorHandler } from '#app/http/errorHandler.ts'
import { healthRoutes, type Readiness } from '#app/http/healthRoutes.ts'
import { refuseMalformedIdentity } from '#app/http/identityHeaders.ts'
import { mountRoutes, refuseOtherMethods } from '#app/http/mountRoutes.ts'
import { openapiRoute } from '#app/http/openapi.ts'
import type { Route } from '#app/http/Route.ts'
import { securityHeaders } from '#app/http/securityHeaders.ts'
import { staticUi } from '#app/http/staticUi.ts'
import type { Logger } from '#app/logger.ts'

export interface AppOptions {
  /** The routes of all features; health and the API's description are added here. */
  routes: Route[]
  /** Sets the identity or answers 401; `createIdentity(…).middleware`. */
  identity: RequestHandler
  ready: Readiness
  /** The folder of the built UI. */
  uiDir: string
  logger: Logger
  /** As the API's description tells it. */
  version: string
}

/**
 * The main listener's app. The order of its parts is the order of its answers: malformed identity 400, what is open,
 * 401 for everything else whatever it is, 403 for a request of another site, and only then what a route says.
 */
export function createApp({ routes, identity, ready, uiDir, logger, version }: AppOptions): Express {
  const served = [...healthRoutes(ready), ...routes]
  const all = [...served, openapiRoute(served, version)]
  const app = bareApp(logger)
  app.use(refuseMalformedIdentity())
  mountRoutes(
    app,
    all.filter((one) => one.access === 'open'),
  )
  app.use(staticUi(uiDir))
  app.use(identity)
  app.use(refuseCrossSite())
  mountRoutes(
    app,
    all.filter((one) => one.access !== 'open'),
  )
  refuseOtherMethods(app, all)
  return endApp(app, logger)
}

/** The ops listener's app: health, and nothing else. */
export function createOpsApp({ ready, logger }: Pick<AppOptions, 'ready' | 'logger'>): Express {
  const app = bareApp(logger)
  const routes = healthRoutes(ready)
  mountRoutes(app, routes)
  refuseOtherMethods(app, routes)
  return endApp(app, logger)
}

function bareApp(logger: Logger): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.set('query parser', 'simple')
  app.use(securityHeaders(), accessLog(logger))
  return app
}

function endApp(app: Express, logger: Logger): Express {
  app.use(() => {
    throw new AppError('not_found', 'There is nothing at this address.')
  })
  app.use(errorHandler(logger))
  return app
}
