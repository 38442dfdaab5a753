import fc from 'fast-check'
import { expect, test } from 'vitest'
import { takeFrames } from './takeFrames.ts'

test('cuts complete frames and keeps the beginning of the next', () => {
  expect(takeFrames('id: e.1\ndata: {"a":1}\n\nevent: ping\ndata: {}\n\nid: e.2\nda')).toEqual({
    frames: [
      { event: 'message', id: 'e.1', data: '{"a":1}' },
      { event: 'ping', data: '{}' },
    ],
    rest: 'id: e.2\nda',
  })
})

test.each([
  ['a comment', ': hello\n\n'],
  ['a retry', 'retry: 3000\n\n'],
  ['an empty block', '\n\n'],
  ['a frame without data', 'event: ping\n\n'],
])('%s is no event', (_, text) => {
  expect(takeFrames(text)).toEqual({ frames: [], rest: '' })
})

test('CRLF, several data lines and a missing space are read as the standard says', () => {
  expect(takeFrames('event: x\r\ndata: a\r\ndata:b\r\n\r\n').frames).toEqual([{ event: 'x', data: 'a\nb' }])
})

test('however the stream is cut into chunks, the frames are the same', () => {
  const stream = Array.from({ length: 8 }, (_, n) => `id: e.${n}\ndata: {"id":${n},"text":"é\\n"}\n\n`).join(
    '',
  )
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length]
      let rest = ''
      const frames = places.slice(1).flatMap((end, index) => {
        const cut = takeFrames(rest + stream.slice(places[index], end))
        rest = cut.rest
        return cut.frames
      })
      expect(rest).toBe('')
      expect(frames).toEqual(takeFrames(stream).frames)
    }),
  )
})
