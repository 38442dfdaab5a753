import { expect, test } from 'vitest'
import { memoryDocuments } from '../test/fakes/memoryDocuments.ts'
import { emptyMemory } from '#app/fleet/emptyMemory.ts'
import { removeForgotten } from './removeForgotten.ts'

const now = Date.parse('2026-11-20T03:00:00Z')
const hour = 3_600_000

test('what is stored of hosts that nobody has polled for a day, and that are not configured, goes with its alerts', async () => {
  const { documents, kept } = memoryDocuments()
  const polled = { known: 100, gone: 25, elsewhere: 23 }
  for (const [name, hours] of Object.entries(polled)) {
    documents.put('host', name, JSON.stringify({ ...emptyMemory(name), polledAt: now - hours * hour }))
    documents.put('alerts', `host:${name}`, '{}')
  }
  documents.put('host', 'broken', 'nothing')
  documents.put('alerts', 'host:lost', '{}')
  const scopeOf = (name: string) => `host:${name}`
  await removeForgotten({ documents, isKnown: (name) => name === 'known', scopeOf, now })
  expect([...(kept.get('host')?.keys() ?? [])]).toEqual(['known', 'elsewhere'])
  expect([...(kept.get('alerts')?.keys() ?? [])]).toEqual(['host:known', 'host:elsewhere'])
})
