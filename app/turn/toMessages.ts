import type { Message, ModelCall } from '#app/provider/Provider.ts'
import type { SessionEvent, SessionEventOf } from '#app/schema/events.ts'

export interface ToMessagesOptions {
  /** What a model is asked in place of a tapped preset's label. */
  presetPrompt: (preset: string) => string | undefined
}

const headChars = 12_000
const tailChars = 4_000

/**
 * The session's log as a conversation. It begins with the operator's words; every call has one `tool` message
 * behind the step that made it, whatever order the ends came in; neighbouring words of the operator and of the turn
 * are one message. What a broken-off step said is left out, as is what a compaction stands for.
 */
export function toMessages(events: readonly SessionEvent[], options: ToMessagesOptions): Message[] {
  const builder = new Conversation(options)
  const compaction = lastSummary(events)
  const dropped = droppedOutputs(events)
  const from = compaction === null ? 0 : compaction.from
  if (compaction !== null) builder.user(compaction.text)
  for (const event of events.slice(from)) builder.add(event, dropped)
  return builder.end()
}

/** Rough and on the safe side: models differ, and logs are dense. */
export function estimateTokens(messages: readonly Message[], system: string): number {
  const chars = messages.reduce(
    (sum, message) =>
      sum +
      message.text.length +
      (message.role === 'assistant' ? JSON.stringify(message.calls).length : 0) +
      20,
    system.length,
  )
  return Math.ceil(chars / 3)
}

/** The id of a call as every provider takes it. */
export function modelCallId(call: string): string {
  return call.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(-64)
}

class Conversation {
  readonly #options: ToMessagesOptions
  readonly #messages: Message[] = []
  /** The step that is being read: what it said and called, and the ends that have come. */
  #text = ''
  #calls: SessionEventOf<'tool'>[] = []
  #ends = new Map<string, Message & { role: 'tool' }>()
  #place = ''

  constructor(options: ToMessagesOptions) {
    this.#options = options
  }

  add(event: SessionEvent, dropped: ReadonlySet<string>): void {
    switch (event.kind) {
      case 'session':
        this.#place = event.target
        return
      case 'user':
        return this.user(this.#words(event))
      case 'text':
        if (this.#calls.length > 0) this.#flush()
        this.#text += event.text
        return
      case 'finding':
        this.#text += `- ${event.level}: ${event.text}\n`
        return
      case 'tool':
        // A step's calls are recorded together, before any of them ends.
        if (this.#ends.size > 0) this.#flush()
        this.#calls.push(event)
        return
      case 'tool_output': {
        const { name } = this.#calls.find(({ call }) => call === event.call) ?? { name: '' }
        const text = dropped.has(event.call) ? leftOut(event) : describeEnd(event)
        const call = modelCallId(event.call)
        this.#ends.set(event.call, { role: 'tool', call, name, text, isError: event.exit_code === null })
        return
      }
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
    this.#flush()
    const last = this.#messages.at(-1)
    if (last?.role === 'user') last.text += `\n\n${text}`
    else this.#messages.push({ role: 'user', text })
  }

  end(): Message[] {
    this.#flush()
    return this.#messages
  }

  #words({ text, by, preset }: SessionEventOf<'user'>): string {
    const asked = (preset === undefined ? undefined : this.#options.presetPrompt(preset)) ?? text
    return `${asked}\n\n(Target: ${this.#place === '' ? 'none' : this.#place}. Operator: ${by}.)`
  }

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
    for (const { call, name } of this.#calls) {
      const open = {
        role: 'tool',
        call: modelCallId(call),
        name,
        text: 'It has no recorded end.',
        isError: true,
      } as const
      this.#messages.push(this.#ends.get(call) ?? open)
    }
    this.#text = ''
    this.#calls = []
    this.#ends = new Map()
  }
}

/** The end of a call as a model reads it: how it ended, then head and tail of what it said, with a pointer to the rest. */
function describeEnd(end: SessionEventOf<'tool_output'>): string {
  const ended =
    end.refused === true
      ? 'Refused, nothing was run.'
      : end.exit_code === null
        ? `It did not end (${end.failed_leg ?? 'unknown'}).`
        : `Exit code ${end.exit_code}, ${end.duration_ms} ms.`
  const whole = end.output_bytes === undefined ? '' : ` The whole output has ${end.output_bytes} bytes.`
  const said = [
    ['', end.stdout],
    ['stderr:\n', end.stderr],
  ].flatMap(([label = '', text = '']) => (text === '' ? [] : [`${label}${headAndTail(text, end.call)}`]))
  return [ended + whole, ...said].join('\n')
}

function headAndTail(text: string, call: string): string {
  if (text.length <= headChars + tailChars) return text
  const left = text.length - headChars - tailChars
  const pointer = `[${left} characters left out here; the tool output pages them: call ${modelCallId(call)}]`
  return `${text.slice(0, headChars).toWellFormed()}\n${pointer}\n${text.slice(-tailChars).toWellFormed()}`
}

function leftOut({ call, exit_code }: SessionEventOf<'tool_output'>): string {
  return `[left out to save room: exit code ${exit_code}; the tool output pages it: call ${modelCallId(call)}]`
}

function lastSummary(events: readonly SessionEvent[]): { from: number; text: string } | null {
  const at = events.findLastIndex((event) => event.kind === 'compaction' && event.text !== undefined)
  const summary = events[at]
  if (summary?.kind !== 'compaction') return null
  const call = events.findIndex((event) => event.kind === 'tool' && event.call === summary.before)
  return { from: call === -1 ? at + 1 : call, text: summary.text ?? '' }
}

/** Calls whose output a compaction leaves out. */
function droppedOutputs(events: readonly SessionEvent[]): ReadonlySet<string> {
  const at = events.findLastIndex((event) => event.kind === 'compaction' && event.text === undefined)
  const marker = events[at]
  if (marker?.kind !== 'compaction') return new Set()
  const call = events.findIndex((event) => event.kind === 'tool' && event.call === marker.before)
  const before = events.slice(0, call === -1 ? at : call)
  return new Set(before.flatMap((event) => (event.kind === 'tool_output' ? [event.call] : [])))
}
