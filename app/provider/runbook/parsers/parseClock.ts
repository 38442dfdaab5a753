import { toNumber } from './toNumber.ts'

export interface ClockReading {
  /** The target's clock, seconds since 1970. */
  nowS: number | null
  /** Whether something keeps the clock right; null where nothing could tell. */
  synchronised: boolean | null
}

/** Reads `date +%s`, `timedatectl show -p NTPSynchronized` and `chronyc -n tracking`. */
export function parseClock(text: string): ClockReading {
  const systemd = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1]
  const chrony = /^Leap status\s*:\s*(.+?)\s*$/m.exec(text)?.[1]
  const said = [systemd && systemd === 'yes', chrony && chrony !== 'Not synchronised'].filter(
    (one) => typeof one === 'boolean',
  )
  return {
    nowS: toNumber(/^(\d{9,11})$/m.exec(text)?.[1]),
    synchronised: said.length === 0 ? null : said.includes(true),
  }
}
