import { z } from 'zod'
import type { CallContext, Prepared, Tool } from './Tool.ts'

/** A tool as a model is told of it. `parameters` is a JSON Schema of an object. */
export interface ToolSpec {
  name: string
  description: string
  parameters: Record<string, unknown>
}

export interface Registry {
  /** What a model is told of the tools that its agent has. */
  specs(names: readonly string[]): ToolSpec[]
  /** Validates and judges a call. `refused` is a sentence for the model: an unknown tool, wrong arguments. */
  prepare(
    name: string,
    input: unknown,
    context: CallContext,
  ): Promise<{ prepared: Prepared; timeoutMs: number } | { refused: string }>
}

// Each tool's input is validated by its own schema before it gets there.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function createRegistry(tools: Tool<any>[]): Registry {
  const byName = new Map<string, Tool>(tools.map((tool) => [tool.name, tool]))
  const specs = new Map<string, ToolSpec>()
  const specOf = ({ name, description, parameters }: Tool): ToolSpec => {
    const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: 'input' })
    return { name, description, parameters: schema }
  }
  return {
    specs(names) {
      return names.flatMap((name) => {
        const tool = byName.get(name)
        if (tool === undefined) return []
        const spec = specs.get(name) ?? specOf(tool)
        specs.set(name, spec)
        return [spec]
      })
    },
    async prepare(name, input, context) {
      const tool = byName.get(name)
      if (!tool) return { refused: `There is no tool ${JSON.stringify(name)}.` }
      const parsed = tool.parameters.safeParse(input)
      if (!parsed.success) return { refused: `${name} was called wrongly: ${z.prettifyError(parsed.error)}` }
      return { prepared: await tool.prepare(parsed.data, context), timeoutMs: tool.timeoutMs }
    },
  }
}
