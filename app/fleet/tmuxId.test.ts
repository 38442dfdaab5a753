import fc from 'fast-check'
import { expect, it } from 'vitest'
import { killDigits, readTmuxId, tmuxId } from './tmuxId.ts'

const identity = fc.record({
  host: fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,62}$/),
  uid: fc.nat(),
  serverPid: fc.nat(),
  number: fc.nat(),
  created: fc.nat(),
})

it('is URL-safe and read back as it was', () => {
  fc.assert(
    fc.property(identity, (one) => {
      const id = tmuxId(one)
      expect(id).toMatch(/^[A-Za-z0-9:._~-]+$/)
      expect(readTmuxId(id)).toEqual(one)
      expect(killDigits(one)).toBe(`${one.number} ${one.created} ${one.serverPid}`)
    }),
  )
})

it.each([
  '',
  'gpu1',
  'gpu1:1:2.3',
  'gpu1:1:2.3.4\n',
  'gpu1:01:2.3.4',
  'gpu1:-1:2.3.4',
  ':1:2.3.4',
  'a b:1:2.3.4',
  'gpu1:1:2.3.4.5',
])('is not %j', (id) => {
  expect(readTmuxId(id)).toBeNull()
})
