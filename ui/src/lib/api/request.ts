/**
 * Why a request brought no value. `offline`: no answer came (in time), so it may or may not have arrived.
 * `refused`: the server answered and said no; `fields` holds the whole body, for codes that carry more.
 */
export type Failure =
  | { kind: 'offline'; detail: string }
  | { kind: 'signed_out'; detail: string }
  | {
      kind: 'refused'
      status: number
      code: string
      detail: string
      requestId: string
      fields: Record<string, unknown>
    }

export type Answer<T> = { ok: true; value: T; status: number } | { ok: false; failure: Failure }

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'DELETE'
  body?: unknown
  headers?: Record<string, string>
  timeoutMs?: number
  /** The answer is text, not JSON. */
  text?: boolean
  signal?: AbortSignal
}

/** What the rest of the app wants to know about every exchange with the server. */
export interface RequestHooks {
  fetch: typeof fetch
  onReached: () => void
  onUnreached: () => void
  onSignedOut: () => void
}

export const signedOutDetail = 'You are signed out.'

/**
 * One request to our own server, never thrown. A redirect can only be a proxy that wants a sign-in, and is told
 * as `signed_out`, as 401 is. The body is trusted to have the type that the contract gives it.
 */
export async function request<T>(
  hooks: RequestHooks,
  path: string,
  options: RequestOptions = {},
): Promise<Answer<T>> {
  const { method = 'GET', body, headers = {}, timeoutMs = 15_000, text: isText = false, signal } = options
  const limit = AbortSignal.timeout(timeoutMs)
  let response: Response
  let text: string
  try {
    response = await hooks.fetch(path, {
      method,
      redirect: 'manual',
      cache: 'no-store',
      credentials: 'same-origin',
      headers: {
        Accept: isText ? 'text/plain' : 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    })
    text = await response.text()
  } catch {
    if (signal?.aborted !== true) {
      console.warn(`breakglass: ${method} ${path} got no answer`)
      // One answer that takes long says nothing of the connection: others may come meanwhile.
      if (!limit.aborted) hooks.onUnreached()
    }
    return { ok: false, failure: { kind: 'offline', detail: noAnswerDetail(limit.aborted) } }
  }
  if (isSignedOut(response)) {
    hooks.onSignedOut()
    return { ok: false, failure: { kind: 'signed_out', detail: signedOutDetail } }
  }
  hooks.onReached()
  const value = isText && response.ok ? text : parseJson(text)
  if (response.ok && value !== undefined) return { ok: true, value: value as T, status: response.status }
  const failure = refusal(response, value)
  console.warn(
    `breakglass: ${method} ${path} answered ${response.status} ${failure.code} ${failure.requestId}`,
  )
  return { ok: false, failure }
}

/** The server itself says that there is no such thing; a page of a proxy with the same status says nothing. */
export function isMissing(failure: Failure): boolean {
  return failure.kind === 'refused' && failure.status === 404 && failure.code === 'not_found'
}

export function isSignedOut(response: Response): boolean {
  return response.type === 'opaqueredirect' || response.status === 401
}

function noAnswerDetail(timedOut: boolean): string {
  return timedOut ? 'The server did not answer in time.' : 'The server cannot be reached.'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refusal(response: Response, value: unknown): Extract<Failure, { kind: 'refused' }> {
  const fields = isRecord(value) ? value : {}
  const text = (name: string, otherwise: string): string => {
    const field = fields[name]
    return typeof field === 'string' ? field : otherwise
  }
  return {
    kind: 'refused',
    status: response.status,
    code: text('code', 'unreadable_answer'),
    detail: text('detail', `The server answered ${response.status}, without a reason that can be read.`),
    requestId: text('request_id', response.headers.get('x-request-id') ?? ''),
    fields,
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
