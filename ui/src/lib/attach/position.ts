import type { Message } from './readMessage.ts'

/** The last event that was taken: `seq` 0 and epoch '' before the first. */
export interface Position {
  epoch: string
  seq: number
}

export const atStart: Position = { epoch: '', seq: 0 }

/**
 * What to do with a message. `take` and `drop-all` move the position; `repeat` was seen before; `hole` means that
 * something lies between: attach again from the position, which the server then fills.
 */
export type Step =
  | { type: 'take'; position: Position }
  | { type: 'repeat' }
  | { type: 'hole' }
  | { type: 'drop-all' }
  | { type: 'note' }

/**
 * Decides by the seqs alone; a stream counts 1, 2, 3… in one epoch, so whatever is missing shows. Only a log that
 * the server began anew (`afterReset`) may begin anywhere: what lay before was trimmed away.
 */
export function follow(position: Position, message: Message, afterReset = false): Step {
  switch (message.type) {
    case 'event': {
      const fresh = position.seq === 0
      if (!fresh && message.epoch !== position.epoch) return { type: 'hole' }
      if (message.seq <= position.seq) return { type: 'repeat' }
      if (message.seq > position.seq + 1 && !(fresh && afterReset)) return { type: 'hole' }
      return { type: 'take', position: { epoch: message.epoch, seq: message.seq } }
    }
    case 'caught-up':
      return message.head === position.seq ? { type: 'note' } : { type: 'hole' }
    case 'reset':
      return { type: 'drop-all' }
    case 'ping':
    case 'gone':
      return { type: 'note' }
  }
}
