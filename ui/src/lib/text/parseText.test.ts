import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSpans, parseText } from './parseText.ts'

const plain = (text: string) => ({ type: 'plain', text })

test('strong words and code are spans', () => {
  expect(parseSpans('**/var is full**, see `/var/log`.')).toEqual([
    { type: 'strong', text: '/var is full' },
    plain(', see '),
    { type: 'code', text: '/var/log' },
    plain('.'),
  ])
})

test('paragraphs, lists, headings and fenced code are blocks', () => {
  expect(parseText('# Now\none\ntwo\n\n1. a\n2. b\n\n- c\n```sh\ndf | sort\n\n- no\n```\nend')).toEqual([
    { type: 'heading', spans: [plain('Now')] },
    { type: 'paragraph', spans: [plain('one'), plain('\n'), plain('two')] },
    { type: 'list', ordered: true, items: [[plain('a')], [plain('b')]] },
    { type: 'list', ordered: false, items: [[plain('c')]] },
    { type: 'code', text: 'df | sort\n\n- no' },
    { type: 'paragraph', spans: [plain('end')] },
  ])
})

test.each([
  '**not closed',
  'a ` b',
  '```\nunfinished',
  '[x](http://e.test)',
  '![x](http://e.test)',
  '<b>x</b>',
])('%s stays what it is', (text) => {
  const said = parseText(text).flatMap((block) =>
    block.type === 'code'
      ? [block.text]
      : block.type === 'paragraph'
        ? block.spans.map((span) => span.text)
        : [],
  )
  expect(said.join('')).toBe(text.replace('```\n', ''))
})

test('no word is lost, whatever is written', () => {
  const words = (text: string): string => text.replace(/[^a-z]/g, '')
  const piece = fc.constantFrom('ab', 'cd', '**', '`', '```', '\n', '\n\n', '- ', '1. ', '# ', ' ', '*', 'ef')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('')
      // What follows the fence on its line names a language and is not text.
      fc.pre(!/^```./m.test(text))
      const said = parseText(text)
        .flatMap((block) =>
          block.type === 'code'
            ? [block.text]
            : block.type === 'list'
              ? block.items.flat().map((span) => span.text)
              : block.spans.map((span) => span.text),
        )
        .join('')
      expect(words(said)).toBe(words(text))
    }),
  )
})
