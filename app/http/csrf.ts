import type { Request, RequestHandler } from 'express'
import { AppError } from '#app/errors.ts'
import { contextOf } from './requestContext.ts'

const safeMethods = ['GET', 'HEAD', 'OPTIONS']

/**
 * Why an unsafe request may have been sent by another site's page; undefined when it was not. A browser tells by
 * `Sec-Fetch-Site`, an older one by `Origin`. With neither it is a script, which has no cookie of ours to misuse:
 * one that carries a cookie is refused.
 */
export function whyCrossSite({ method, headers }: Pick<Request, 'method' | 'headers'>): string | undefined {
  if (safeMethods.includes(method)) return undefined
  const site = headers['sec-fetch-site']
  if (site !== undefined) {
    return site === 'same-origin' || site === 'none' ? undefined : 'It was sent by a page of another site.'
  }
  if (headers.origin !== undefined) {
    return isOurOrigin(headers.origin, headers.host)
      ? undefined
      : 'Its Origin is not the address of this server.'
  }
  return headers.cookie === undefined
    ? undefined
    : 'It carries a cookie but neither Sec-Fetch-Site nor Origin.'
}

/** Refuses with 403. A bearer needs none of this: no other site's page can have it sent. */
export function refuseCrossSite(): RequestHandler {
  return (request, response, next) => {
    const why = contextOf(response).identity?.source === 'token' ? undefined : whyCrossSite(request)
    if (why !== undefined) throw new AppError('cross_site', `This request was refused. ${why}`)
    next()
  }
}

/** The scheme is the Origin's own: behind a proxy that ends TLS this server does not know it. */
function isOurOrigin(origin: string, host: string | undefined): boolean {
  const match = /^(https?):\/\/[^/?#@]+$/i.exec(origin)
  const ours = `${match?.[1] ?? ''}://${host ?? ''}`
  if (!match || !URL.canParse(origin) || !URL.canParse(ours) || /[/?#@]/.test(host ?? '')) return false
  return new URL(origin).host === new URL(ours).host
}
