import { describe, expect, it } from 'vitest'
import { noAlerts } from '#app/alert/AlertState.ts'
import { evaluate } from '#app/alert/evaluate.ts'
import { messageOf, type Reading } from '#app/alert/Reading.ts'
import { endOf } from '../../../test/fakes/fleetCorpus.ts'
import { aFleetHost, aPoll, evening, hourMs } from '../../../test/fakes/fleetPolls.ts'
import { anAnswer, gpuRow, uuidOf, type Answer } from '../../../test/fakes/probeAnswer.ts'
import { defaultThresholds } from '#app/schema/thresholds.ts'
import { foldPoll } from '../fold/foldPoll.ts'
import type { HostMemory } from '../HostMemory.ts'
import { toHost } from '../toHost.ts'
import { toReadings } from './toReadings.ts'

const host = aFleetHost()

function fold(memory: HostMemory | null, answer: Answer | null, at: number): HostMemory {
  const refused = endOf('', { exitCode: null, failedLeg: 'tcp', failure: 'gpu1 refused the connection.' })
  return foldPoll(memory, aPoll(answer ? anAnswer(answer, at) : refused, at), host)
}

function polled(answers: (Answer | null)[]): HostMemory {
  let memory: HostMemory | null = null
  for (const [n, answer] of answers.entries()) memory = fold(memory, answer, evening + n * 30_000)
  if (!memory) throw new Error('no polls')
  return memory
}

/** With its sentence, which is made when it is asked for. */
const spoken = (reading: Reading) => ({ ...reading, message: messageOf(reading) })

function readings(memory: HostMemory, rule: string) {
  const all = toReadings(memory, host, memory.polledAt ?? 0).readings
  return all.filter((reading) => reading.rule === rule).map(spoken)
}

function reading(memory: HostMemory, rule: string) {
  const [first] = readings(memory, rule)
  if (!first) throw new Error(`no ${rule}`)
  return first
}

describe('a host', () => {
  it('that is offline counts its polls in vain, and leaves all else as it was', () => {
    const memory = polled([{ gpu: [gpuRow(0, { heat: 95 })] }, null, null, null])
    const { readings: only, unreadable } = toReadings(memory, host, evening + 90_000)
    expect(only.map(spoken)).toEqual([
      {
        ...{ rule: 'host_offline', severity: 'critical', key: '', subject: 'gpu1', host: 'gpu1' },
        ...{ value: 3, raise: 3, clear: 1, forReadings: 1 },
        message: 'gpu1 is offline. It last answered 1 min ago. gpu1 refused the connection.',
      },
    ])
    expect(unreadable).toContain('gpu_temp_critical')
    expect(unreadable).toContain('host_degraded')
    expect(unreadable).toHaveLength(12)
    expect(reading(polled([null]), 'host_offline').message).toBe(
      'gpu1 is offline. It never answered. gpu1 refused the connection.',
    )
  })

  it('that answers in part says what is missing', () => {
    const memory = polled([{ code: { tmux: 124 }, tmux: [] }])
    expect(reading(memory, 'host_degraded')).toMatchObject({
      ...{ value: 1, raise: 1, clear: 1, forReadings: 3, severity: 'warning' },
      message: 'gpu1 answers only in part. tmux: It had no answer in its time (1 s).',
    })
    expect(reading(polled([{}]), 'host_degraded').value).toBe(0)
  })

  it('tells CPU, memory and disks in words', () => {
    const disks = ['x', '/dev/sda1 104857600 99614720 5242880 95% /data']
    const memory = polled([{}, { disks }])
    const said = ['host_cpu_high', 'host_memory_high', 'disk_full'].map((rule) => {
      const { message, value, raise, clear } = reading(memory, rule)
      return [message, value, raise, clear]
    })
    expect(said).toEqual([
      ['The CPU of gpu1 is 50 % busy.', 50, 90, 85],
      ['The memory of gpu1 is 50 % used (4.0 GB of 8.0 GB).', 50, 90, 85],
      ['The disk /data of gpu1 is 95 % full (of 100.0 GB).', 95, 95, 94],
    ])
  })

  it('does not begin by one reading, whatever is configured', () => {
    const hasty = aFleetHost({ thresholds: { ...defaultThresholds, for_polls: 1 } })
    const all = toReadings(polled([{ gpu: [gpuRow(0)] }]), hasty, evening).readings
    expect(all.filter(({ forReadings }) => forReadings < 2).map(({ rule }) => rule)).toEqual(['host_offline'])
  })

  it('keeps the alert of a disk that cannot be asked, while others are told', () => {
    const line = (mount: string, percent: number) =>
      `/dev/sda1 100000 ${percent * 1000} ${(100 - percent) * 1000} ${percent}% ${mount}`
    const partly = { disks: ['x', line('/', 50), 'error df: /data: timed out'], code: { disks: 1 } }
    const memory = polled([{ disks: ['x', line('/', 96), line('/data', 99)] }, partly])
    expect(readings(memory, 'disk_full').map(({ key, value }) => [key, value])).toEqual([
      ['/', 50],
      ['/data', null],
    ])
    expect(toReadings(memory, host, evening).unreadable).toEqual(['disk_full'])
    expect(toHost(memory, host, evening).disks).toMatchObject([
      { mount: '/', used_percent: 50 },
      { mount: '/data', used_percent: 99, unread: true },
    ])
    // Also when this process has never seen it.
    expect(toReadings(polled([partly]), host, evening).unreadable).toEqual(['disk_full'])
    const whole = fold(memory, { disks: ['x', line('/', 50)] }, evening + 60_000)
    expect(readings(whole, 'disk_full')).toHaveLength(1)
    expect(toReadings(whole, host, evening).unreadable).toEqual([])
  })

  it('leaves alone what rests on a section that was not read', () => {
    const failed = (section: string) =>
      toReadings(
        polled([{ gpu: [gpuRow(0)] }, { gpu: [], [section]: [], code: { [section]: 1 } }]),
        host,
        evening,
      ).unreadable
    expect(failed('memory')).toEqual(['host_memory_high'])
    expect(failed('tmux')).toEqual(['high_cpu', 'high_memory', 'legacy_session', 'legacy_gpu_memory'])
    expect(failed('procs')).toEqual(['high_cpu', 'high_memory', 'legacy_gpu_memory'])
    expect(failed('gpu')).toEqual(['gpu_temp_warning', 'gpu_temp_critical', 'gpu_memory_high', 'gpu_lost'])
    expect(failed('gpu_procs')).toEqual(['legacy_gpu_memory'])
  })
})

describe('a GPU', () => {
  it('is told by its number, with heat and memory', () => {
    const memory = polled([{ gpu: [gpuRow(0, { heat: 83, used: 23_000 })] }])
    expect(reading(memory, 'gpu_temp_warning')).toMatchObject({
      ...{ key: uuidOf(0), subject: 'GPU 0', value: 83, raise: 80, clear: 77 },
      message: 'GPU 0 of gpu1 is at 83 °C.',
    })
    expect(reading(memory, 'gpu_temp_critical')).toMatchObject({ value: 83, raise: 90, clear: 87 })
    expect(reading(memory, 'gpu_memory_high')).toMatchObject({
      value: 93.6,
      message: 'The memory of GPU 0 of gpu1 is 94 % used (22.5 GB of 24.0 GB).',
    })
    expect(reading(memory, 'gpu_lost').value).toBe(0)
  })

  it('is told though the tool of another vendor always fails', () => {
    const failing = { intel: ['error xpu-smi: no device'], code: { intel: 1 } }
    const memory = polled([{ gpu: [gpuRow(0, { heat: 99 })], ...failing }])
    expect(reading(memory, 'gpu_temp_critical').value).toBe(99)
    expect(reading(memory, 'gpu_lost').value).toBe(0)
    // Of those there may be alerts.
    expect(toReadings(memory, host, evening).unreadable).toContain('gpu_lost')
  })

  it('that is lost is critical, and its figures are unknown', () => {
    const memory = polled([{ gpu: [gpuRow(0)] }, { gpu: ['lost 0000:00:00.0 GPU is lost'] }])
    expect(reading(memory, 'gpu_lost')).toMatchObject({
      ...{ value: 1, severity: 'critical' },
      message: 'GPU 0 of gpu1 (NVIDIA L4) cannot be read. It does not answer: GPU is lost',
    })
    expect(reading(memory, 'gpu_temp_critical').value).toBeNull()
  })

  it('that sleeps is not lost', () => {
    const memory = polled([{ gpu: [gpuRow(0)] }, { gpu: ['suspended 0000:00:00.0'] }])
    expect(reading(memory, 'gpu_lost').value).toBe(0)
  })

  it('that was not asked for neither begins nor ends anything', () => {
    const partly = { gpu: [gpuRow(1), 'error GPU is lost'], code: { gpu: 15 } }
    const memory = polled([{ gpu: [gpuRow(0, { heat: 99 }), gpuRow(1)] }, partly])
    expect(readings(memory, 'gpu_temp_critical').map(({ value }) => value)).toEqual([null, 50])
    expect(readings(memory, 'gpu_lost').map(({ value }) => value)).toEqual([null, 0])
  })

  it('that idles at 100 % with no memory in use is no reason for anything', () => {
    const memory = polled([{ gpu: [gpuRow(0, { busy: 100, used: 0 })] }])
    const raised = toReadings(memory, host, evening).readings.filter(
      ({ value, raise }) => (value ?? 0) >= raise,
    )
    expect(raised).toEqual([])
  })

  /** The types that are raised after each poll, half a minute apart. */
  function raisedBy(gpus: string[][]): string[][] {
    let memory: HostMemory | null = null
    let state = noAlerts
    return gpus.map((gpu, n) => {
      const at = evening + n * 30_000
      memory = fold(memory, { gpu }, at)
      state = evaluate('host:gpu1', state, toReadings(memory, host, at), at).state
      return state.subjects.flatMap(({ alert }) => (alert ? [alert.type] : []))
    })
  }
  const heated = (heats: number[]) => raisedBy(heats.map((heat) => [gpuRow(0, { heat })]))
  const [warning, critical] = [['gpu_temp_warning'], ['gpu_temp_critical']]

  it('has one alert for one heat, and never none', () => {
    const told = heated([85, 85, 85, 95, 95, 95, 95, 88, 88, 85, 85, 85, 85])
    expect(told).toEqual([
      ...[[], [], warning, warning, warning],
      ...[critical, critical, critical, critical, critical, critical],
      ...[warning, warning],
    ])
  })

  it('that comes and goes around the critical threshold has one alert as well', () => {
    const turn = [...Array<number>(3).fill(95), ...Array<number>(3).fill(85)]
    const told = heated([...turn, ...turn, ...turn, ...turn, ...Array<number>(30).fill(85)])
    for (const types of told.slice(2)) expect(types).toHaveLength(1)
    // The fourth time it stays critical until it was right for 10 minutes.
    expect(told.at(23)).toEqual(critical)
    expect(told.at(-1)).toEqual(warning)
  })

  it('that is above and below the critical threshold by turns keeps its warning', () => {
    const told = heated([91, 86, 91, 86, 91, 86, 91])
    expect(told.slice(2)).toEqual([warning, warning, warning, warning, warning])
  })

  it('is not hot any more once it sleeps or is gone', () => {
    const hot = Array<string[]>(3).fill([gpuRow(0, { heat: 95 }), gpuRow(1)])
    const asleep = ['suspended 0000:00:00.0', gpuRow(1)]
    expect(raisedBy([...hot, asleep, asleep, asleep]).at(-1)).toEqual([])
    const gone = [gpuRow(1)]
    expect(raisedBy([...hot, gone, gone, gone]).at(-1)).toEqual(['gpu_lost'])
  })
})

describe('a tmux session', () => {
  const created = (evening - 96 * hourMs) / 1000
  const tmux = (clients: number) => [
    'server 1000 alice 400 3.4 1 /tmp/tmux-1000/default',
    `session 0 ${created} - ${created} ${clients} 1 train`,
    'pane 0 401',
  ]
  const procs = ['proc 401 400 401 1000 5 500 786432 python3']
  const gpu_procs = [`${uuidOf(0)}, 401, python3, 22426`, `${uuidOf(1)}, 401, python3, 1024`]

  it('that was forgotten is told with the GPU memory that it holds', () => {
    const memory = polled([{ gpu: [gpuRow(0), gpuRow(1)], gpu_procs, procs, tmux: tmux(0) }])
    expect(reading(memory, 'legacy_session')).toMatchObject({
      ...{ severity: 'info', value: 96, raise: 72, clear: 72, subject: 'train', key: memory.tmux[0]?.id },
      message: 'train (alice): nobody was attached for 4 d. It was probably forgotten.',
    })
    expect(reading(memory, 'legacy_gpu_memory')).toMatchObject({
      ...{ severity: 'warning', value: 23_450, raise: 1, tmux: memory.tmux[0]?.id },
      message: 'train (alice), detached for 4 d, holds 21.9 GB of GPU 0 and 1.0 GB of GPU 1.',
    })
    expect(reading(memory, 'high_memory')).toMatchObject({
      ...{ value: 3072, raise: 2048, severity: 'info' },
      message: 'train (alice) uses 3.0 GB of the memory of gpu1.',
    })
  })

  it('that somebody uses holds nothing that is forgotten', () => {
    const memory = polled([{ gpu: [gpuRow(0)], gpu_procs, procs, tmux: tmux(1) }])
    expect(reading(memory, 'legacy_session').value).toBe(0)
    expect(reading(memory, 'legacy_gpu_memory').value).toBe(0)
  })

  it('whose GPU memory is unknown leaves the alert as it was', () => {
    const failed = { gpu_procs: [`${uuidOf(0)}, 401, python3, [N/A]`] }
    const memory = polled([{ gpu: [gpuRow(0)], ...failed, procs, tmux: tmux(0) }])
    expect(reading(memory, 'legacy_gpu_memory').value).toBeNull()
  })

  it('on a host without GPUs is not asked about them', () => {
    expect(readings(polled([{ procs, tmux: tmux(0) }]), 'legacy_gpu_memory')).toEqual([])
  })

  it('whose server hangs neither begins nor ends anything, while others do', () => {
    const bob = [
      'server 1001 bob 500 3.4 1 /tmp/tmux-1001/default',
      `session 0 ${created} - ${created} 0 1 b`,
    ]
    const hangs = 'error 1001 bob /tmp/tmux-1001/default\tit does not answer'
    const memory = polled([{ tmux: [...tmux(0), ...bob] }, { tmux: [...tmux(0), hangs] }])
    expect(readings(memory, 'legacy_session').map(({ subject, value }) => [subject, value === null])).toEqual(
      [
        ['train', false],
        ['b', true],
      ],
    )
  })
})
