import type { FleetHost } from '../FleetHost.ts'
import type { HostMemory, SectionMemory } from '../HostMemory.ts'
import type { Poll } from '../poll/Poll.ts'
import { foldGpuProcesses } from './foldGpuProcesses.ts'
import { foldGpus } from './foldGpus.ts'
import { foldProcesses } from './foldProcesses.ts'
import { foldSystem } from './foldSystem.ts'
import { foldTmux } from './foldTmux.ts'
import { placeOf } from '../placeOf.ts'
import { readSections } from './readSections.ts'
import type { ProbeAnswer } from '../probe/readProbe.ts'

/** The memory after an answer, whole or not. */
export function foldAnswer(before: HostMemory, answer: ProbeAnswer, poll: Poll, host: FleetHost): HostMemory {
  const readings = readSections(answer, host)
  const memory: HostMemory = {
    ...before,
    place: placeOf(host),
    polledAt: poll.endedAt,
    lastSeen: poll.endedAt,
    failures: 0,
    sections: {},
  }
  delete memory.failedLeg
  delete memory.detail
  const { failures } = readings
  foldSystem(memory, readings, poll)
  const processes = foldProcesses(memory, readings)
  foldTmux(memory, readings, processes, poll)
  foldGpus(memory, readings, poll.endedAt, host)
  foldGpuProcesses(memory, readings, processes)

  for (const name of readings.present) {
    memory.sections[name] = sectionAfter(
      before.sections[name],
      failures.get(name),
      readings.partial.has(name),
      poll.endedAt,
    )
  }
  if (answer.trouble !== null) {
    // What was cut off may apply there all the same: it stays as old as it is.
    for (const name in before.sections) {
      memory.sections[name] ??= {
        ...before.sections[name],
        ok: false,
        readAt: before.sections[name]?.readAt ?? null,
        error: 'The answer was cut off before it.',
      }
    }
  }
  if (
    host.hasGpu === true &&
    memory.gpus.length === 0 &&
    memory.sections.gpu?.ok !== false &&
    readings.whole
  ) {
    memory.sections.gpu = {
      ok: false,
      readAt: poll.endedAt,
      error: 'A GPU is expected here, and none was found.',
    }
  }
  const detail = answer.trouble ?? firstFailure(memory.sections)
  memory.status = detail === null ? 'online' : 'degraded'
  if (detail !== null) memory.detail = detail
  return memory
}

function sectionAfter(
  before: SectionMemory | undefined,
  error: string | undefined,
  partial: boolean,
  now: number,
): SectionMemory {
  if (error === undefined) return { ok: true, readAt: now }
  return { ok: false, readAt: partial ? now : (before?.readAt ?? null), error }
}

function firstFailure(sections: HostMemory['sections']): string | null {
  const failed = Object.entries(sections).filter(([, section]) => !section.ok)
  const [first] = failed
  if (!first) return null
  const more = failed.length === 1 ? '' : ` (and ${failed.length - 1} more)`
  return `${sectionWords[first[0]] ?? first[0]}: ${first[1].error ?? 'not read'}${more}`
}

const sectionWords: Record<string, string> = {
  host: 'System',
  memory: 'Memory',
  disks: 'Disks',
  tmux: 'tmux',
  gpu: 'GPU',
  gpu_procs: 'GPU processes',
  mig: 'MIG',
  amd: 'AMD GPU',
  intel: 'Intel GPU',
  procs: 'Processes',
}
