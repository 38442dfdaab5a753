import { expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createRegistry } from './registry.ts'
import type { CallContext, Prepared, Tool } from './Tool.ts'

const context: CallContext = { sessionId: 's', call: 'c', target: 'devvm', operator: 'operator' }
const prepared: Prepared = {
  ...{ action: 'look', target: 'devvm', verdict: { type: 'read' } },
  run: () => Promise.reject(new Error('run')),
}

function look() {
  const prepare = vi.fn(() => prepared)
  const parameters = z.object({
    what: z.string().min(1).describe('What is looked at.'),
    depth: z.int().max(3).default(1),
  })
  const tool: Tool<z.infer<typeof parameters>> = {
    ...{ name: 'look', description: 'Looks.', timeoutMs: 7, prepare },
    parameters,
  }
  return { tool, prepare }
}

it('tells a model of the tools that its agent has, with a schema of what it may say', () => {
  const tools = createRegistry([look().tool])
  expect(tools.specs(['look', 'unknown'])).toEqual([
    {
      name: 'look',
      description: 'Looks.',
      parameters: {
        type: 'object',
        properties: {
          what: { type: 'string', minLength: 1, description: 'What is looked at.' },
          depth: { type: 'integer', default: 1, minimum: expect.any(Number), maximum: 3 },
        },
        required: ['what'],
      },
    },
  ])
  expect(tools.specs([])).toEqual([])
})

it('gives a tool arguments that are valid, without what it does not know', async () => {
  const { tool, prepare } = look()
  const answer = await createRegistry([tool]).prepare('look', { what: 'x', force: true }, context)
  expect(answer).toEqual({ prepared, timeoutMs: 7 })
  expect(prepare).toHaveBeenCalledWith({ what: 'x', depth: 1 }, context)
})

it.each([
  ['look', {}, 'what'],
  ['look', { what: 7 }, 'what'],
  ['look', { what: 'x', depth: 9 }, 'depth'],
  ['look', null, 'object'],
  ['look', 'x', 'object'],
  ['remove', { what: 'x' }, 'There is no tool "remove"'],
  ['toString', {}, 'There is no tool "toString"'],
])('%s called with %j goes back with what is wrong, never through', async (name, input, words) => {
  const { tool, prepare } = look()
  const answer = await createRegistry([tool]).prepare(name, input, context)
  expect(answer).toEqual({ refused: expect.stringContaining(words) })
  expect(prepare).not.toHaveBeenCalled()
})
