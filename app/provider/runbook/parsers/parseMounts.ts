export interface Mount {
  device: string
  path: string
  type: string
  options: string[]
}

/**
 * Reads lines of `/proc/mounts` or `/etc/fstab` (fstab(5)): device, path, type, options. `\040` and the like
 * stand for spaces. Later lines cover earlier ones of the same path.
 */
export function parseMounts(lines: string[]): Mount[] {
  const byPath = new Map<string, Mount>()
  for (const line of lines) {
    const [device, path, type, options, ...numbers] = line.trim().split(/\s+/).map(unescape)
    if (device === undefined || path === undefined || type === undefined || options === undefined) continue
    if (!path.startsWith('/') || device.startsWith('#') || numbers.some((one) => !/^\d+$/.test(one))) continue
    byPath.delete(path)
    byPath.set(path, { device, path, type, options: options.split(',') })
  }
  return [...byPath.values()]
}

function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
}
