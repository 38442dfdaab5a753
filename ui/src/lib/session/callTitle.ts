/** What a tool call does, in one line: the command as it is for `shell`, else the tool and its arguments. */
export function callTitle(name: string, input: Record<string, unknown>): string {
  const { command } = input
  if (typeof command === 'string') return command
  const words = Object.values(input).filter(
    (value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean',
  )
  return [name, ...words].join(' ')
}
