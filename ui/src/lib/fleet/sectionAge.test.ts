import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { gpuAge, sectionAge } from './sectionAge.ts'

const lab = new FleetLab(Date.parse('2026-11-27T02:58:00Z'))

test('what a section that failed told is as old as its last reading', () => {
  const sections = {
    gpu: { ok: false, age_s: 251 },
    tmux: { ok: false, age_s: null },
    host: { ok: true, age_s: 4 },
  }
  const host = lab.host('a', { sections })
  expect(['gpu', 'tmux', 'host', 'disks'].map((name) => sectionAge(host, name))).toEqual([
    '4 min old',
    'never read',
    null,
    null,
  ])
  expect(gpuAge(host, lab.gpu('a', 0))).toBe('4 min old')
  expect(gpuAge(host, lab.gpu('a', 0, { vendor: 'amd' }))).toBeNull()
})
