import type { SessionEvent } from '#app/schema/events.ts'

/** A session's transcript for people: what was asked, run, found and said, with times in UTC. */
export function toMarkdown(title: string, events: SessionEvent[]): string {
  const struck = struckText(events)
  const said = events.filter((event) => !struck.has(event))
  const parts = said.map(lineOf).filter((part) => part !== null)
  return `# ${oneLine(title)}\n\n${joinText(parts)}\n`
}

const opensStep: readonly SessionEvent['kind'][] = ['user', 'tool', 'nudge', 'cancelled', 'error', 'turn_end']

/** What was said in steps that were asked anew before they called anything: it was said again, and is no answer. */
function struckText(events: SessionEvent[]): Set<SessionEvent> {
  const struck = new Set<SessionEvent>()
  let step: SessionEvent[] = []
  for (const event of events) {
    const isAnew = event.kind === 'takeover' || (event.kind === 'notice' && event.again === true)
    if (isAnew) for (const one of step) struck.add(one)
    if (isAnew || opensStep.includes(event.kind)) step = []
    else if (event.kind === 'text' || event.kind === 'finding') step.push(event)
  }
  return struck
}

type Piece = { text: string; joins: boolean }

function lineOf(event: SessionEvent): Piece | null {
  const block = (text: string): Piece => ({ text, joins: false })
  switch (event.kind) {
    case 'session':
      return block(`_Session ${event.session_id} on ${event.target}, ${event.model}, ${event.at}_`)
    case 'user':
      return block(`## ${oneLine(event.by)}, ${event.at}\n\n${quote(event.text)}`)
    case 'text':
      return { text: event.text, joins: true }
    case 'tool': {
      const { command } = event.input
      return block(
        fence(typeof command === 'string' ? `$ ${command}` : `${event.name} ${JSON.stringify(event.input)}`),
      )
    }
    case 'tool_output': {
      const end =
        event.refused === true
          ? 'refused: nothing was run'
          : event.exit_code === null
            ? `no exit code (${event.failed_leg ?? 'unknown'})`
            : `exit ${event.exit_code}`
      return block(`${fence(`${event.stdout}${event.stderr}`)}\n\n_${end}, ${event.duration_ms} ms_`)
    }
    case 'finding': {
      const value =
        event.value === undefined
          ? ''
          : ` (${event.value}${event.unit === undefined ? '' : ` ${event.unit}`})`
      return block(`- **${event.level}** ${oneLine(event.text)}${value}`)
    }
    case 'error':
      return block(`**Error:** ${oneLine(event.error)}`)
    case 'notice':
      return block(`_${oneLine(event.text)}_`)
    case 'cancelled':
      return block(`_Stopped by ${oneLine(event.by)}, ${event.at}_`)
    case 'takeover':
      return block(`_${oneLine(event.reason)}_`)
    case 'approval':
      return block(`**Approval asked:** ${oneLine(event.why)}\n\n${fence(event.action)}`)
    case 'decision':
      return block(`**${event.decision}** by ${oneLine(event.by)}`)
    case 'question':
      return block(`**Question:** ${oneLine(event.text)}`)
    case 'answer':
      return block(`**Answer** by ${oneLine(event.by)}: ${oneLine(event.text)}`)
    case 'turn_end':
      return block(`_Turn ended: ${oneLine(event.reason)}, ${event.at}_`)
    case 'nudge':
      return block(`_To the model: ${oneLine(event.text)}_`)
    case 'result':
    case 'usage':
    case 'archived':
    case 'started':
    case 'progress':
    case 'compaction':
      return null
    default:
      event satisfies never
      return null
  }
}

function joinText(pieces: Piece[]): string {
  let text = ''
  let open = false
  for (const piece of pieces) {
    text += text === '' || (open && piece.joins) ? piece.text : `\n\n${piece.text}`
    open = piece.joins
  }
  return text
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
const quote = (text: string): string => text.replaceAll(/^/gm, '> ')

/** A fence longer than any run of backticks inside, so that output cannot end it. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const mark = '`'.repeat(longest + 1)
  return `${mark}text\n${text.replace(/\n$/, '')}\n${mark}`
}
