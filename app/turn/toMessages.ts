import { createHash } from 'node:crypto'
import type { Message, ModelCall } from '#app/provider/Provider.ts'
import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'
import { shorten } from './shorten.ts'

export interface ToMessagesOptions {
  /** What a model is asked in place of a tapped preset's label. */
  presetPrompt: (preset: string) => string | undefined
  /** How much of one output stands in the conversation. */
  outputChars?: number
}

/** For a model that reads much. */
export const maxOutputChars = 16_000

/**
 * The session's log as a conversation. It begins with the operator's words; every call has one `tool` message
 * behind the step that made it, whatever order the ends came in; neighbouring words of the operator and of the turn
 * are one message. What a broken-off step said is left out, as is what a compaction stands for.
 */
export function toMessages(events: readonly SessionEvent[], options: ToMessagesOptions): Message[] {
  const builder = new Conversation(events, options)
  const compaction = lastSummary(events)
  if (compaction !== null) builder.user(compaction.text)
  for (const event of events.slice(compaction?.from)) builder.add(event)
  return builder.end()
}

/** The operator's words as a model reads them, with where and who. `events` are those before them. */
export function wordsOf(
  { text, by, preset }: SessionEventOf<'user'>,
  events: readonly SessionEvent[],
  { presetPrompt }: ToMessagesOptions,
): string {
  const session = events.findLast((event) => event.kind === 'session')
  const asked = (preset === undefined ? undefined : presetPrompt(preset)) ?? text
  return `${asked}\n\n(Target: ${session?.target || 'none'}. Operator: ${by}.)`
}

/** The id of a call as every provider takes it. One that must be changed for that gets a hash: ids stay unique. */
export function modelCallId(call: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(call)) return call
  const hash = createHash('sha256').update(call).digest('hex').slice(0, 12)
  return `${call.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(-51)}_${hash}`
}

class Conversation {
  readonly #events: readonly SessionEvent[]
  readonly #options: ToMessagesOptions
  readonly #ends: ReadonlyMap<string, SessionEventOf<'tool_output'>>
  /** Calls whose output is left out. */
  readonly #dropped: ReadonlySet<string>
  readonly #messages: Message[] = []
  readonly #known = new Set<string>()
  /** The step that is being read: what it said and called, and whether one of its calls has ended. */
  #text = ''
  #calls: SessionEventOf<'tool'>[] = []
  #ended = false

  constructor(events: readonly SessionEvent[], options: ToMessagesOptions) {
    this.#events = events
    this.#options = options
    this.#ends = new Map(
      events.flatMap((event) => (event.kind === 'tool_output' ? [[event.call, event] as const] : [])),
    )
    this.#dropped = droppedOutputs(events)
  }

  add(event: SessionEvent): void {
    switch (event.kind) {
      case 'user':
        return this.user(wordsOf(event, this.#events.slice(0, this.#events.indexOf(event)), this.#options))
      case 'text':
        if (this.#calls.length > 0) this.#flush()
        this.#text += event.text
        return
      case 'finding':
        if (this.#calls.length > 0) this.#flush()
        this.#text += `- ${event.level}: ${event.text}\n`
        return
      case 'tool':
        // A step's calls are recorded together, before any of them ends.
        if (this.#ended) this.#flush()
        if (this.#known.has(event.call)) return
        this.#known.add(event.call)
        this.#calls.push(event)
        return
      case 'tool_output':
        this.#ended ||= this.#calls.some(({ call }) => call === event.call)
        return
      case 'notice':
        if (event.again === true && this.#calls.length === 0) this.#text = ''
        return
      case 'takeover':
        if (this.#calls.length === 0) this.#text = ''
        return
      case 'nudge':
        return this.user(event.text)
      case 'cancelled':
        return this.user('(The operator stopped this turn.)')
      case 'error':
        return this.user(`(This turn failed: ${event.error})`)
      default:
        return
    }
  }

  user(text: string): void {
    if (text.trim() === '') return
    this.#flush()
    const last = this.#messages.at(-1)
    if (last?.role === 'user') last.text += `\n\n${text}`
    else this.#messages.push({ role: 'user', text })
  }

  end(): Message[] {
    this.#flush()
    return this.#messages
  }

  /** A call's end may be recorded behind the words that follow its step, as after a stop: it stands with its call. */
  #flush(): void {
    const calls: ModelCall[] = this.#calls.map(({ call, name, input }) => ({
      call: modelCallId(call),
      name,
      input,
    }))
    const text = this.#text.trim()
    if (text !== '' || calls.length > 0) {
      // A conversation begins with the operator: what a runbook said before has no place of its own.
      if (this.#messages.length === 0) this.#messages.push({ role: 'user', text: '(The session began.)' })
      this.#messages.push({ role: 'assistant', text, calls })
    }
    this.#messages.push(...this.#calls.map((call) => this.#endOf(call)))
    this.#text = ''
    this.#calls = []
    this.#ended = false
  }

  #endOf({ call, name }: SessionEventOf<'tool'>): Message {
    const end = this.#ends.get(call)
    const id = modelCallId(call)
    if (end === undefined)
      return { role: 'tool', call: id, name, text: 'It has no recorded end.', isError: true }
    const text = this.#dropped.has(call)
      ? `[left out to save room: exit code ${end.exit_code}; the tool output pages it: call ${id}]`
      : describeEnd(end, this.#options.outputChars ?? maxOutputChars)
    return { role: 'tool', call: id, name, text, isError: end.exit_code === null }
  }
}

/** The end of a call as a model reads it: how it ended, then head and tail of what it said, with a pointer to the rest. */
function describeEnd(end: SessionEventOf<'tool_output'>, maxChars: number): string {
  const ended =
    end.refused === true
      ? 'Refused, nothing was run.'
      : end.exit_code === null
        ? `It did not end (${end.failed_leg ?? 'unknown'}).`
        : `Exit code ${end.exit_code}, ${end.duration_ms} ms.`
  const whole = end.output_bytes === undefined ? '' : ` The whole output has ${end.output_bytes} bytes.`
  const pointer = (left: number): string =>
    `${left} characters left out here; the tool output pages them: call ${modelCallId(end.call)}`
  const said = [
    ['', end.stdout],
    ['stderr:\n', end.stderr],
  ].flatMap(([label = '', text = '']) => (text === '' ? [] : [`${label}${shorten(text, maxChars, pointer)}`]))
  return [ended + whole, ...said].join('\n')
}

function lastSummary(events: readonly SessionEvent[]): { from: number; text: string } | null {
  const at = events.findLastIndex((event) => event.kind === 'compaction' && event.text !== undefined)
  const summary = events[at]
  if (summary?.kind !== 'compaction') return null
  return { from: cutOf(events, summary.before) ?? at + 1, text: summary.text ?? '' }
}

/** Calls whose output a compaction leaves out: those begun before its cut, whenever they ended. */
function droppedOutputs(events: readonly SessionEvent[]): ReadonlySet<string> {
  const at = events.findLastIndex((event) => event.kind === 'compaction' && event.text === undefined)
  const marker = events[at]
  if (marker?.kind !== 'compaction') return new Set()
  const before = events.slice(0, cutOf(events, marker.before) ?? at)
  return new Set(before.flatMap((event) => (event.kind === 'tool' ? [event.call] : [])))
}

/** Where the call `before` stands; undefined where there is none. */
function cutOf(events: readonly SessionEvent[], before: string): number | undefined {
  const at = events.findIndex((event) => event.kind === 'tool' && event.call === before)
  return at === -1 ? undefined : at
}
