import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { corpusCases, endOf } from '../../../test/fakes/fleetCorpus.ts'
import { aFleetHost, aPoll, evening } from '../../../test/fakes/fleetPolls.ts'
import { foldPoll } from '../fold/foldPoll.ts'
import type { HostMemory } from '../HostMemory.ts'
import { isNews } from '../isNews.ts'
import { parseKill } from '../kill/parseKill.ts'
import { readMemory } from '../emptyMemory.ts'
import { toFigures } from '../toFigures.ts'
import { toHost } from '../toHost.ts'
import { toReadings } from '../readings/toReadings.ts'
import { sectionNames } from './readProbe.ts'
import { messageOf } from '#app/alert/Reading.ts'
import { hostSchema } from '#app/schema/fleet.ts'

const kinds = ['nvidia', 'tmux', 'proc', 'amd', 'intel', 'whole']
const corpus = kinds.flatMap(corpusCases).map(({ stdout }) => stdout)
const host = aFleetHost()

/** All that is done with an answer, after one that was well; every result must be one that the API may tell. */
function useAll(stdout: string, before: HostMemory | null, validated = true): HostMemory {
  const poll = aPoll(endOf(stdout), evening + 30_000)
  const memory = foldPoll(before, poll, host)
  const shown = toHost(memory, host, poll.endedAt)
  if (validated) hostSchema.parse(shown)
  isNews(before && { memory: before, host }, { memory, host })
  const figures = Object.values(toFigures(memory) ?? {}).flatMap((one) =>
    typeof one === 'object' && one !== null ? Object.values(one) : [one],
  )
  expect(figures.every((figure) => figure === null || Number.isFinite(figure))).toBe(true)
  const { readings } = toReadings(memory, host, poll.endedAt)
  expect(readings.every(({ value }) => value === null || Number.isFinite(value))).toBe(true)
  expect(readings.map(messageOf).join('\n')).not.toMatch(/undefined|NaN|null|Infinity/)
  parseKill(endOf(stdout))
  if (validated) expect(readMemory(JSON.stringify(memory))).toEqual(memory)
  return memory
}

const anOutput = fc.constantFrom(...corpus)
const before = foldPoll(
  null,
  aPoll(endOf(corpusCases('whole').find(({ name }) => name === 'whole/gpu-host')?.stdout ?? '')),
  host,
)

describe('the parsers never fail', () => {
  it('at random bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 500 }).map((some) => Buffer.from(some).toString('utf8'))
    fc.assert(
      fc.property(fc.oneof(bytes, fc.string({ unit: 'binary' })), (text) => void useAll(text, before)),
    )
  })

  it('at random lines within a section', () => {
    const nonce = '0123456789abcdef'
    const word = fc.oneof(
      fc.constantFrom(
        'session',
        'server',
        'pane',
        'proc',
        'cmd',
        'error',
        'fields',
        'lost',
        'tool x',
        '{',
        '[1',
        'GPU-1,',
      ),
      fc.constantFrom(
        '-',
        '[N/A]',
        '',
        '__proto__',
        'constructor',
        '1e999',
        '0x10',
        '-0',
        '99999999999999999999',
      ),
      fc.integer().map(String),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    )
    const line = fc.array(word, { maxLength: 10 }).map((words) => words.join(' ').replaceAll('\n', ''))
    const section = fc.record({
      name: fc.constantFrom(...sectionNames, '__proto__'),
      lines: fc.array(line, { maxLength: 12 }),
      code: fc.constantFrom('0', '1', '124', '125', '', '-1', 'x'),
    })
    fc.assert(
      fc.property(fc.array(section, { maxLength: 6 }), (sections) => {
        const text = sections.map(
          ({ name, lines, code }) =>
            `${nonce} begin ${name}\n${lines.map((one) => `${one}\n`).join('')}${nonce} end ${name} ${code} 5\n`,
        )
        useAll(`breakglass-probe 1 ${nonce}\n${text.join('')}${nonce} done\n`, before)
      }),
    )
  })

  it('wherever an answer is cut', () => {
    const text = corpusCases('whole').find(({ name }) => name === 'whole/gpu-host')?.stdout ?? ''
    for (let length = 0; length < text.length; length++) {
      // To validate each is what takes the time.
      const memory = useAll(text.slice(0, length), before, length % 64 === 0)
      expect(memory.status).toBe('degraded')
      // What was there is not gone by that.
      expect(memory.tmux).toHaveLength(before.tmux.length)
      expect(memory.gpus).toHaveLength(before.gpus.length)
    }
    expect(useAll(text, before).status).toBe('online')
  })

  it('at lines that are dropped, doubled and moved', () => {
    const change = fc.record({ at: fc.nat(), to: fc.nat(), how: fc.constantFrom('drop', 'double', 'move') })
    fc.assert(
      fc.property(anOutput, fc.array(change, { minLength: 1, maxLength: 8 }), (output, changes) => {
        const lines = output.split('\n')
        for (const { at, to, how } of changes) {
          const from = at % lines.length
          const [line = ''] = how === 'double' ? [lines[from]] : lines.splice(from, 1)
          if (how !== 'drop') lines.splice(to % (lines.length + 1), 0, line)
          if (lines.length === 0) lines.push('')
        }
        useAll(lines.join('\n'), before)
      }),
    )
  })

  it('at characters that are changed', () => {
    const change = fc.tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }))
    fc.assert(
      fc.property(anOutput, fc.array(change, { minLength: 1, maxLength: 8 }), (output, changes) => {
        let text = output
        for (const [at, by] of changes) {
          const from = at % (text.length + 1)
          text = text.slice(0, from) + by + text.slice(from + 1)
        }
        useAll(text, before)
      }),
    )
  })
})
