import fc from 'fast-check'
import { expect, test } from 'vitest'
import { probeText } from '../../../test/fakes/probeText.ts'
import { answerEnd } from './answerEnd.ts'

const text = probeText({ gpus: 2 })
const nonce = '0123456789abcdef'

test.each<[string, string, number]>([
  ['is that of its last line', text, text.length],
  ['leaves out what follows', `${text}more\n`, text.length],
  ['may come after a banner', `Welcome to ${nonce} done\n${text}`, text.length + 33],
  ['is not there without its newline', text.slice(0, -1), -1],
  ['is not where a line only looks like it', text.replace(/ done\n$/, ' done \n'), -1],
  ['is not another answer’s', text.replace(/[0-9a-f]{16} done\n$/, 'fedcba9876543210 done\n'), -1],
  ['is not in what is no answer', `${nonce} done\n${nonce} done\n`, -1],
  ['is not in an answer without a nonce', 'breakglass-probe 1 x\nx done\n', -1],
  ['is not in nothing', '', -1],
])('the end of an answer %s', (_, answer, end) => {
  expect(answerEnd(Buffer.from(answer), 0)).toBe(end)
})

test('is found in whatever pieces it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const ends = [...cuts.toSorted((a, b) => a - b), text.length]
      const found = ends.map((end, index) => answerEnd(Buffer.from(text.slice(0, end)), ends[index - 1] ?? 0))
      expect(found.at(-1)).toBe(cuts.includes(text.length) ? found.at(-1) : text.length)
      for (const [index, end] of ends.entries()) if (end < text.length) expect(found[index]).toBe(-1)
    }),
  )
})
