import { benchAppendToClient } from './appendToClient.ts'
import { benchFanOut } from './fanOut.ts'
import { benchReplay } from './replay.ts'
import type { Row } from './Row.ts'

/** Attaching to a log: replay, live fan-out, and the way of one event from append to client. */
export async function benchAttach(): Promise<Row[]> {
  return [...(await benchReplay()), ...(await benchFanOut()), ...(await benchAppendToClient())]
}
