import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Figures } from '#app/history/HistoryStore.ts'
import { seriesSchema } from '#app/schema/fleet.ts'
import { endOf } from '../../test/fakes/fleetCorpus.ts'
import { aFleetHost, aPoll, evening } from '../../test/fakes/fleetPolls.ts'
import { anAnswer, gpuRow, uuidOf, type Answer } from '../../test/fakes/probeAnswer.ts'
import { foldPoll } from './fold/foldPoll.ts'
import type { HostMemory } from './HostMemory.ts'
import { readSeriesName, toFigures } from './toFigures.ts'

const tmux = ['server 1000 alice 400 3.4 1 /s', 'session 0 1795800000 - 1795800000 2 1 train', 'pane 0 401']
const procs = ['proc 401 400 401 1000 5 500 25600 bash']
const all: Answer = { tmux, procs, gpu: [gpuRow(0)] }

function polled(...answers: (Answer | null)[]): HostMemory {
  let memory: HostMemory | null = null
  for (const [n, answer] of answers.entries()) {
    const at = evening + n * 30_000
    const lost = endOf('', { exitCode: null, failedLeg: 'tcp' })
    memory = foldPoll(memory, aPoll(answer ? anAnswer(answer, at) : lost, at), aFleetHost())
  }
  if (!memory) throw new Error('no polls')
  return memory
}

/** By the whole names of their series, without what is missing. */
function named(figures: Figures | null): Record<string, number> {
  const all: [string, number | null][] = Object.entries(figures ?? {}).flatMap(([name, found]) =>
    typeof found === 'object' && found !== null
      ? Object.entries(found).map(([metric, value]): [string, number | null] => [`${name}:${metric}`, value])
      : [[name, found] as [string, number | null]],
  )
  return Object.fromEntries(all.filter((one): one is [string, number] => one[1] !== null))
}

it('names every figure of the newest poll, and each name is read back', () => {
  const figures = named(toFigures(polled(all, all)))
  const id = 'gpu1:1000:400.0.1795800000'
  expect(figures).toEqual({
    ...{ cpu_percent: 50, load: 1, memory_percent: 50 },
    [`gpu:${uuidOf(0)}:power_draw_watts`]: 100,
    [`gpu:${uuidOf(0)}:memory_used_mb`]: 1000,
    [`gpu:${uuidOf(0)}:utilization_percent`]: 10,
    [`gpu:${uuidOf(0)}:temperature_c`]: 50,
    [`tmux:${id}:cpu_percent`]: 0,
    [`tmux:${id}:memory_mb`]: 100,
    [`tmux:${id}:gpu_memory_mb`]: 0,
    [`tmux:${id}:attached`]: 1,
  })
  const series = Object.keys(figures).map(readSeriesName)
  for (const one of series) seriesSchema.parse({ ...one, mean: [], min: [], max: [] })
  expect(series).toContainEqual({ metric: 'load' })
  expect(series).toContainEqual({ metric: 'temperature_c', gpu: uuidOf(0) })
  expect(series).toContainEqual({ metric: 'memory_mb', tmux: id })
})

it('leaves out what is unknown, and what the newest poll did not read', () => {
  expect(Object.keys(named(toFigures(polled(all))))).not.toContain('cpu_percent')
  const failed = { ...all, code: { memory: 1, gpu: 9, tmux: 125 }, gpu: [], tmux: [] }
  expect(Object.keys(named(toFigures(polled(all, failed))))).toEqual(['cpu_percent', 'load'])
  expect(toFigures(polled(all, null))).toBeNull()
})

it('reads no name that it does not make', () => {
  for (const name of [
    '',
    'temperature_c',
    'gpu:x',
    'gpu::load',
    'gpu:x:load',
    'tmux:a:watts',
    'host:x:load',
  ]) {
    expect(readSeriesName(name)).toBeNull()
  }
  fc.assert(
    fc.property(fc.string(), (name) => {
      const read = readSeriesName(name)
      const { metric, gpu, tmux: id } = read ?? {}
      const again =
        gpu !== undefined ? `gpu:${gpu}:${metric}` : id !== undefined ? `tmux:${id}:${metric}` : metric
      expect(read === null || again === name).toBe(true)
    }),
  )
})
