/** Every code that an answer may carry, with its HTTP status. The sentence beside it is for a person. */
export const errorStatus = {
  bad_request: 400,
  malformed_identity: 400,
  unauthenticated: 401,
  forbidden: 403,
  cross_site: 403,
  not_found: 404,
  method_not_allowed: 405,
  busy: 409,
  conflict: 409,
  archived: 409,
  decided: 409,
  active: 409,
  stale: 409,
  expired: 410,
  too_large: 413,
  unsupported_media_type: 415,
  internal: 500,
  failed: 502,
  unknown: 502,
  unreachable: 502,
  draining: 503,
  hypervisor_unreachable: 503,
  log_unavailable: 503,
  not_ready: 503,
} as const

export type ErrorCode = keyof typeof errorStatus

/**
 * The one error class: thrown for what ends a request, caught by one handler (`http/errorHandler.ts`).
 * A failure of a far side is data, not an `AppError`.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly fields: Record<string, unknown>

  constructor(code: ErrorCode, detail: string, fields: Record<string, unknown> = {}) {
    super(detail)
    this.name = 'AppError'
    this.code = code
    this.fields = fields
  }

  get status(): number {
    return errorStatus[this.code]
  }
}
