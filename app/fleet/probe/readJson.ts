export interface ToolOutput {
  tool: string
  /** Undefined where it printed no JSON. */
  value: unknown
  text: string
}

/** Sections of JSON: after each line `tool NAME` what it printed, warnings before the JSON included. */
export function readJson(lines: readonly string[]): ToolOutput[] {
  const outputs: { tool: string; lines: string[] }[] = []
  for (const line of lines) {
    if (line.startsWith('tool ')) outputs.push({ tool: line.slice(5).trim(), lines: [] })
    else if (!line.startsWith('error ') && !line.startsWith('hung ')) outputs.at(-1)?.lines.push(line)
  }
  return outputs.map(({ tool, lines: printed }) => {
    const from = printed.findIndex((line) => /^\s*[[{]/.test(line))
    return {
      tool,
      value: from < 0 ? undefined : parse(printed.slice(from).join('\n')),
      text: printed.join('\n'),
    }
  })
}

function parse(text: string): unknown {
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
  try {
    return JSON.parse(text.slice(0, end + 1))
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The records of a list; what is none is left out. */
export function recordsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
