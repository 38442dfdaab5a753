/**
 * Bits of `clocks_event_reasons.active` (nvml.h, nvmlClocksEventReason…). Idle (0x1) and clocks that somebody set
 * (0x2 application clocks, 0x100 display clocks) are no trouble and have no word.
 */
const words: [bit: bigint, word: string][] = [
  [0x4n, 'power'],
  [0x20n, 'heat'],
  [0x40n, 'heat'],
  [0x80n, 'power brake'],
  [0x10n, 'sync'],
]
const hardware = 0x8n
/** With these the hardware says which of its reasons it is. */
const hardwareWhy = 0xc0n

/** Why a GPU runs slower than it could: [] when it does not, null when that is not known. */
export function throttleReasons(mask: string | null): string[] | null {
  if (mask === null || !/^0x[0-9a-fA-F]{1,16}$/.test(mask)) return null
  const bits = BigInt(mask)
  const found = words.filter(([bit]) => (bits & bit) !== 0n).map(([, word]) => word)
  if ((bits & hardware) !== 0n && (bits & hardwareWhy) === 0n) found.push('hardware')
  return [...new Set(found)]
}
