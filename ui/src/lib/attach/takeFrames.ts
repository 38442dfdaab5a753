/** One server-sent event as it came: `event` is `message` when the server named none. */
export interface Frame {
  event: string
  id?: string
  data: string
}

/**
 * Cuts the complete frames off the front of what has been received; `rest` is the beginning of the next one.
 * Comments and `retry:` are dropped: the reconnect is our own. A frame without data is no event (WHATWG HTML,
 * 9.2.6).
 */
export function takeFrames(received: string): { frames: Frame[]; rest: string } {
  const frames: Frame[] = []
  let at = 0
  for (;;) {
    const end = blankLine(received, at)
    if (end === null) return { frames, rest: received.slice(at) }
    const frame = readFrame(received.slice(at, end.index))
    if (frame !== null) frames.push(frame)
    at = end.next
  }
}

function blankLine(text: string, from: number): { index: number; next: number } | null {
  const lf = text.indexOf('\n\n', from)
  const crlf = text.indexOf('\r\n\r\n', from)
  if (lf === -1 && crlf === -1) return null
  return crlf === -1 || (lf !== -1 && lf < crlf)
    ? { index: lf, next: lf + 2 }
    : { index: crlf, next: crlf + 4 }
}

function readFrame(block: string): Frame | null {
  let event = 'message'
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id') id = value
  }
  if (data.length === 0) return null
  return { event, data: data.join('\n'), ...(id === undefined ? {} : { id }) }
}
