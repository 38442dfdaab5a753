/**
 * Bits of `clocks_event_reasons.active` (nvml.h, nvmlClocksEventReason…). Idle (0x1) and clocks that somebody set
 * (0x2 application clocks, 0x100 display clocks) are no trouble and have no word.
 */
const words: readonly (readonly [bits: number, word: string])[] = [
  [0x4, 'power'],
  // By software 0x20, by hardware 0x40.
  [0x60, 'heat'],
  [0x80, 'power brake'],
  [0x10, 'sync'],
]
const hardware = 0x8
/** With these the hardware says which of its reasons it is. */
const hardwareWhy = 0xc0

/** Why a GPU runs slower than it could: [] when it does not, null when that is not known. */
export function throttleReasons(mask: string | null): string[] | null {
  if (mask === null || !/^0x[0-9a-fA-F]{1,16}$/.test(mask)) return null
  const bits = Number.parseInt(mask.slice(-8).replace('0x', ''), 16)
  const found: string[] = []
  for (const [bit, word] of words) if ((bits & bit) !== 0) found.push(word)
  if ((bits & hardware) !== 0 && (bits & hardwareWhy) === 0) found.push('hardware')
  return found
}
