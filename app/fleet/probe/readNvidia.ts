import type { GpuProcessReading, GpuReading, GpusReading } from './GpuReading.ts'
import { busId } from './busId.ts'
import { nvidiaText } from './nvidiaText.ts'
import { ownText } from './ownText.ts'
import { readCount, readNumber } from './readNumber.ts'
import { throttleReasons } from './throttleReasons.ts'

/**
 * The section `gpu`: after `fields index,uuid,…` the rows of nvidia-smi. The name is the last field and may hold
 * commas, so rows are read from the left.
 */
export function readNvidia(lines: readonly string[]): GpusReading {
  const reading: GpusReading = { gpus: [], lost: [], suspended: [], said: [], unread: 0, complete: true }
  let columns: Columns = noColumns
  for (const line of lines) {
    if (line.startsWith('fields ')) columns = usualColumns.get(line) ?? readColumns(line.slice(7))
    else if (line.startsWith('lost ')) {
      const [, id = '', ...text] = line.split(' ')
      reading.lost.push({ busId: ownText(busId(id)), text: ownText(text.join(' ').trim()) })
    } else if (line.startsWith('suspended ')) reading.suspended.push(ownText(busId(line.slice(10).trim())))
    else if (line.startsWith('error ')) reading.said.push(line.slice(6))
    else if (line !== '' && !line.startsWith('hung ')) {
      const gpu = readRow(columns, line)
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

/** Where each field stands in a row; -1 where it was not asked for. */
interface Columns {
  count: number
  index: number
  uuid: number
  bus: number
  power: number
  limit: number
  used: number
  total: number
  busy: number
  heat: number
  mig: number
  throttled: number
  name: number
}

const noColumns: Readonly<Columns> = {
  ...{ count: 0, index: -1, uuid: -1, bus: -1, power: -1, limit: -1, used: -1, total: -1 },
  ...{ busy: -1, heat: -1, mig: -1, throttled: -1, name: -1 },
}

const columnOf: ReadonlyMap<string, keyof Columns> = new Map([
  ['index', 'index'],
  ['uuid', 'uuid'],
  ['gpu_uuid', 'uuid'],
  ['pci.bus_id', 'bus'],
  ['gpu_bus_id', 'bus'],
  ['power.draw', 'power'],
  ['power.draw.instant', 'power'],
  ['power.limit', 'limit'],
  ['enforced.power.limit', 'limit'],
  ['memory.used', 'used'],
  ['memory.total', 'total'],
  ['utilization.gpu', 'busy'],
  ['temperature.gpu', 'heat'],
  ['mig.mode.current', 'mig'],
  ['clocks_event_reasons.active', 'throttled'],
  ['clocks_throttle_reasons.active', 'throttled'],
  ['name', 'name'],
  ['gpu_name', 'name'],
])

function readColumns(line: string): Columns {
  const fields = line.split(',')
  const columns: Columns = { ...noColumns, count: fields.length }
  for (let at = 0; at < fields.length; at++) {
    const key = columnOf.get(fields[at]?.trim() ?? '')
    if (key !== undefined && columns[key] < 0) columns[key] = at
  }
  return columns
}

const basic =
  'fields index,uuid,pci.bus_id,power.draw,power.limit,memory.used,memory.total,utilization.gpu,temperature.gpu'
/** What the probe asks for, by the driver's age: read once, since it stands in every answer. */
const usualColumns: ReadonlyMap<string, Columns> = new Map(
  [
    `${basic},mig.mode.current,clocks_throttle_reasons.active,name`,
    `${basic},mig.mode.current,clocks_event_reasons.active,name`,
    `${basic},name`,
  ].map((line) => [line, readColumns(line.slice(7))]),
)

function readRow(columns: Columns, line: string): GpuReading | null {
  const values = line.split(',')
  if (columns.count < 3 || values.length < columns.count) return null
  const place = nvidiaText(values[columns.bus])
  const bus = place === null ? null : ownText(busId(place))
  const uuid = nvidiaText(values[columns.uuid]) ?? bus
  if (uuid === null || !/^[\w:.-]{1,80}$/.test(uuid)) return null
  const mig = nvidiaText(values[columns.mig])
  // It is the last field.
  const name = nvidiaText(
    values.length === columns.count ? values[columns.name] : values.slice(columns.name).join(','),
  )
  return {
    index: readCount(values[columns.index]),
    uuid: ownText(uuid),
    bus_id: bus,
    vendor: 'nvidia',
    name: name === null ? 'NVIDIA GPU' : ownText(name),
    power_draw_watts: notBelow0(readNumber(values[columns.power])),
    power_limit_watts: notBelow0(readNumber(values[columns.limit])),
    memory_used_mb: notBelow0(readNumber(values[columns.used])),
    memory_total_mb: notBelow0(readNumber(values[columns.total])),
    utilization_percent: notBelow0(readNumber(values[columns.busy])),
    temperature_c: readNumber(values[columns.heat]),
    throttled: throttleReasons(nvidiaText(values[columns.throttled])),
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
