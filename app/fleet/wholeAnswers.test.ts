import { expect, it } from 'vitest'
import { hostSchema } from '#app/schema/fleet.ts'
import { aFleetHost, aPoll } from '../../test/fakes/fleetPolls.ts'
import { foldPoll } from './foldPoll.ts'
import { corpusCases, endOf } from '../../test/fakes/fleetCorpus.ts'
import { toHost } from './toHost.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'

const host = aFleetHost()

it.each(corpusCases('whole'))('$name', ({ stdout, expected }) => {
  const { end, host: told } = expected as { end: Partial<ExecResult>; host: object }
  const poll = aPoll(endOf(stdout, end))
  const shown = toHost(foldPoll(null, poll, host), host, poll.endedAt)
  expect(shown).toMatchObject(told)
  expect(hostSchema.parse(shown)).toEqual(shown)
})
