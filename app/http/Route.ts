import type { Request, Response } from 'express'
import type { z } from 'zod'

/** The authenticated human, or the script that acts for one. */
export interface Identity {
  name: string
  /** `none` on an open route, which asks for nobody. */
  source: 'loopback' | 'token' | 'none'
  role: 'operator' | 'viewer'
  /** When this identity ends; streams that it opened end with it. */
  expires?: Date
  /** False once it was revoked; streams that it opened end then. Absent where nothing revokes it. */
  stillValid?: () => boolean
}

/** Who may call a route: `open` needs no identity, `viewer` sees, `operator` changes. */
export type Access = 'open' | 'viewer' | 'operator'

export interface RouteInput<P, Q, B> {
  params: P
  query: Q
  body: B
  identity: Identity
  /** Aborted when the client goes away. */
  signal: AbortSignal
  requestId: string
  request: Request
  response: Response
}

export interface Answer {
  status?: number
  body: unknown
}

/**
 * One route of the API, as data: what it needs, what it takes, what it answers. `createApp` mounts it,
 * `/api/openapi.json` lists it. `handle` returns the answer, or nothing when it has written the response
 * itself (streams, text).
 */
export interface Route<P = unknown, Q = unknown, B = unknown> {
  method: 'get' | 'post' | 'delete'
  /** Express path, such as `/api/session/:id`. */
  path: string
  access: Access
  summary: string
  params?: z.ZodType<P>
  query?: z.ZodType<Q>
  body?: z.ZodType<B>
  answers: Record<number, { description: string; schema?: z.ZodType; contentType?: string }>
  handle(input: RouteInput<P, Q, B>): Promise<Answer | void> | Answer | void
}

/** Keeps the inferred types of one route while forgetting them in the list: `[route({…}), route({…})]`. */
export function route<P, Q, B>(one: Route<P, Q, B>): Route {
  // The three type parameters only describe what this route's own schemas parse; nobody else calls `handle`.
  return one
}
