import { expect, it } from 'vitest'
import { askClarificationTool } from './askClarification.ts'
import { confirmActionTool } from './confirmAction.ts'
import { createRegistry } from './registry.ts'
import type { RunContext } from './Tool.ts'

const context = { sessionId: 's', call: 'c', target: 'devvm', operator: 'operator' }
const tools = createRegistry([askClarificationTool(), confirmActionTool()])

async function prepare(name: string, input: unknown) {
  const answer = await tools.prepare(name, input, context)
  if ('refused' in answer) throw new Error(answer.refused)
  return answer
}

const running = (ask: RunContext['ask'], signal = new AbortController().signal): RunContext => ({
  ...{ signal, ask, write: () => undefined },
})

it('a question ends in the words of the operator, however long they take', async () => {
  const { prepared, timeoutMs } = await prepare('ask_clarification', { question: 'Which disk?' })
  const asked: unknown[] = []
  const result = await prepared.run(
    running((question) => {
      asked.push(question)
      return Promise.resolve('the second')
    }),
  )
  expect(asked).toEqual([{ text: 'Which disk?' }])
  expect(result).toMatchObject({ exitCode: 0, stdout: 'the second' })
  expect(prepared).toMatchObject({ target: '', verdict: { type: 'read' } })
  expect(timeoutMs).toBe(Infinity)
})

it('a choice shows its options', async () => {
  const input = { question: 'How?', options: ['vacuum the journal', 'grow the disk'] }
  const { prepared } = await prepare('confirm_action', input)
  const { stdout } = await prepared.run(running(({ options }) => Promise.resolve(options?.[1] ?? 'none')))
  expect(stdout).toBe('grow the disk')
})

it.each([[[]], [['one']], [['same', ' same ']], [['1', '2', '3', '4', '5', '6', '7']], [['', 'x']]])(
  '%j is no choice',
  async (options) => {
    await expect(prepare('confirm_action', { question: 'How?', options })).rejects.toThrow('called wrongly')
  },
)

it('an end of the wait is data, a mistake of our own is not', async () => {
  const { prepared } = await prepare('ask_clarification', { question: 'Which?' })
  const fails: RunContext['ask'] = () => Promise.reject(new Error('ended'))
  expect(await prepared.run(running(fails, AbortSignal.abort()))).toMatchObject({
    ...{ exitCode: null, failedLeg: 'cancelled' },
  })
  await expect(prepared.run(running(fails))).rejects.toThrow('ended')
})
