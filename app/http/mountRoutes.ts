import type { Express, RequestHandler, Response } from 'express'
import { AppError } from '#app/errors.ts'
import { refuseCrossSite } from './csrf.ts'
import { jsonBody } from './jsonBody.ts'
import { contextOf } from './requestContext.ts'
import type { Identity, Route } from './Route.ts'
import { validate } from './validate.ts'

const nobody: Identity = { name: 'nobody', source: 'none', role: 'viewer' }

/** Mounts routes: each checks who may call it, then what it was given, then answers. */
export function mountRoutes(app: Express, routes: Route[]): void {
  const parseBody = jsonBody()
  for (const one of routes) {
    // The others come after the same check for all of them; an open route has only this one.
    const steps = [one.access === 'open' ? refuseCrossSite() : checkAccess(one.access)]
    if (one.body) steps.push(parseBody)
    app[one.method](one.path, refuseStreamHead(one), ...steps, serve(one))
  }
}

/** Answers 405, and which methods there are, for what is left at the path of a route. */
export function refuseOtherMethods(app: Express, routes: Route[]): void {
  for (const path of new Set(routes.map((one) => one.path))) {
    const allowed = routes.filter((one) => one.path === path).flatMap(methodsOf)
    app.all(path, (_request, response) => {
      response.setHeader('Allow', allowed.join(', '))
      throw new AppError('method_not_allowed', `This address takes ${allowed.join(', ')}.`)
    })
  }
}

/** Express gives a GET's answer to HEAD, without its body; a stream is nothing but a body that never ends. */
function methodsOf(one: Route): string[] {
  const isStream = one.answers[200]?.contentType === 'text/event-stream'
  return one.method === 'get' && !isStream ? ['GET', 'HEAD'] : [one.method.toUpperCase()]
}

function refuseStreamHead(one: Route): RequestHandler {
  const methods = methodsOf(one)
  return (request, _response, next) => {
    next(request.method === 'HEAD' && !methods.includes('HEAD') ? 'route' : undefined)
  }
}

function checkAccess(access: 'viewer' | 'operator'): RequestHandler {
  return (_request, response, next) => {
    const { identity } = contextOf(response)
    if (identity === undefined) throw new AppError('unauthenticated', 'This needs an identity.')
    if (access === 'operator' && identity.role !== 'operator')
      throw new AppError('forbidden', 'This needs the role operator.')
    next()
  }
}

function serve(one: Route): RequestHandler {
  return async (request, response) => {
    const { requestId, identity = nobody } = contextOf(response)
    const answer = await one.handle({
      params: one.params ? validate(one.params, request.params, 'the address') : request.params,
      query: one.query ? validate(one.query, request.query, 'the query') : request.query,
      body: one.body ? validate(one.body, request.body, 'the body') : undefined,
      identity,
      signal: signalOf(response),
      requestId,
      request,
      response,
    })
    if (!answer) return
    response.status(answer.status ?? 200)
    if (answer.body === undefined) response.end()
    else response.json(answer.body)
  }
}

/** Aborted when the client goes away before its answer is whole. */
function signalOf(response: Response): AbortSignal {
  const controller = new AbortController()
  if (response.closed) controller.abort()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}
