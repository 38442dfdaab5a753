import { z } from 'zod'
import type { Tool, ToolContext, ToolResult } from './Tool.ts'
import { notRun } from './notRun.ts'

export interface Registry {
  get(name: string): Tool | undefined
  /** Runs a tool by its name. Arguments that do not validate and unknown names end in a result that says so. */
  run(name: string, input: unknown, context: ToolContext): Promise<ToolResult>
}

// Each tool's input is validated by its own schema before it gets there.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function createRegistry(tools: Tool<any>[]): Registry {
  const byName = new Map<string, Tool>(tools.map((tool) => [tool.name, tool]))
  return {
    get: (name) => byName.get(name),
    async run(name, input, context) {
      const tool = byName.get(name)
      if (!tool) return notRun('command', `There is no tool ${JSON.stringify(name)}.`)
      const parsed = tool.parameters.safeParse(input)
      if (!parsed.success)
        return notRun('command', `${name} was called wrongly: ${z.prettifyError(parsed.error)}`)
      if (context.signal.aborted) return notRun('cancelled', 'It was stopped before it began.')
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(tool.timeoutMs)])
      return tool.run(parsed.data, { ...context, signal })
    },
  }
}
