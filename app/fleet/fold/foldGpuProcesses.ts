import type { GpuProcess } from '#app/schema/fleet.ts'
import type { HostMemory, TmuxMemory } from '../HostMemory.ts'
import { describeCommand } from './describeCommand.ts'
import { keyOf, type Processes } from './foldProcesses.ts'
import type { Readings } from './readSections.ts'
import type { GpuProcessReading } from '../probe/GpuReading.ts'
import { ownText } from '../probe/ownText.ts'

/**
 * Into `memory`: who holds which GPU, and how much of each the tmux sessions hold. Where the question failed, both are
 * unknown, which is not an idle GPU.
 */
export function foldGpuProcesses(memory: HostMemory, readings: Readings, processes: Processes | null): void {
  const { gpuProcesses } = readings
  if (!gpuProcesses) {
    memory.commands = memory.gpus.length === 0 ? {} : memory.commands
    return
  }
  const owners = ownersOf(memory.tmux)
  const commands: Record<string, string> = {}
  const byGpu = new Map<string, GpuProcess[]>()
  for (const reading of gpuProcesses) {
    const uuid = readings.mig?.get(reading.uuid) ?? reading.uuid
    const list = byGpu.get(uuid) ?? []
    byGpu.set(uuid, list)
    const same = list.find(({ pid }) => pid === reading.pid)
    // One process in several parts of a GPU holds what it holds in all of them.
    if (same) same.memory_mb = plus(same.memory_mb, reading.memoryMb)
    else list.push(describe(reading, memory, commands, readings, processes, owners))
  }
  memory.commands = commands
  for (const gpu of memory.gpus) {
    if (gpu.vendor === 'nvidia' && gpu.state === 'answers') gpu.processes = byGpu.get(gpu.uuid) ?? []
  }
  if (!processes || memory.gpus.length === 0) return
  for (const session of memory.tmux) {
    // As it was, all of it.
    if (session.readAt !== memory.polledAt) continue
    if (session.doubt !== undefined) continue
    join(session, byGpu)
  }
}

function join(session: TmuxMemory, byGpu: Map<string, GpuProcess[]>): void {
  const pids = new Set(session.pids)
  session.gpus = []
  session.gpuMemoryMb = 0
  for (const [uuid, list] of byGpu) {
    const held = list.filter(({ pid }) => pids.has(pid))
    if (held.length === 0) continue
    let memoryMb: number | null = 0
    for (const { memory_mb } of held) memoryMb = plus(memoryMb, memory_mb)
    session.gpus.push({ uuid, memoryMb })
    session.gpuMemoryMb = plus(session.gpuMemoryMb, memoryMb)
  }
}

/** A sum with an unknown part is unknown. */
function plus(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other
}

function ownersOf(sessions: TmuxMemory[]): Map<number, string> {
  const owners = new Map<number, string>()
  for (const { id, pids } of sessions) {
    // Linked windows are in several tmux sessions: the first one is named.
    for (const pid of pids) if (!owners.has(pid)) owners.set(pid, id)
  }
  return owners
}

function describe(
  { pid, name, memoryMb }: GpuProcessReading,
  memory: HostMemory,
  commands: Record<string, string>,
  { procs }: Readings,
  processes: Processes | null,
  owners: Map<number, string>,
): GpuProcess {
  const process = processes?.byPid.get(pid)
  const told = procs?.commands.get(pid)
  const key = process && keyOf(process)
  let command = key === undefined ? undefined : memory.commands[key]
  if (command === undefined && told) command = ownText(describeCommand(told.command))
  if (command !== undefined && key !== undefined) commands[key] = command
  const tmux = owners.get(pid)
  return {
    pid,
    name: shortName(name ?? process?.name ?? `process ${pid}`),
    command: command === undefined || command === '' ? null : command,
    user: told ? ownText(told.user) : null,
    memory_mb: memoryMb,
    ...(tmux !== undefined && { tmux }),
  }
}

/** What the kernel calls a process is no longer. */
const plainChars = 15

/** The driver may tell a whole path, and a process may call itself anything: its command line, with its secrets. */
function shortName(told: string): string {
  const name = told.length <= plainChars ? told : describeCommand(told)
  return ownText((name.startsWith('/') ? name.slice(name.lastIndexOf('/') + 1) || name : name).slice(0, 80))
}
