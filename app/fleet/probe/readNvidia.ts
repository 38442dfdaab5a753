import type { GpuProcessReading, GpuReading, GpusReading } from './GpuReading.ts'
import { busId } from './busId.ts'
import { nvidiaText } from './nvidiaText.ts'
import { readCount, readNumber } from './readNumber.ts'
import { throttleReasons } from './throttleReasons.ts'

/**
 * The section `gpu`: after `fields index,uuid,…` the rows of nvidia-smi. The name is the last field and may hold
 * commas, so rows are read from the left.
 */
export function readNvidia(lines: readonly string[]): GpusReading {
  const reading: GpusReading = { gpus: [], lost: [], suspended: [], said: [], unread: 0, complete: true }
  let fields: string[] = []
  for (const line of lines) {
    if (line.startsWith('fields '))
      fields = line
        .slice(7)
        .split(',')
        .map((field) => field.trim())
    else if (line.startsWith('lost ')) {
      const [, id = '', ...text] = line.split(' ')
      reading.lost.push({ busId: busId(id), text: text.join(' ').trim() })
    } else if (line.startsWith('suspended ')) reading.suspended.push(busId(line.slice(10).trim()))
    else if (line.startsWith('error ')) reading.said.push(line.slice(6))
    else if (line !== '' && !line.startsWith('hung ')) {
      const gpu = readRow(fields, line)
      if (gpu) reading.gpus.push(gpu)
      else {
        reading.said.push(line)
        reading.unread++
      }
    }
  }
  reading.complete = reading.unread === 0
  return reading
}

function readRow(fields: readonly string[], line: string): GpuReading | null {
  const columns = line.split(',')
  if (fields.length < 3 || columns.length < fields.length) return null
  const values = new Map<string, string | null>()
  for (let at = 0; at < fields.length - 1; at++) values.set(fields[at] ?? '', nvidiaText(columns[at]))
  const last = columns.slice(fields.length - 1).join(',')
  values.set(fields.at(-1) ?? '', nvidiaText(last))
  const place = values.get('pci.bus_id') ?? null
  const uuid = values.get('uuid') ?? (place === null ? null : busId(place))
  if (uuid === null || !/^[\w:.-]{1,80}$/.test(uuid)) return null
  const number = (...names: string[]) =>
    readNumber(names.map((name) => values.get(name)).find((value) => value != null) ?? undefined)
  const index = readCount(values.get('index') ?? undefined)
  const mig = values.get('mig.mode.current') ?? null
  return {
    index,
    uuid,
    bus_id: place === null ? null : busId(place),
    vendor: 'nvidia',
    name: values.get('name') ?? 'NVIDIA GPU',
    power_draw_watts: notBelow0(number('power.draw', 'power.draw.instant', 'power.draw.average')),
    power_limit_watts: notBelow0(number('power.limit', 'enforced.power.limit')),
    memory_used_mb: notBelow0(number('memory.used')),
    memory_total_mb: notBelow0(number('memory.total')),
    utilization_percent: notBelow0(number('utilization.gpu')),
    temperature_c: number('temperature.gpu'),
    throttled: throttleReasons(
      values.get('clocks_event_reasons.active') ?? values.get('clocks_throttle_reasons.active') ?? null,
    ),
    mig: mig === 'Enabled' ? true : mig === 'Disabled' ? false : null,
  }
}

function notBelow0(value: number | null): number | null {
  return value !== null && value < 0 ? null : value
}

/** The section `gpu_procs`: uuid and pid from the left, memory from the right, between them the name. */
export function readNvidiaProcesses(lines: readonly string[]): {
  processes: GpuProcessReading[]
  unread: number
} {
  const processes: GpuProcessReading[] = []
  let unread = 0
  for (const line of lines) {
    if (line === '' || line.startsWith('error ') || line.startsWith('hung ')) continue
    const columns = line.split(',')
    const uuid = nvidiaText(columns[0])
    const pid = readCount(columns[1])
    if (columns.length < 4 || uuid === null || pid === null) {
      unread++
      continue
    }
    const name = nvidiaText(columns.slice(2, -1).join(','))
    processes.push({ uuid, pid, name, memoryMb: notBelow0(readNumber(columns.at(-1))) })
  }
  return { processes, unread }
}

/** The section `mig`, from `nvidia-smi -L`: the GPU that each MIG part is of. */
export function readMig(lines: readonly string[]): Map<string, string> {
  const parents = new Map<string, string>()
  let parent: string | undefined
  for (const line of lines) {
    const uuid = /\(UUID: ([\w/-]+)\)/.exec(line)?.[1]
    if (uuid === undefined) continue
    if (line.startsWith('GPU ')) parent = uuid
    else if (parent !== undefined) parents.set(uuid, parent)
  }
  return parents
}
