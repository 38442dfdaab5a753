import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import express, { type Request, type RequestHandler, type Response } from 'express'
import { AppError } from '#app/errors.ts'
import { isApiPath } from './apiPath.ts'
import { pagePolicy } from './pagePolicy.ts'

/** A worker runs under the policy of its own script: it fetches what it keeps for the time without a network. */
const workerPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
const fallbackPage = '200.html'
const notBuilt =
  'The pages of Breakglass have not been built yet: run `npm start`, which builds them. The API answers meanwhile.\n'

/**
 * The built UI, open to everyone. Takes GET and HEAD of everything outside `/api`: a file, else the page that
 * starts the app at any address, else 404. Files whose name holds their hash never change; all else is asked for
 * again each time.
 *
 * @param uiDir the folder that the build writes; it may come into being later.
 */
export function staticUi(uiDir: string): RequestHandler {
  const setHeaders = headersFor(uiDir)
  const files = express.static(uiDir, {
    redirect: false,
    cacheControl: false,
    dotfiles: 'ignore',
    setHeaders,
  })
  return (request, response, next) => {
    if (!['GET', 'HEAD'].includes(request.method) || isApiPath(request.path)) return next()
    files(request, response, (error?: unknown) => {
      if (error) return next(error)
      // Thrown in here, outside Express, an error would end the process.
      if (!isNavigation(request)) return next(new AppError('not_found', 'There is no such file.'))
      const page = join(uiDir, fallbackPage)
      if (!existsSync(page)) return void response.status(503).type('text/plain').send(notBuilt)
      setHeaders(response, page)
      response.sendFile(fallbackPage, { root: uiDir, cacheControl: false }, (failed) => {
        if (failed && !response.headersSent) next(failed)
      })
    })
  }
}

/**
 * A browser that opens a page says so; a script or a stylesheet that is gone must not be answered with a page. At
 * the front door whoever asks is shown in.
 */
function isNavigation(request: Request): boolean {
  if (request.path === '/') return true
  return request.headers.accept?.includes('text/html') === true && !request.path.startsWith('/_app/')
}

function headersFor(uiDir: string): (response: Response, file: string) => void {
  const immutable = join(uiDir, '_app', 'immutable', '/')
  const worker = join(uiDir, 'sw.js')
  const policies = new Map<string, { mtimeMs: number; policy: string }>()
  const policyOf = (file: string) => {
    try {
      const { mtimeMs } = statSync(file)
      const known = policies.get(file)
      if (known?.mtimeMs === mtimeMs) return known.policy
      const policy = pagePolicy(readFileSync(file, 'utf8'))
      policies.set(file, { mtimeMs, policy })
      return policy
    } catch {
      // A new build has just replaced the file: the policy of a page without inline scripts is safe for any.
      return pagePolicy('')
    }
  }
  return (response, file) => {
    const cache = file.startsWith(immutable) ? 'public, max-age=31536000, immutable' : 'no-cache'
    response.setHeader('Cache-Control', cache)
    if (file.endsWith('.html')) response.setHeader('Content-Security-Policy', policyOf(file))
    if (file === worker) response.setHeader('Content-Security-Policy', workerPolicy)
  }
}
