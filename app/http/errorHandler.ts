import type { ErrorRequestHandler, Response } from 'express'
import { AppError, type ErrorCode } from '#app/errors.ts'
import type { Logger } from '#app/logger.ts'
import { contextOf } from './requestContext.ts'

/**
 * The one place where an error becomes an answer: `{detail, code, request_id, …}`. What is not an `AppError` nor
 * a refusal of Express is our own mistake: it is logged with its stack and told only as `internal`.
 */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, _request, response, _next) => {
    const { requestId } = contextOf(response)
    const told = error instanceof AppError ? error : fromExpress(error)
    if (told.code === 'internal') logger.error({ request: requestId, err: error }, 'request failed')
    // An answer that has begun cannot become another one; cutting it off tells the client that it is not whole.
    if (response.headersSent) response.destroy()
    else sendError(response, told)
  }
}

/** Answers in the one shape of every error. */
export function sendError(response: Response, error: AppError): void {
  const { requestId } = contextOf(response)
  response
    .status(error.status)
    .set('Cache-Control', 'no-store')
    .json({ detail: error.message, code: error.code, request_id: requestId, ...error.fields })
}

const sentences: Partial<Record<number, [ErrorCode, string]>> = {
  400: ['bad_request', 'The request cannot be read: its address or its body is malformed.'],
  404: ['not_found', 'There is nothing at this address.'],
  413: ['too_large', 'The body is larger than the limit of 1 MiB.'],
  415: ['unsupported_media_type', 'The body must be JSON in UTF-8, not compressed.'],
}

/** Express and its parsers throw errors with a `status`; their messages may repeat the input and are not sent. */
function fromExpress(error: unknown): AppError {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
  if (error instanceof Error && 'type' in error && error.type === 'entity.parse.failed')
    return new AppError('bad_request', 'The body is not valid JSON.')
  const [code, sentence] = sentences[status] ?? ['internal', 'Something went wrong here; the log says what.']
  return new AppError(code, sentence)
}
