import type { IncomingMessage, ServerResponse } from 'node:http'

/** What can go wrong on the way of an answer. */
export interface WireFault {
  /** Everything up to and with this text of the body gets through, then the connection stays open in silence. */
  holdAfter?: string
  /** Everything up to and with this text of the body gets through, then the connection breaks. */
  breakAfter?: string
  /** This text of the body, where it first stands in a piece, becomes that one. */
  replace?: [string, string]
  /** Headers over those that came. */
  headers?: Record<string, string>
}

/** Passes an answer on, bent. `hold` resolves when what is held may go on. */
export async function passBent(
  come: IncomingMessage,
  answer: ServerResponse,
  { holdAfter, breakAfter, replace, headers }: WireFault,
  hold: () => Promise<void>,
): Promise<void> {
  answer.writeHead(come.statusCode ?? 500, { ...come.headers, ...headers })
  answer.flushHeaders()
  let sent = ''
  let stop = holdAfter ?? breakAfter
  try {
    for await (const chunk of come.setEncoding('utf8')) {
      const piece = replace === undefined ? String(chunk) : String(chunk).replace(...replace)
      const at = stop === undefined ? -1 : (sent + piece).indexOf(stop)
      if (stop === undefined || at === -1) {
        answer.write(piece)
        sent += piece
        continue
      }
      const cut = at + stop.length - sent.length
      stop = undefined
      await new Promise((resolve) => answer.write(piece.slice(0, cut), resolve))
      if (breakAfter !== undefined) {
        answer.destroy()
        return
      }
      await hold()
      answer.write(piece.slice(cut))
    }
    answer.end()
  } catch {
    // One of the two sides has broken.
    answer.destroy()
  }
}
