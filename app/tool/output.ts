import { z } from 'zod'
import { linesOf, searchIn, segments, withinLine } from './outputPage.ts'
import type { Tool } from './Tool.ts'

/** A piece of an output; `line` counts the newlines before it. */
export interface OutputPiece {
  text: string
  line: number
}

export interface OutputDeps {
  /** The calls of the session that have an output, oldest first, by the ids that the model knows. */
  calls: (sessionId: string) => Promise<string[]>
  /** The output in pieces, from the one on in which line `from` begins, counted from 0; null when it is not kept (any more). */
  read: (sessionId: string, call: string, from: number) => Promise<AsyncIterable<OutputPiece> | null>
}

const parameters = z.object({
  call: z.string().min(1).max(200).describe('The id of the call whose output it is.'),
  from_line: z.int().min(1).default(1).describe('The first line to show, counted from 1.'),
  from_char: z
    .int()
    .min(0)
    .optional()
    .describe('Shows 16,000 characters of that one line, from this one on, counted from 0.'),
  lines: z.int().min(1).max(400).default(200).describe('How many lines, or how many hits of a search.'),
  search: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Shows only lines that hold this text, in any case, with two lines around each.'),
})
export type OutputInput = z.infer<typeof parameters>

const callsNamed = 20

/** Pages the output of an earlier call of the session. */
export function outputTool({ calls, read }: OutputDeps): Tool<OutputInput> {
  return {
    name: 'output',
    description:
      'Pages the output of an earlier call of this session, where it was cut: by lines, within one long line, or by a search. Each line is shown with its number, and cut after 2,000 characters.',
    parameters,
    timeoutMs: 60_000,
    prepare(input, { sessionId }) {
      const { call, from_line, from_char, lines, search } = input
      const what = search === undefined ? `${lines} lines` : `lines with ${JSON.stringify(search)}`
      const where =
        from_char === undefined ? `line ${from_line}` : `character ${from_char} of line ${from_line}`
      return {
        action: `read the output of call ${call}: ${what} from ${where} on`,
        target: '',
        verdict: { type: 'read' },
        async run({ signal }) {
          const startedAt = performance.now()
          const end = (exitCode: number, stdout: string, stderr: string) => {
            const durationMs = Math.round(performance.now() - startedAt)
            return { exitCode, stdout, stderr, truncated: false, durationMs }
          }
          const known = await calls(sessionId)
          if (!known.includes(call)) return end(1, '', unknownCall(call, known))
          const first = from_line - 1
          const pieces = await read(sessionId, call, first)
          if (pieces === null)
            return end(
              1,
              '',
              `The output of call ${call} is no longer kept: the oldest make room for newer ones.`,
            )
          const parts = segments(pieces, first, signal)
          if (search !== undefined) return end(0, await searchIn(parts, search, lines), '')
          const page = from_char === undefined ? linesOf(parts, lines) : withinLine(parts, from_char)
          return end(0, await page, '')
        },
      }
    },
  }
}

function unknownCall(call: string, known: string[]): string {
  const asked = `There is no output of a call ${JSON.stringify(call)} in this session.`
  if (known.length === 0) return `${asked} No call has one yet.`
  const newest = known.slice(-callsNamed)
  return `${asked} There are: ${newest.join(', ')}${known.length > callsNamed ? ' (the newest)' : ''}.`
}
