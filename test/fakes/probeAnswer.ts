import { asAnswer, endOf } from './fleetCorpus.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import { evening } from './fleetPolls.ts'

/** An answer of the probe, part by part: a list is a section's lines, `code` what sections ended with if not 0. */
export interface Answer {
  host?: Partial<Record<string, string | number>>
  memory?: string[]
  disks?: string[]
  tmux?: string[]
  gpu?: string[]
  gpu_procs?: string[]
  mig?: string[]
  intel?: string[]
  procs?: string[]
  code?: Record<string, number>
}

export const gpuFields =
  'fields index,uuid,pci.bus_id,power.draw,power.limit,memory.used,memory.total,utilization.gpu,temperature.gpu,mig.mode.current,clocks_event_reasons.active,name'

/** Of GPU N: its uuid. */
export function uuidOf(index: number): string {
  return `GPU-${index}0000000-0000-0000-0000-000000000000`
}

export function gpuRow(
  index: number,
  other: { used?: number; heat?: number | string; busy?: number } = {},
): string {
  const { used = 1000, heat = 50, busy = 10 } = other
  return `${index}, ${uuidOf(index)}, 00000000:0${index}:00.0, 100.00, 300.00, ${used}, 24564, ${busy}, ${heat}, [N/A], 0x0000000000000001, NVIDIA L4`
}

/** What the probe prints at `at`, of a host that booted 1,000,000 s before `evening`; 8 cores, half of them busy. */
export function anAnswer(answer: Answer = {}, at = evening): ExecResult {
  const seconds = Math.floor((at - evening) / 1000)
  const ticks = (1_000_000 + seconds) * 400
  const host = {
    ...{
      os: 'Debian GNU/Linux 12 (bookworm)',
      kernel: '6.1.0',
      boot_id: 'boot-1',
      uptime: 1_000_000 + seconds,
    },
    ...{ clock: Math.floor(at / 1000), clk_tck: 100, page_kb: 4, cpus: 8, load: '1.00 0.50 0.25 1/100 99' },
    ...{ stat: `cpu  ${ticks} 0 0 ${ticks} 0 0 0 0 0 0`, scope: 'all', account: 'breakglass' },
    ...answer.host,
  }
  const sections: [string, string[] | undefined][] = [
    ['host', Object.entries(host).map(([key, value]) => `${key} ${value}`)],
    ['memory', answer.memory ?? ['MemTotal: 8388608 kB', 'MemAvailable: 4194304 kB']],
    ['disks', answer.disks],
    ['tmux', answer.tmux ?? []],
    ['gpu', answer.gpu && [gpuFields, ...answer.gpu]],
    ['gpu_procs', answer.gpu_procs ?? (answer.gpu && [])],
    ['mig', answer.mig],
    ['intel', answer.intel],
    ['procs', answer.procs ?? []],
  ]
  const text = sections
    .filter((section): section is [string, string[]] => section[1] !== undefined)
    .map(([name, lines]) => [`== ${name} ${answer.code?.[name] ?? 0} 10`, ...lines, ''].join('\n'))
  return endOf(asAnswer(text.join('')))
}
