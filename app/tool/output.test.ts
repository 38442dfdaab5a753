import { expect, test } from 'vitest'
import { outputTool, type OutputPiece } from './output.ts'
import { createRegistry } from './registry.ts'

const context = { sessionId: 's', call: 'c9', target: 'devvm', operator: 'o' }

/** The text in pieces of `size`, as it would be read from line `from` on. */
async function* inPieces(text: string, from = 0, size = 7000): AsyncGenerator<OutputPiece> {
  let line = 0
  const pieces: OutputPiece[] = []
  for (let at = 0; at < text.length; at += size) {
    pieces.push({ text: text.slice(at, at + size), line })
    line += text.slice(at, at + size).split('\n').length - 1
  }
  yield* pieces.slice(
    Math.max(
      0,
      pieces.findLastIndex((piece) => piece.line < from),
    ),
  )
}

function withOutput(text: string | null, calls = ['c1', 'c2']) {
  const tools = createRegistry([
    outputTool({
      calls: () => Promise.resolve(calls),
      read: (_, call, from) => Promise.resolve(text === null || call !== 'c1' ? null : inPieces(text, from)),
    }),
  ])
  return async (input: Record<string, unknown>) => {
    const found = await tools.prepare('output', input, context)
    if ('refused' in found) return found.refused
    expect(found.prepared.verdict).toEqual({ type: 'read' })
    const { exitCode, stdout, stderr } = await found.prepared.run({
      signal: new AbortController().signal,
      write: () => undefined,
      ask: () => Promise.reject(new Error('asked')),
    })
    return exitCode === 0 ? stdout : `${exitCode}: ${stderr}`
  }
}

const numbered = Array.from(
  { length: 5000 },
  (_, i) => `entry ${i + 1}${i === 2999 ? ' ERROR disk' : ''}\n`,
).join('')

test('lines come with their numbers, and where to go on', async () => {
  const output = withOutput(numbered)
  expect(await output({ call: 'c1', lines: 2 })).toBe('1: entry 1\n2: entry 2\n[goes on: from_line 3]')
  expect(await output({ call: 'c1', from_line: 4321, lines: 1 })).toBe(
    '4321: entry 4321\n[goes on: from_line 4322]',
  )
  expect(await output({ call: 'c1', from_line: 4999 })).toBe(
    '4999: entry 4999\n5000: entry 5000\n[the end of the output]',
  )
  expect(await output({ call: 'c1', from_line: 5001 })).toBe(
    '[there is no such line: the output ends before]',
  )
})

test('every page together is all of it', async () => {
  const text = `first\n\n${'y'.repeat(300)}\nlast`
  const output = withOutput(text)
  const shown: string[] = []
  for (let from_line = 1; ;) {
    const page = await output({ call: 'c1', from_line, lines: 1 })
    shown.push(page.split('\n')[0]?.replace(/^\d+: /, '') ?? '')
    const [, next] = /from_line (\d+)\]$/.exec(page) ?? []
    if (next === undefined) break
    from_line = Number(next)
  }
  expect(shown.join('\n')).toBe(text)
})

test('a search shows hits in any case with two lines around, and where to go on', async () => {
  const output = withOutput(numbered)
  expect(await output({ call: 'c1', search: 'error' })).toBe(
    '2998- entry 2998\n2999- entry 2999\n3000: entry 3000 ERROR disk\n3001- entry 3001\n3002- entry 3002\n[1 found, to the end of the output]',
  )
  expect(await output({ call: 'c1', search: 'error', from_line: 3001 })).toBe(
    '["error" does not occur from there on]',
  )
  expect(await output({ call: 'c1', search: 'entry', lines: 2 })).toBe(
    '1: entry 1\n2: entry 2\n[2 found so far; goes on: from_line 3]',
  )
})

test('a line of 5 MB is cut, and paged by characters from begin to end', async () => {
  const long = Array.from({ length: 500_000 }, (_, i) => String(i).padStart(9, '0')).join(' ')
  const output = withOutput(`short\n${long}\nafter\n`)
  expect(await output({ call: 'c1' })).toBe(
    `1: short\n2: ${long.slice(0, 2000)} … [the line goes on: from_line 2, from_char 2000]\n3: after\n[the end of the output]`,
  )
  let whole = ''
  for (let from_char = 0; ;) {
    const page = await output({ call: 'c1', from_line: 2, from_char })
    const [, text = '', next] =
      /^2: (.*?)(?: … \[the line goes on: from_line 2, from_char (\d+)\]|\n\[the end of the line; next: from_line 3\])$/s.exec(
        page,
      ) ?? []
    whole += text
    if (next === undefined) break
    // Not all 313 pages: ten at the begin, ten at the end.
    from_char =
      Number(next) < 160_000 || Number(next) > long.length - 160_000 ? Number(next) : long.length - 160_000
    if (from_char === long.length - 160_000) whole += long.slice(Number(next), from_char)
  }
  expect(whole === long).toBe(true)
}, 60_000)

test('a search finds what stands deep in a long line, across any border, and says where', async () => {
  const at = 15_995
  const output = withOutput(`${'x'.repeat(at)}needle${'y'.repeat(50_000)}\n`)
  const found = await output({ call: 'c1', search: 'NEEDLE' })
  const [, char = ''] = /^1 \(from_char (\d+)\): x*needley+\n/.exec(found) ?? []
  expect(Number(char)).toBeGreaterThan(at - 400)
  expect(await output({ call: 'c1', from_char: at })).toMatch(/^1: needley/)
})

test('a character beyond the line’s end is told how long it is', async () => {
  expect(await withOutput('abc\n')({ call: 'c1', from_char: 9 })).toBe('[line 1 has 3 characters]')
})

test('a call without an output is answered with those that have one', async () => {
  expect(await withOutput('x')({ call: 'c7' })).toBe(
    '1: There is no output of a call "c7" in this session. There are: c1, c2.',
  )
  expect(await withOutput('x', [])({ call: 'c7' })).toContain('No call has one yet.')
})

test('an output that made room for others says so', async () => {
  expect(await withOutput(null)({ call: 'c1' })).toBe(
    '1: The output of call c1 is no longer kept: the oldest make room for newer ones.',
  )
})

test.each([{}, { call: 'c1', lines: 401 }, { call: 'c1', from_line: 0 }, { call: 'c1', search: '' }])(
  '%j is refused',
  async (input) => {
    expect(await withOutput('x')(input)).toContain('output was called wrongly')
  },
)
