import { rawHttp, type RawReply } from './rawHttp.ts'
import type { TestApp } from './testApp.ts'

/** A Host header unless one is given. `{token}`, `{id}` and `{port}` stand for the real ones. */
export function sendLines(
  app: TestApp,
  requestLine: string,
  headers: string[],
  body = '',
): Promise<RawReply> {
  const fill = (text: string) =>
    text
      .replaceAll('{token}', app.token)
      .replaceAll('{id}', app.token.split('_')[1] ?? '')
      .replaceAll('{port}', String(app.port))
  const host = headers.some((one) => /^host:/i.test(one)) ? [] : ['Host: 127.0.0.1:{port}']
  const length =
    body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]
  const lines = [`${requestLine} HTTP/1.1`, ...host, ...headers, ...length, 'Connection: close', '', body]
  return rawHttp(app.port, fill(lines.join('\r\n')))
}
