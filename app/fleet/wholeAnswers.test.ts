import { expect, it } from 'vitest'
import { hostSchema, type Host } from '#app/schema/fleet.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import { corpusCases, endOf } from '../../test/fakes/fleetCorpus.ts'
import { aFleetHost, aPoll, evening } from '../../test/fakes/fleetPolls.ts'
import { foldPoll } from './fold/foldPoll.ts'
import type { HostMemory } from './HostMemory.ts'
import { toHost } from './toHost.ts'

interface Expected {
  end: Partial<ExecResult>
  /** When the poll ended; by default at `evening`. */
  at?: string
  /** The case that was polled before it. */
  after?: string
  host: object
  /** GPU processes by pid: the name of the tmux session that each belongs to, null for none. */
  owners?: Record<string, string | null>
}

const host = aFleetHost()
const cases = corpusCases('whole')
// They are written by hand.
const expectedOf = (expected: unknown) => expected as Expected

function fold(name: string): HostMemory {
  const found = cases.find((one) => one.name === name)
  if (!found) throw new Error(`there is no ${name}`)
  const { end, at, after } = expectedOf(found.expected)
  const poll = aPoll(endOf(found.stdout, end), at === undefined ? evening : Date.parse(at))
  return foldPoll(after === undefined ? null : fold(after), poll, host)
}

function ownersIn({ gpus, tmux }: Host): Record<string, string | null> {
  const processes = gpus.flatMap((gpu) => gpu.processes ?? [])
  return Object.fromEntries(
    processes.map(({ pid, tmux: id }) => [pid, tmux.find((session) => session.id === id)?.name ?? null]),
  )
}

it.each(cases)('$name', ({ name, expected }) => {
  const told = expectedOf(expected)
  const memory = fold(name)
  const shown = toHost(memory, host, memory.polledAt ?? 0)
  expect(shown).toMatchObject(told.host)
  if (told.owners) expect(ownersIn(shown)).toEqual(told.owners)
  expect(hostSchema.parse(shown)).toEqual(shown)
})
