import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { gpuLines, gpuModel, gpuName, holdersOf, sayHeld, sayOutside } from './holders.ts'

const lab = new FleetLab(Date.parse('2026-11-27T02:58:00Z'))

test('processes of one tmux session are one holder, those of none go by their user', () => {
  const tmux = lab.tmux('a', 'ana', 'x')
  const gpu = lab.gpu('a', 0, {
    processes: [
      lab.process('ana', 'python a', 100, tmux.id),
      lab.process('ana', 'python b', 250, tmux.id),
      lab.process('bo', 'ollama', 300),
    ],
  })
  const holders = holdersOf(gpu, lab.host('a', { tmux: [tmux] }))
  expect(holders?.map(({ user, memoryMb, count }) => [user, memoryMb, count])).toEqual([
    ['ana', 350, 2],
    ['bo', 300, 1],
  ])
})

test('a sum with something missing in it is missing, and a failed question is no idle GPU', () => {
  const processes = [lab.process('ana', 'a', 100), lab.process('ana', 'b', null)]
  expect(holdersOf(lab.gpu('a', 0, { processes }), lab.host('a'))).toMatchObject([
    { memoryMb: null, count: 2 },
  ])
  expect(holdersOf(lab.gpu('a', 0, { processes: null }), lab.host('a'))).toBeNull()
})

const gpus = (indexes: (number | null)[]) =>
  indexes.map((index) => ({ uuid: `u${index}`, index, memory_mb: 1_024 }))

test.each([
  [null, [], null],
  [0, [], ''],
  [1_024, gpus([0]), '1.0 GB of GPU 0'],
  [2_048, gpus([0, 3]), '2.0 GB of GPU 0, 3'],
  [8_192, gpus([0, 1, 2, 3, 4, 5, 6, 7]), '8.0 GB of 8 GPUs'],
  [1_024, gpus([null]), '1.0 GB of GPU memory'],
])('%s MB of GPUs are told', (gpu_memory_mb, held, words) => {
  expect(sayHeld(lab.tmux('a', 'ana', 'x', { gpu_memory_mb, gpus: held }))).toBe(words)
})

test('that a process runs outside tmux is said only where tmux could be seen', () => {
  expect(sayOutside(1, lab.host('a'))).toBe('1 process outside tmux')
  expect(sayOutside(2, lab.host('a', { scope: 'own' }))).toBe('2 processes, tmux unknown')
  const sections = { tmux: { ok: false, age_s: null } }
  expect(sayOutside(2, lab.host('a', { sections }))).toBe('2 processes, tmux unknown')
})

test('names of GPUs', () => {
  expect(gpuName({ index: 0, bus_id: null })).toBe('GPU 0')
  expect(gpuName({ index: null, bus_id: '0000:A1:00.0' })).toBe('GPU at 0000:A1:00.0')
  expect(['NVIDIA GeForce RTX 4090', 'AMD Instinct MI210', 'NVIDIA'].map(gpuModel)).toEqual([
    'RTX 4090',
    'Instinct MI210',
    'NVIDIA',
  ])
})

test('who holds what: a line for each GPU', () => {
  const active = lab
    .hosts()
    .flatMap((host) => host.tmux.map((tmux) => ({ tmux, host })))
    .filter(({ tmux }) => tmux.status === 'active')
  const lines = gpuLines(active)
  expect(lines.map(({ host, gpu, heldMb }) => `${host.name} ${gpu.index} ${heldMb}`)).toEqual([
    ...['gpu4 0 20000', 'gpu4 1 20000'],
    ...['gpu1 0 15600', 'gpu1 1 15600'],
  ])
})

test('who holds what: memory that is not known is no reason to leave its holder out', () => {
  const known = lab.tmux('x', 'ana', 'a', { gpus: [{ uuid: 'GPU-x-0', index: 0, memory_mb: 1_024 }] })
  const unknown = lab.tmux('x', 'bo', 'b', { gpus: [{ uuid: 'GPU-x-0', index: 0, memory_mb: null }] })
  const host = lab.host('x', { gpus: [lab.gpu('x', 0)], tmux: [known, unknown] })
  const [line] = gpuLines([known, unknown].map((tmux) => ({ tmux, host })))
  expect(line).toMatchObject({ heldMb: 1_024, partial: true, holders: [known, unknown] })
})

test('what others hold of a GPU is told, too', () => {
  const tmux = lab.tmux('a', 'ana', 'x', { gpus: [{ uuid: 'GPU-a-0', index: 0, memory_mb: 2_000 }] })
  const processes = [
    lab.process('ana', 'python a', 2_000, tmux.id),
    lab.process('dora', 'ollama', 19_000),
    lab.process('dora', 'ollama', 1_000),
  ]
  const host = (change: object) => lab.host('a', { tmux: [tmux], gpus: [lab.gpu('a', 0, change)] })
  expect(gpuLines([{ tmux, host: host({ processes, memory_used_mb: 22_500 }) }])).toMatchObject([
    { heldMb: 2_000, elseMb: 20_500, others: ['dora'] },
  ])
  expect(gpuLines([{ tmux, host: host({ processes: null, memory_used_mb: null }) }])).toMatchObject([
    { heldMb: 2_000, elseMb: null, others: [] },
  ])
})
