/** `_mb` as screens show it: "21.9 GB". */
export function gigabytes(mb: number): string {
  return `${(mb / 1024).toFixed(1)} GB`
}

/** "83 %". */
export function percent(value: number): string {
  return `${Math.round(value)} %`
}

/** How long, in its largest unit alone: "40 s", "12 min", "3 h", "4 d". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
