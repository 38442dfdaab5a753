import { ownText } from './ownText.ts'
import { readCount, readNumber } from './readNumber.ts'

export interface HostReading {
  os: string | null
  kernel: string | null
  bootId: string | null
  uptimeS: number | null
  clockS: number | null
  clockTicks: number | null
  pageKb: number | null
  cpus: number | null
  load: [number, number, number] | null
  stat: number[] | null
  scope: 'all' | 'own' | null
  account: string | null
}

/** The section `host`: `key value` lines, each as good as it can be read. */
export function readHostSection(lines: readonly string[]): HostReading {
  const values = new Map<string, string>()
  for (const line of lines) {
    const blank = line.indexOf(' ')
    if (blank > 0) values.set(line.slice(0, blank), line.slice(blank + 1).trim())
  }
  const scope = values.get('scope')
  return {
    os: text(values.get('os')),
    kernel: text(values.get('kernel')),
    bootId: text(values.get('boot_id')),
    uptimeS: positive(readNumber(first(values.get('uptime')))),
    clockS: positive(readNumber(values.get('clock'))),
    clockTicks: positive(readCount(values.get('clk_tck'))),
    pageKb: positive(readCount(values.get('page_kb'))),
    cpus: positive(readCount(values.get('cpus'))),
    load: readLoad(values.get('load')),
    stat: readStat(values.get('stat')),
    scope: scope === 'all' || scope === 'own' ? scope : null,
    account: text(values.get('account')),
  }
}

function text(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : ownText(value.slice(0, 200))
}

function first(value: string | undefined): string | undefined {
  return value?.split(' ', 1)[0]
}

function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null
}

function readLoad(value: string | undefined): HostReading['load'] {
  const [one, five, fifteen] = (value ?? '').split(' ', 3).map(readNumber)
  if (one == null || five == null || fifteen == null) return null
  return one < 0 || five < 0 || fifteen < 0 ? null : [one, five, fifteen]
}

/** `cpu  1 2 3…`: the first eight of its counters, guest time being in them already; null when one is unreadable. */
export function readStat(value: string | undefined): number[] | null {
  if (!value?.startsWith('cpu ')) return null
  const counters: number[] = []
  for (const field of value.slice(4).trimStart().split(' ', 8)) {
    const counter = readCount(field)
    if (counter === null) return null
    counters.push(counter)
  }
  // Up to iowait they are needed.
  return counters.length < 5 ? null : counters
}
