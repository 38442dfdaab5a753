import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MarkdownBlock, Span } from './markdown.ts'
import { nothingRead, readMarkdown } from './readMarkdown.ts'

const blocks = (text: string): MarkdownBlock[] => readMarkdown(text).placed.map(({ block }) => block)
const plain = (text: string): Span => ({ type: 'plain', text })
const paragraph = (...spans: Span[]): MarkdownBlock => ({ type: 'paragraph', spans })

test.each<[string, string, MarkdownBlock[]]>([
  [
    'strong words and code',
    '**/var is full**, see `/var/log`.',
    [
      paragraph(
        { type: 'strong', spans: [plain('/var is full')] },
        plain(', see '),
        { type: 'code', text: '/var/log' },
        plain('.'),
      ),
    ],
  ],
  ['a heading', '## Now', [{ type: 'heading', level: 2, spans: [plain('Now')] }]],
  [
    'fenced code',
    '```sh x\ndf | sort\n\n- no\n```',
    [{ type: 'code', language: 'sh', text: 'df | sort\n\n- no' }],
  ],
  ['code whose end has not come yet', '```\ndf', [{ type: 'code', language: '', text: 'df' }]],
  [
    'a list that begins at 3',
    '3. a\n4. b',
    [
      {
        type: 'list',
        ordered: true,
        start: 3,
        items: [
          { done: null, blocks: [paragraph(plain('a'))] },
          { done: null, blocks: [paragraph(plain('b'))] },
        ],
      },
    ],
  ],
  [
    'a list of things to do',
    '- [x] a\n- [ ] b',
    [
      {
        type: 'list',
        ordered: false,
        start: 1,
        items: [
          { done: true, blocks: [paragraph(plain('a'))] },
          { done: false, blocks: [paragraph(plain('b'))] },
        ],
      },
    ],
  ],
  ['a quote', '> a', [{ type: 'quote', blocks: [paragraph(plain('a'))] }]],
  [
    'a table',
    '| a | b |\n|---|--:|\n| 1 | 2 |',
    [
      {
        type: 'table',
        head: [
          { align: 'left', spans: [plain('a')] },
          { align: 'right', spans: [plain('b')] },
        ],
        rows: [
          [
            { align: 'left', spans: [plain('1')] },
            { align: 'right', spans: [plain('2')] },
          ],
        ],
      },
    ],
  ],
  ['HTML as text', '<script>alert(1)</script>', [paragraph(plain('<script>alert(1)</script>'))]],
  ['HTML in a line as text', 'a <img src=x onerror=y> b', [paragraph(plain('a <img src=x onerror=y> b'))]],
  ['a bare address as text', 'see https://e.test/a', [paragraph(plain('see https://e.test/a'))]],
  ['a definition as text', '[a]: https://e.test', [paragraph(plain('[a]: https://e.test'))]],
  [
    'a link with its address',
    '[the log](https://e.test/x)',
    [paragraph({ type: 'link', spans: [plain('the log')], address: 'https://e.test/x' })],
  ],
  [
    'an image as its words and address',
    '![chart](https://e.test/x.png)',
    [paragraph({ type: 'image', alt: 'chart', address: 'https://e.test/x.png' })],
  ],
])('it reads %s', (_, text, expected) => {
  expect(blocks(text)).toEqual(expected)
})

test.each([
  ['quotes', '>'.repeat(20_000)],
  ['lists', Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth * 2)}- a`).join('\n')],
  ['strong words', '**a _b '.repeat(200) + '_ **'.repeat(200)],
])('%s nested without end are bounded', (_, text) => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
  expect(depthOf(blocks(text))).toBeLessThan(80)
})

const piece = fc.constantFrom(
  ...[
    'ab',
    '**',
    '`',
    '```',
    '```\n',
    '\n',
    '\n\n',
    '- ',
    '  - ',
    '1. ',
    '# ',
    '> ',
    ' ',
    '    ',
    '*',
    '---',
    '===',
  ],
  ...['| a | b |\n', '|--|--|\n', '[x](y)', '<b>', '\t', '\r\n', '\\'],
)

test('read piece by piece it is the same as read at once', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      let read = nothingRead
      let text = ''
      for (const one of pieces) read = readMarkdown((text += one), read)
      expect(read.placed).toEqual(readMarkdown(text).placed)
    }),
    { numRuns: 2_000 },
  )
})

test('what stands before the last two blocks is not read again', () => {
  const before = readMarkdown('# One\n\ntwo\n\nthree\n\nfo')
  const after = readMarkdown('# One\n\ntwo\n\nthree\n\nfour', before)
  expect(after.placed.slice(0, 2).every((placed, index) => placed === before.placed[index])).toBe(true)
  expect(after.placed.map(({ at }) => at)).toEqual([0, 7, 12, 19])
})

test('another text is read from its beginning', () => {
  expect(readMarkdown('b', readMarkdown('a\n\nb')).placed).toEqual(readMarkdown('b').placed)
})

test('no word is lost, whatever is written', () => {
  const letters = (text: string): string => text.replace(/[^a-z]/g, '')
  const said = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(said).join('')
    if (typeof value !== 'object' || value === null) return ''
    return Object.entries(value)
      .map(([name, one]) => (name === 'text' || name === 'address' ? String(one) : said(one)))
      .join('')
  }
  const safe = piece.filter((one) => !one.startsWith('|'))
  fc.assert(
    fc.property(fc.array(safe, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('')
      // What follows a fence on its line names a language and is not shown.
      fc.pre(!/```[^\n]/.test(text))
      expect(letters(said(blocks(text)))).toBe(letters(text))
    }),
    { numRuns: 1_000 },
  )
})
