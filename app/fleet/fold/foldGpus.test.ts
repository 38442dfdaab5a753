import { describe, expect, it } from 'vitest'
import { aFleetHost, aPoll, evening } from '../../../test/fakes/fleetPolls.ts'
import { anAnswer, gpuRow, uuidOf, type Answer } from '../../../test/fakes/probeAnswer.ts'
import type { FleetHost } from '../FleetHost.ts'
import { foldPoll } from './foldPoll.ts'
import type { HostMemory } from '../HostMemory.ts'
import { toHost } from '../toHost.ts'

const dayMs = 86_400_000

function polled(answers: Answer[], host: FleetHost = aFleetHost(), everyMs = 30_000): HostMemory {
  let memory: HostMemory | null = null
  for (const [at, answer] of answers.entries()) {
    const time = evening + at * everyMs
    memory = foldPoll(memory, aPoll(anAnswer(answer, time), time), host)
  }
  if (!memory) throw new Error('no polls')
  return memory
}

const lost = 'lost 0000:01:00.0 Unable to determine the device handle for GPU 0000:01:00.0: Unknown Error'

describe('a GPU', () => {
  it('that is lost is told as that while the others work', () => {
    const { gpus, hasGpu, status } = polled([{ gpu: [gpuRow(0), gpuRow(1)] }, { gpu: [gpuRow(0), lost] }])
    expect({ hasGpu, status }).toEqual({ hasGpu: true, status: 'online' })
    expect(gpus).toMatchObject([
      { index: 0, state: 'answers', temperature_c: 50, processes: [] },
      {
        ...{ index: 1, uuid: uuidOf(1), name: 'NVIDIA L4', state: 'lost', memory_total_mb: 24_564 },
        ...{ temperature_c: null, memory_used_mb: null, utilization_percent: null, processes: null },
      },
    ])
    expect(gpus[1]?.unreadable).toMatch(/^It does not answer: Unable to determine/)
  })

  it('that was lost before it was known has its place for a name', () => {
    const { gpus } = polled([{ gpu: [lost] }])
    expect(gpus).toMatchObject([{ uuid: '00000000:01:00.0', index: null, name: 'GPU at 00000000:01:00.0' }])
    const found = polled([{ gpu: [lost] }, { gpu: [gpuRow(1)] }])
    expect(found.gpus).toMatchObject([{ uuid: uuidOf(1), state: 'answers' }])
    expect(found.gpus[0]).not.toHaveProperty('unreadable')
  })

  it('that is not listed any more is told for a week, then dropped', () => {
    const both = { gpu: [gpuRow(0), gpuRow(1)] }
    const one = { gpu: [gpuRow(0)] }
    const { gpus } = polled([both, one, one])
    expect(gpus[1]).toMatchObject({ state: 'missing', missingSince: evening + 30_000, temperature_c: null })
    expect(gpus[1]?.unreadable).toBe('It was there before and is not listed any more.')
    expect(polled([both, one, one, one, one], aFleetHost(), 2 * dayMs).gpus).toHaveLength(2)
    expect(polled([both, one, one, one, one, one], aFleetHost(), 2 * dayMs).gpus).toHaveLength(1)
  })

  it('that left with all of nvidia-smi is missing, too', () => {
    expect(polled([{ gpu: [gpuRow(0)] }, {}]).gpus).toMatchObject([{ state: 'missing' }])
  })

  it('is missing where nvidia-smi finds none', () => {
    const none = { gpu: ['error No devices were found'], code: { gpu: 6 } }
    const { gpus, sections } = polled([{ gpu: [gpuRow(0)] }, none])
    expect(gpus).toMatchObject([{ state: 'missing' }])
    expect(sections.gpu?.error).toBe('nvidia-smi finds no GPU.')
  })

  it('that sleeps is neither woken nor lost', () => {
    const { gpus } = polled([{ gpu: [gpuRow(0), gpuRow(1)] }, { gpu: [gpuRow(0), 'suspended 0000:01:00.0'] }])
    expect(gpus[1]).toMatchObject({ uuid: uuidOf(1), state: 'asleep', temperature_c: null })
    expect(gpus[1]?.unreadable).toBe('It sleeps to save power; asking it would wake it.')
  })

  it('that was exchanged takes the place of the old one', () => {
    const other = gpuRow(1).replace(uuidOf(1), uuidOf(7))
    expect(polled([{ gpu: [gpuRow(1)] }, { gpu: [other] }]).gpus).toMatchObject([{ uuid: uuidOf(7) }])
  })

  it('that moved to the place of a lost one does not hide it', () => {
    const moved = gpuRow(1).replace('00000000:01:00.0', '00000000:00:00.0')
    const { gpus } = polled([{ gpu: [gpuRow(0), gpuRow(1)] }, { gpu: [moved] }])
    expect(gpus.map(({ uuid, state }) => [uuid, state])).toEqual([
      [uuidOf(0), 'missing'],
      [uuidOf(1), 'answers'],
    ])
  })

  it('stays as it was while the question fails, and its processes are unknown', () => {
    const { gpus, sections } = polled([{ gpu: [gpuRow(0)] }, { gpu: ['hung 99'], code: { gpu: 125 } }])
    expect(gpus).toMatchObject([{ state: 'answers', temperature_c: 50 }])
    expect(sections.gpu).toMatchObject({ ok: false, readAt: evening })
  })

  it('of another is told though the question failed for a third', () => {
    const { gpus } = polled([
      { gpu: [gpuRow(0), gpuRow(1)] },
      { gpu: [gpuRow(0, { heat: 70 }), 'error GPU is lost'], code: { gpu: 15 } },
    ])
    expect(gpus.map((gpu) => [gpu.state, gpu.temperature_c])).toEqual([
      ['answers', 70],
      ['answers', 50],
    ])
  })
})

describe('has_gpu', () => {
  it('auto is unknown until it was asked, and then what was found', () => {
    expect(polled([{}]).hasGpu).toBe(false)
    expect(polled([{ gpu: [gpuRow(0)] }]).hasGpu).toBe(true)
    expect(polled([{ gpu: [], code: { gpu: 127 } }]).hasGpu).toBeNull()
  })

  it('true makes none an error', () => {
    const memory = polled([{}], aFleetHost({ hasGpu: true }))
    expect(memory).toMatchObject({ status: 'degraded', hasGpu: true })
    expect(memory.detail).toBe('GPU: A GPU is expected here, and none was found.')
  })

  it('false looks at none', () => {
    const memory = polled([{ gpu: ['error x'], code: { gpu: 9 } }], aFleetHost({ hasGpu: false }))
    expect(memory).toMatchObject({ status: 'online', hasGpu: false, gpus: [] })
    expect(Object.keys(memory.sections)).toEqual(['host', 'memory', 'tmux', 'procs'])
  })
})

describe('who holds a GPU', () => {
  const tmux = [
    'server 1000 alice 400 3.4 1 /tmp/tmux-1000/default',
    'session 0 1795800000 - 1795800000 0 1 train',
    'pane 0 401',
    'session 1 1795800000 - 1795800000 0 1 idle',
    'pane 1 402',
  ]
  const procs = [
    'proc 401 400 401 1000 5 500 100 bash',
    'proc 402 400 402 1000 5 500 100 bash',
    'proc 601 401 401 1000 5 600 100 python3',
    'proc 700 1 700 1001 5 600 100 python3',
    'cmd 601 1000 alice python3 train.py --token hf_abcdefghijklmnopqrstuvwxyz012345',
    'cmd 700 1001 bob python3 serve.py',
  ]
  const gpu_procs = [
    `${uuidOf(0)}, 601, /usr/bin/python3, 512`,
    `${uuidOf(1)}, 601, ?, 100`,
    `${uuidOf(1)}, 601, ?, 11`,
    `${uuidOf(1)}, 700, python3, 9`,
  ]
  const held = { gpu: [gpuRow(0), gpuRow(1)], gpu_procs, procs, tmux }

  it('hold no secret in the name that they gave themselves', () => {
    const name = '/opt/bin/serve --api-key sk-abcdefghijklmnopqrstuvwxyz0123456789'
    const { gpus } = polled([{ ...held, gpu_procs: [`${uuidOf(0)}, 601, ${name}, 70`] }])
    expect(gpus[0]?.processes?.[0]?.name).toMatch(/^serve --api-key \[hidden/)
  })

  it('is told with command and tmux session, without secrets', () => {
    const { gpus, tmux: sessions } = polled([held])
    const [train, idle] = sessions
    expect(gpus[0]?.processes).toEqual([
      {
        ...{ pid: 601, name: 'python3', user: 'alice', memory_mb: 512, tmux: train?.id },
        command: 'python3 train.py --token [hidden: token]',
      },
    ])
    expect(gpus[1]?.processes).toMatchObject([
      { pid: 601, name: 'python3', memory_mb: 111, tmux: train?.id },
      { pid: 700, user: 'bob' },
    ])
    expect(gpus[1]?.processes?.[1]).not.toHaveProperty('tmux')
    expect(train).toMatchObject({ gpuMemoryMb: 623, gpus: [{ memoryMb: 512 }, { memoryMb: 111 }] })
    expect(idle).toMatchObject({ gpuMemoryMb: 0, gpus: [] })
    const [shown] = toHost(polled([held]), aFleetHost(), evening).tmux
    expect(shown?.gpus[1]).toEqual({ uuid: uuidOf(1), index: 1, memory_mb: 111 })
  })

  it('is unknown where the question failed, which is not an idle GPU', () => {
    const failed = { ...held, gpu_procs: ['error Insufficient Permissions'], code: { gpu_procs: 4 } }
    const { gpus, tmux: sessions } = polled([held, failed])
    expect(gpus.map(({ processes }) => processes)).toEqual([null, null])
    expect(sessions.map(({ gpuMemoryMb }) => gpuMemoryMb)).toEqual([null, null])
  })

  it('is unknown to tmux sessions whose processes are', () => {
    const { gpus, tmux: sessions } = polled([held, { ...held, procs: [], code: { procs: 1 } }])
    expect(gpus[0]?.processes).toHaveLength(1)
    expect(sessions.map(({ gpuMemoryMb }) => gpuMemoryMb)).toEqual([null, null])
  })

  it('is unknown where a part of it is', () => {
    const { tmux: sessions } = polled([{ ...held, gpu_procs: [`${uuidOf(0)}, 601, python3, [N/A]`] }])
    expect(sessions[0]).toMatchObject({ gpuMemoryMb: null, gpus: [{ memoryMb: null }] })
    expect(sessions[1]?.gpuMemoryMb).toBe(0)
  })

  it('is no question on a host without GPUs', () => {
    expect(polled([{ tmux, procs }]).tmux[0]?.gpuMemoryMb).toBeNull()
  })

  it('is told of the GPU that a MIG part is of', () => {
    const mig = [`GPU 0: NVIDIA (UUID: ${uuidOf(0)})`, '  MIG 1g.5gb Device 0: (UUID: MIG-1)']
    const { gpus, tmux: sessions } = polled([{ ...held, mig, gpu_procs: ['MIG-1, 601, python3, 70'] }])
    expect(gpus[0]?.processes).toMatchObject([{ pid: 601, memory_mb: 70 }])
    expect(sessions[0]?.gpuMemoryMb).toBe(70)
  })

  it('is looked up once: a command is remembered as it was told', () => {
    const changed = procs.map((line) => line.replace('train.py', 'other.py'))
    const withoutIt = procs.filter((line) => !line.startsWith('cmd 601'))
    for (const next of [changed, withoutIt]) {
      const { gpus } = polled([held, { ...held, procs: next }])
      expect(gpus[0]?.processes?.[0]?.command).toBe('python3 train.py --token [hidden: token]')
    }
    const reborn = changed.map((line) =>
      line.replace('proc 601 401 401 1000 5 600', 'proc 601 401 401 1000 5 900'),
    )
    expect(polled([held, { ...held, procs: reborn }]).gpus[0]?.processes?.[0]?.command).toMatch(
      /^python3 other\.py/,
    )
  })
})
