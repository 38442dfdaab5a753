import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { tmuxFacts } from './tmuxFacts.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)

test('the line of a tmux session: nothing missing is 0', () => {
  const words = (change: Parameters<FleetLab['tmux']>[3], host = lab.host('a')) =>
    tmuxFacts(lab.tmux('a', 'ana', 'x', change), host, now).map(({ text }) => text)
  expect(words({ clients: 2 })).toEqual([
    ...['ana', '2 windows', '3d old', 'attached by 2'],
    ...['', '4 % CPU', '812 MB RAM'],
  ])
  expect(
    words({
      attached: false,
      detached_since: lab.ago(3 * 3_600_000),
      gpu_memory_mb: null,
      cpu_percent: null,
      memory_mb: null,
    }).slice(3),
  ).toEqual(['detached 3h', '', 'CPU —', 'RAM —'])
  const withGpu = lab.host('a', { gpus: [lab.gpu('a', 0)] })
  expect(words({ gpu_memory_mb: null }, withGpu)[4]).toBe('GPU —')
  expect(words({ gpu_memory_mb: 0 }, withGpu)[4]).toBe('')
})
