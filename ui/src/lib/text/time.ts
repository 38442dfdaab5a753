const clockForm = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
const dayForm = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })

/** In the viewer's zone: the clock for today, with the day before it otherwise. */
export function localTime(date: Date, now: number): string {
  const time = clockForm.format(date)
  return date.toDateString() === new Date(now).toDateString() ? time : `${dayForm.format(date)}, ${time}`
}

/** "2026-11-20 02:51:07 UTC". */
export function utcTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
