const words: Record<string, string> = {
  ECONNREFUSED: 'it refused the connection',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name cannot be resolved',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it took no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'it took no connection in time',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
}

/**
 * Why a server was not reached or was lost, for the end of a sentence, if the error is one of a connection. Only
 * codes are read: messages hold addresses with passwords in them.
 */
export function describeLoss(error: unknown): string | undefined {
  let cause = error
  for (let depth = 0; depth < 5 && cause instanceof Error; depth++, cause = cause.cause) {
    if (!('code' in cause) || typeof cause.code !== 'string') continue
    if (words[cause.code] !== undefined) return words[cause.code]
    if (/CERT|SELF_SIGNED|TLS|SSL|ISSUER/.test(cause.code))
      return `its certificate is not accepted (${cause.code})`
  }
  if (!(error instanceof Error)) return undefined
  // undici's word for a body that broke off, and both SDKs' class for a request without an answer.
  if (error instanceof TypeError && error.message === 'terminated') return 'the connection broke off'
  return /^APIConnection/.test(error.constructor.name) ? 'it cannot be reached' : undefined
}
