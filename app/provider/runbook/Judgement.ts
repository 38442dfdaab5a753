import type { Level, SessionEventOf } from '#app/schema/events.ts'

/** What a probe's command answered, as its event tells it. */
export type ProbeOutput = Omit<SessionEventOf<'tool_output'>, 'kind' | 'id' | 'turn' | 'call'>

/** What a judgement is about: it decides which preset looks further. */
export type Topic = 'reach' | 'vm' | 'cpu' | 'memory' | 'disk' | 'services' | 'kernel' | 'network' | 'clock'

/** Something was looked at: `value` is the figure that was judged, so that no `ok` is without evidence. */
export interface Checked {
  kind: 'checked'
  level: Level
  topic: Topic
  /** A sentence for a tired person. */
  text: string
  value: number | string
  unit?: string
  /** A few words for the one sentence of a healthy machine: "memory 23 % used". */
  figure?: string
  /** What to do about it, a sentence. */
  advice?: string
}

/** Something could not be looked at. It has no value; `matters` when it should have worked on this machine. */
export interface Unchecked {
  kind: 'unchecked'
  matters: boolean
  /** Completes "Could not check …". */
  what: string
  /** A clause: "it did not answer within 8 s". */
  why: string
}

export type Judgement = Checked | Unchecked

/** Nothing to see, or one more thing to say: what most judges return. */
export function checked(judgement: Omit<Checked, 'kind'>): Checked {
  return { kind: 'checked', ...judgement }
}

export function unchecked(what: string, why: string, matters = false): Unchecked {
  return { kind: 'unchecked', what, why, matters }
}
