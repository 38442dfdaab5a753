import { describe, expect, it } from 'vitest'
import { readSections, type Readings } from '../fold/readSections.ts'
import { corpusCases, endOf } from '../../../test/fakes/fleetCorpus.ts'
import { readProbe } from './readProbe.ts'

/** What was read, without what was not. */
function told({ whole: _, present, partial, cut: _cut, procsAfterMs: _ms, ...readings }: Readings): unknown {
  const known = Object.entries(readings).filter(([, value]) => value !== null)
  return JSON.parse(JSON.stringify({ present, partial: [...partial], ...Object.fromEntries(known) }, plain))
}

function plain(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value
}

describe.each(['nvidia', 'tmux', 'proc', 'amd', 'intel'])('%s', (kind) => {
  it.each(corpusCases(kind))('$name', ({ stdout, expected }) => {
    const answer = readProbe(endOf(stdout))
    expect(answer.trouble).toBeNull()
    expect(told(readSections(answer, { hasGpu: 'auto' }))).toEqual(expected)
  })
})
