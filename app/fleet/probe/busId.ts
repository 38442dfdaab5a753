/** `0000:a1:00.0` and `00000000:A1:00.0` are one place; both become the latter, as nvidia-smi writes it. */
export function busId(text: string): string {
  const colon = text.indexOf(':')
  return colon < 0 || colon > 8 ? text : text.padStart(text.length + 8 - colon, '0').toUpperCase()
}
