import { z } from 'zod'
import { KnowledgeIndex, type Hits } from './knowledge/KnowledgeIndex.ts'
import type { Tool, ToolResult } from './Tool.ts'
import { notRun } from './notRun.ts'
import { unlessAborted } from './unlessAborted.ts'

const parameters = z.object({
  query: z
    .string()
    .min(1)
    .max(300)
    .describe('A few words of the matter: what is seen, or what is to be done.'),
  limit: z.int().min(1).max(10).optional().describe('How many sections; default 4.'),
})
export type SearchKnowledgeInput = z.infer<typeof parameters>

const sectionChars = 4000
const totalChars = 16_000
const maxMissing = 5

export interface SearchKnowledgeDeps {
  /** Folders with notes in Markdown. */
  folders: () => string[]
}

/** Searches the operators' notes. */
export function searchKnowledgeTool({ folders }: SearchKnowledgeDeps): Tool<SearchKnowledgeInput> {
  const index = new KnowledgeIndex(folders)
  return {
    name: 'search_knowledge',
    description:
      'Searches the notes that come with this console and those of its operators (runbooks, how this site is built) by words. Returns the best sections with file, line and heading. Look here before an unusual repair.',
    parameters,
    timeoutMs: 20_000,
    prepare: ({ query, limit = 4 }) => ({
      action: `search the notes for ${JSON.stringify(query)}`,
      target: '',
      verdict: { type: 'read' },
      async run({ signal }) {
        const begun = Date.now()
        const found = index.search(query, limit).then((hits): ToolResult => ({
          exitCode: 0,
          stdout: show(query, hits),
          stderr: '',
          truncated: false,
          durationMs: Date.now() - begun,
        }))
        return unlessAborted(found, signal, () => notRun('cancelled', 'The search was given up.'))
      },
    }),
  }
}

function show(query: string, { hits, matching, of, missing }: Hits): string {
  const words = JSON.stringify(query)
  const head =
    matching === 0
      ? `No section of ${of} has words of ${words}.`
      : `${matching} of ${of} sections have words of ${words}; the best ${hits.length}:`
  const more = missing.length - maxMissing
  const notes = [...missing.slice(0, maxMissing), ...(more > 0 ? [`${more} more are left out.`] : [])]
  const parts = [[head, ...notes].join('\n')]
  let room = totalChars
  for (const { note, line, headings, text } of hits) {
    const shown = text.slice(0, Math.min(sectionChars, room)).toWellFormed()
    const left = text.length - shown.length
    room -= shown.length
    const rest = left > 0 ? `\n[${left} more characters stand in the file]` : ''
    parts.push(`## ${note}:${line} ${headings.join(' › ')}`.trimEnd() + `\n\n${shown}${rest}`)
  }
  return `${parts.join('\n\n')}\n`
}
