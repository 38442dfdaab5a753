import { expect, it } from 'vitest'
import { createAudit } from './record.ts'

it('prints one line of JSON per mutation, whatever its fields hold', () => {
  const lines: string[] = []
  const audit = createAudit(
    (line) => lines.push(line),
    () => new Date('2026-11-20T03:00:00Z'),
  )
  audit({
    action: 'power.cycle',
    by: 'operator\n{"audit":"forged"}',
    source: 'token',
    request_id: 'r1',
    op: 'a'.repeat(32),
    subject: 'devvm',
    outcome: 'requested',
  })
  expect(lines.join('').split('\n')).toHaveLength(2)
  expect(JSON.parse(lines.join(''))).toMatchObject({
    audit: 'power.cycle',
    at: '2026-11-20T03:00:00.000Z',
    by: 'operator\n{"audit":"forged"}',
    subject: 'devvm',
    outcome: 'requested',
  })
})
