import { describe, expect, it } from 'vitest'
import { aFleetHost, aPoll, evening } from '../../../test/fakes/fleetPolls.ts'
import { anAnswer, gpuRow, uuidOf, type Answer } from '../../../test/fakes/probeAnswer.ts'
import { foldPoll } from '../fold/foldPoll.ts'
import type { HostMemory } from '../HostMemory.ts'
import { toHost } from '../toHost.ts'

const words = [
  '[N/A]',
  'N/A',
  '[Not Supported]',
  '[Unknown Error]',
  '[Insufficient Permissions]',
  'ERR!',
  '',
  '-',
  '?',
]
const host = aFleetHost()

function polled(answer: Answer): HostMemory {
  const first = foldPoll(null, aPoll(anAnswer({ gpu: [gpuRow(0)] })), host)
  return foldPoll(first, aPoll(anAnswer(answer, evening + 30_000), evening + 30_000), host)
}

function shown(answer: Answer) {
  return toHost(polled(answer), host, evening + 30_000)
}

describe.each(words)('a figure that is %j', (word) => {
  it.each([
    [3, 'power_draw_watts'],
    [4, 'power_limit_watts'],
    [5, 'memory_used_mb'],
    [6, 'memory_total_mb'],
    [7, 'utilization_percent'],
    [8, 'temperature_c'],
    [9, 'mig'],
    [10, 'throttled'],
  ] as const)('in column %i of nvidia-smi is null', (column, field) => {
    const columns = gpuRow(0).split(', ')
    columns[column] = word
    const [gpu] = shown({ gpu: [columns.join(', ')] }).gpus
    expect(gpu).toMatchObject({ uuid: uuidOf(0), [field]: null })
    const others = Object.values(gpu ?? {}).filter((value) => value === null)
    // The card has no MIG, which is null anyway.
    expect(others.length).toBe(field === 'mig' ? 1 : 2)
  })

  it('as memory of a process is null', () => {
    const [gpu] = shown({ gpu: [gpuRow(0)], gpu_procs: [`${uuidOf(0)}, 7, python3, ${word}`] }).gpus
    expect(gpu?.processes).toMatchObject([{ pid: 7, memory_mb: null }])
  })

  it.each([
    ['stat', 'cpu_percent'],
    ['cpus', 'cpu_count'],
    ['load', 'load'],
    ['uptime', 'uptime_s'],
  ] as const)('as %s of the host is null', (key, field) => {
    expect(shown({ host: { [key]: word } })[field]).toBeNull()
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('as counter %i of the CPU leaves it unknown', (at) => {
    const counters = ['1', '1', '1', '1', '1', '1', '1', '1']
    counters[at] = word === '' ? 'x' : word
    expect(shown({ host: { stat: `cpu  ${counters.join(' ')} 0 0` } }).cpu_percent).toBeNull()
  })

  it.each(['MemTotal', 'MemAvailable'])('as %s leaves memory unknown', (key) => {
    const memory = ['MemTotal: 100 kB', 'MemAvailable: 50 kB'].map((line) =>
      line.startsWith(key) ? `${key}: ${word} kB` : line,
    )
    expect(shown({ memory })).toMatchObject({ memory_percent: null, memory_used_mb: null })
  })

  it('in df is no disk', () => {
    for (const at of [1, 2, 3]) {
      const columns = ['/dev/sda1', '1000', '500', '500', '50%', '/']
      columns[at] = word
      expect(shown({ disks: [columns.join(' ')] }).disks).toEqual([])
    }
  })
})

it.each(words.filter((word) => !word.includes(' ')))('a time of tmux that is %j is null', (word) => {
  const tmux = ['server 1000 al 400 3.4 1 /s', `session 0 1795800000 ${word} ${word} 0 1 x`]
  expect(shown({ tmux }).tmux).toMatchObject([{ last_attached: null, cpu_percent: null, memory_mb: null }])
})
