import { describe, expect, test } from 'vitest'
import { placePosition, readPositions } from './position.ts'

describe('what a client may give as its position', () => {
  test.each([
    ['7', [{ seq: 7 }]],
    ['0', [{ seq: 0 }]],
    ['3f2a9c.12', [{ epoch: '3f2a9c', seq: 12 }]],
    ['', []],
    [undefined, []],
  ])('%j is read', (given, expected) => {
    expect(readPositions(given)).toEqual(expected)
  })

  test.each(['-1', '1.2.3', 'x', 'a.', '.5', '1e3', ' 7', '7\n', '9'.repeat(16), 'e!.4', ['1', '2'], 7])(
    '%j is a bad request',
    (given) => {
      expect(() => readPositions(given)).toThrow(expect.objectContaining({ code: 'bad_request' }))
    },
  )
})

describe('where a client begins', () => {
  const present = { epoch: 'now', seq: 10 }

  test.each([
    ['nothing given', [], { seq: 0 }],
    ['a bare seq', [{ seq: 4 }], { seq: 4 }],
    ['the head itself', [{ epoch: 'now', seq: 10 }], { seq: 10 }],
    ['the larger of two', [{ seq: 4 }, { epoch: 'now', seq: 6 }], { seq: 6 }],
    [
      'the one of the present epoch',
      [
        { epoch: 'old', seq: 9 },
        { epoch: 'now', seq: 2 },
      ],
      { seq: 2 },
    ],
    ['another epoch', [{ epoch: 'old', seq: 3 }], { seq: 0, reset: expect.stringContaining('epoch') }],
    ['above the head', [{ epoch: 'now', seq: 11 }], { seq: 0, reset: expect.stringContaining('beyond') }],
  ])('%s', (_name, asked, expected) => {
    expect(placePosition(asked, present)).toEqual(expected)
  })
})
