import type { FleetHost } from '../FleetHost.ts'
import type { HostMemory } from '../HostMemory.ts'
import type { Poll } from '../poll/Poll.ts'
import { emptyMemory } from '../emptyMemory.ts'
import { memoryOf, placeOf } from '../placeOf.ts'
import { foldAnswer } from './foldAnswer.ts'
import { readProbe } from '../probe/readProbe.ts'

/**
 * What is known of a host after one more poll. Pure, total and quick: whatever the far side printed, it ends in a
 * memory. What was not read stays as it was, and its section's age says so. A poll that was given up by us
 * (`cancelled`) says nothing of the host and changes nothing.
 */
export function foldPoll(memory: HostMemory | null, poll: Poll, host: FleetHost): HostMemory {
  const before = memoryOf(memory, host) ?? emptyMemory(host.name)
  const { result } = poll
  if (result.failedLeg === 'cancelled') return before
  const answer = readProbe(result)
  if (result.failedLeg !== undefined && answer.sections.size === 0) {
    return {
      ...before,
      place: placeOf(host),
      polledAt: poll.endedAt,
      status: 'offline',
      detail: result.failure ?? 'It could not be reached.',
      failedLeg: result.failedLeg,
      failures: before.failures + 1,
      sections: asFailed(before.sections),
    }
  }
  return foldAnswer(before, answer, poll, host)
}

function asFailed(sections: HostMemory['sections']): HostMemory['sections'] {
  const failed: HostMemory['sections'] = {}
  for (const name in sections) {
    failed[name] = {
      ok: false,
      readAt: sections[name]?.readAt ?? null,
      error: 'The host could not be reached.',
    }
  }
  return failed
}
