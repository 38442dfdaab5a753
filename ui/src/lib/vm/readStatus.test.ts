import { expect, test } from 'vitest'
import { readStatus } from './readStatus.ts'

test('a status is one fact a line, and what is not known has none', () => {
  const status = {
    state: 'running',
    wedged: false,
    evidence: null,
    uptime_s: 7,
    pending: ['a: 1', 'b: 2'],
    unread: [],
  }
  expect(readStatus(`${JSON.stringify(status)}\n`)).toBe(
    'state: running\nwedged: false\nuptime_s: 7\npending: a: 1, b: 2',
  )
})

test.each(['qm status failed\n', '', '[1]', '"running"', 'null'])('%j stands as it is', (text) => {
  expect(readStatus(text)).toBe(text)
})
