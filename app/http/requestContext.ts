import type { Response } from 'express'
import type { Identity } from './Route.ts'

/** What is known about one request while it is served. */
export interface RequestContext {
  requestId: string
  /** Set once the caller is known; absent on what is open to everyone. */
  identity?: Identity
}

/** The context of the request that `response` answers. `securityHeaders` begins it, before anything else runs. */
export function contextOf(response: Response): RequestContext {
  // Express types `locals` as any; it is written in `beginContext` alone.
  return response.locals.context as RequestContext
}

export function beginContext(response: Response, context: RequestContext): void {
  response.locals.context = context
}
