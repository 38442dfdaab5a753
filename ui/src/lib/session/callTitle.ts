const longest = 200

/** What a tool call does, in one line: the command as it is for `shell`, else the main ones of its arguments. */
export function callTitle(name: string, input: Record<string, unknown>): string {
  const { command, to, subject } = input
  if (name === 'shell' && typeof command === 'string') return command
  if (name === 'send_email' && typeof subject === 'string')
    return `${Array.isArray(to) ? to.join(', ') : String(to)}: ${subject}`
  return Object.values(input)
    .filter((value) => ['string', 'number', 'boolean'].includes(typeof value))
    .map((value) => String(value).replace(/\s+/g, ' ').slice(0, longest))
    .join(' ')
}

const words: Record<string, string> = {
  output: 'read on',
  power: 'power',
  search_knowledge: 'knowledge',
  send_email: 'mail',
  ask_clarification: 'question',
  confirm_action: 'question',
}

/** What stands before the title: nothing for a command, which speaks for itself. */
export function toolWord(name: string): string | null {
  return name === 'shell' ? null : (words[name] ?? name.replaceAll('_', ' '))
}
