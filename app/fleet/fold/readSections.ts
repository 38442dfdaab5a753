import type { Disk } from '#app/schema/fleet.ts'
import type { FleetHost } from '../FleetHost.ts'
import type { GpuProcessReading, GpusReading } from '../probe/GpuReading.ts'
import { nvidiaTrouble } from '../probe/nvidiaText.ts'
import { plainText } from '../probe/plainText.ts'
import { readAmd } from '../probe/readAmd.ts'
import { readDisks } from '../probe/readDisks.ts'
import { readHostSection, type HostReading } from '../probe/readHostSection.ts'
import { readIntel } from '../probe/readIntel.ts'
import { readMemorySection, type MemoryReading } from '../probe/readMemorySection.ts'
import { readMig, readNvidia, readNvidiaProcesses } from '../probe/readNvidia.ts'
import type { ProbeAnswer, SectionName, SectionText } from '../probe/readProbe.ts'
import { readProcs, type ProcsReading } from '../probe/readProcs.ts'
import { readTmux, type TmuxReading } from '../probe/readTmux.ts'
import { sectionTrouble } from '../probe/sectionTrouble.ts'
import { tmuxTrouble } from '../probe/tmuxTrouble.ts'

/** What one answer says, section by section; null where a section said nothing that counts, or is not there. */
export interface Readings {
  /** Whether the answer has its end: then what is not in it does not apply. */
  whole: boolean
  present: SectionName[]
  /** Why sections were not read, in a sentence each. */
  failures: Map<SectionName, string>
  /** Failed ones of which a part counts. */
  partial: Set<SectionName>
  /** Failed ones that may end before all was said, whatever else they say. */
  cut: Set<SectionName>
  host: HostReading | null
  memory: MemoryReading | null
  disks: Disk[] | null
  tmux: TmuxReading | null
  gpu: GpusReading | null
  amd: GpusReading | null
  intel: GpusReading | null
  gpuProcesses: GpuProcessReading[] | null
  mig: Map<string, string> | null
  procs: ProcsReading | null
  /** How much later than uptime processes were read: sections between them are read at once. */
  procsAfterMs: number
}

const gpuSections: readonly string[] = ['gpu', 'gpu_procs', 'mig', 'amd', 'intel']

export function readSections(answer: ProbeAnswer, host: Pick<FleetHost, 'hasGpu'>): Readings {
  const readings: Readings = {
    ...{
      whole: answer.trouble === null,
      present: [],
      failures: new Map(),
      partial: new Set(),
      cut: new Set(),
    },
    ...{ host: null, memory: null, disks: null, tmux: null, gpu: null, amd: null, intel: null },
    ...{ gpuProcesses: null, mig: null, procs: null, procsAfterMs: 0 },
  }
  for (const [name, section] of answer.sections) {
    if (host.hasGpu === false && gpuSections.includes(name)) continue
    readings.present.push(name)
    const trouble = sectionTrouble(name, section)
    if (trouble !== null) {
      readings.failures.set(name, trouble)
      readings.cut.add(name)
    }
    if (section.code !== null) readSection(readings, name, section)
  }
  readings.procsAfterMs = procsAfterMs(answer)
  return readings
}

function procsAfterMs({ sections }: ProbeAnswer): number {
  let longest = 0
  for (const [name, { ms }] of sections) {
    if (name !== 'host' && name !== 'memory' && name !== 'procs') longest = Math.max(longest, ms ?? 0)
  }
  return (sections.get('host')?.ms ?? 0) + longest
}

function readSection(readings: Readings, name: SectionName, { code, lines }: SectionText): void {
  const ok = code === 0
  switch (name) {
    case 'host': {
      const host = readHostSection(lines)
      if (ok || host.bootId !== null) readings.host = host
      if (ok && host.stat === null && host.uptimeS === null) fail('Nothing of it could be read.')
      break
    }
    case 'memory':
      if (ok) readings.memory = readMemorySection(lines)
      if (readings.memory?.totalMb === null) fail('Nothing of it could be read.')
      break
    case 'disks': {
      // df ends with 1 when one of many could not be asked.
      const disks = readDisks(lines)
      if (ok || disks.length > 0) readings.disks = disks
      break
    }
    case 'tmux': {
      const tmux = readTmux(lines)
      if (ok || tmux.servers.length > 0) readings.tmux = tmux
      const trouble = tmuxTrouble(tmux)
      if (ok && trouble !== null) fail(trouble)
      break
    }
    case 'gpu':
    case 'amd':
    case 'intel': {
      const gpus = name === 'gpu' ? readNvidia(lines) : name === 'amd' ? readAmd(lines) : readIntel(lines)
      // That it finds none is an answer: those that there were are lost.
      const none = gpus.said.some((text) => text.includes('No devices were found'))
      const some = gpus.gpus.length + gpus.lost.length + gpus.suspended.length > 0
      gpus.complete = none || (ok && gpus.complete)
      if (some || none || (ok && gpus.unread === 0)) readings[name] = gpus
      if (ok && gpus.unread > 0)
        fail(nvidiaTrouble(null, gpus.said.join('\n')) ?? unreadLines(gpus.unread, gpus.said))
      break
    }
    case 'gpu_procs': {
      const { processes, unread } = readNvidiaProcesses(lines)
      if (ok && unread === 0) readings.gpuProcesses = processes
      else if (ok) fail(unreadLines(unread))
      break
    }
    case 'mig':
      if (ok) readings.mig = readMig(lines)
      break
    case 'procs': {
      const procs = readProcs(lines)
      if (ok) readings.procs = procs
      if (ok && procs.unread > 0) fail(unreadLines(procs.unread))
      break
    }
  }
  if (!ok && readings[name === 'gpu_procs' ? 'gpuProcesses' : name] !== null) readings.partial.add(name)

  function fail(why: string): void {
    readings.failures.set(name, why)
    if (readings[name === 'gpu_procs' ? 'gpuProcesses' : name] !== null) readings.partial.add(name)
  }
}

function unreadLines(count: number, [line]: string[] = []): string {
  const which = line === undefined ? '.' : `: ${plainText(line, 120)}`
  return count === 1
    ? `A line of it could not be read${which}`
    : `${count} lines of it could not be read${which}`
}
