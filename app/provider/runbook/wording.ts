const kib = 1024

/** `78.1 GB` from 1,024-byte blocks; 1 GB counts 1,073,741,824 bytes, as `df -h` does. */
export function sizeText(blocks: number): string {
  const units = ['kB', 'MB', 'GB', 'TB', 'PB']
  let value = blocks
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= kib
    unit++
  }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** `3 days`, `4 hours`, `12 minutes`, `40 seconds`: the largest unit that fits. */
export function durationText(seconds: number): string {
  const [size, name] = (
    [
      [86_400, 'day'],
      [3600, 'hour'],
      [60, 'minute'],
    ] as const
  ).find(([one]) => seconds >= one) ?? [1, 'second']
  return count(Math.floor(seconds / size), name)
}

/** `1 process`, `3 processes`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`
}

/** A name from a far side, fit for a sentence: no control characters, no more than `max` characters. */
export function nameText(name: string, max = 80): string {
  const clean = name
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .toWellFormed()
  const characters = [...clean]
  return characters.length <= max ? clean : `${characters.slice(0, max - 1).join('')}…`
}

/** `a`, `a and b`, `a, b and c`; of many only the first, and how many more there are. */
export function listText(names: string[], max = 4): string {
  const shown = names.slice(0, max)
  if (names.length > max) return `${shown.join(', ')} and ${names.length - max} more`
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
