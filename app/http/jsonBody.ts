import express, { type Request, type RequestHandler } from 'express'
import { AppError } from '#app/errors.ts'

/**
 * Reads a JSON body of at most 1 MiB into `request.body`; an empty one is `{}`, whatever its type is said to be.
 * Compressed bodies are refused: a small one can be a large one.
 */
export function jsonBody(): RequestHandler {
  const parse = express.json({ limit: 1024 * 1024, inflate: false, strict: false })
  return (request, response, next) => {
    if (!hasBody(request)) {
      request.body = {}
      return next()
    }
    if (!request.is('application/json'))
      throw new AppError('unsupported_media_type', 'Send the body as "Content-Type: application/json".')
    parse(request, response, next)
  }
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0)
}
