/** A size as a person reads it: "640 B", "12 KB", "5.2 MB"; a KB counts 1,024 bytes. */
export function byteSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const kilobytes = bytes / 1024
  if (kilobytes < 1023.5) return `${kilobytes < 9.95 ? kilobytes.toFixed(1) : Math.round(kilobytes)} KB`
  const megabytes = kilobytes / 1024
  return `${megabytes < 9.95 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`
}
