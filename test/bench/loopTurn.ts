import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import pino from 'pino'
import { z } from 'zod'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import { anthropicProvider } from '#app/provider/anthropic.ts'
import { openProviders } from '#app/provider/openProviders.ts'
import { SessionStore } from '#app/session/SessionStore.ts'
import { newTurnId } from '#app/session/turnId.ts'
import { createRegistry } from '#app/tool/registry.ts'
import { createBudget } from '#app/turn/Budget.ts'
import { createOutputCapture } from '#app/turn/OutputCapture.ts'
import { createOutputs } from '#app/turn/outputs.ts'
import { runTurn } from '#app/turn/runTurn.ts'
import { serveOperations } from './processes.ts'

const tool = { name: 'noop', description: 'Does nothing.', parameters: z.object({ at: z.int() }) }
const logger = pino({ level: 'silent' })

serveOperations({
  /** One whole turn: everything that the server does, but HTTP to clients. */
  async turn(baseUrl: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'breakglass-bench-'))
    const log = new SqliteEventLog(folder)
    const store = new SessionStore(log)
    const settings = { name: 'bench', kind: 'anthropic', model: 'bench', apiKey: 'key', baseUrl } as const
    const limits = { contextTokens: 200_000, maxOutputTokens: 8192 }
    const pool = openProviders({
      settings: [{ ...settings, ...limits }],
      create: (one) => anthropicProvider(one),
      runbook: { name: 'runbook', model: 'runbook', step: () => (async function* () {})() },
      logger,
    })
    const outputs = createOutputs(log)
    const turn = newTurnId('bench')
    const sessionId = 'bench'
    await store.execute(sessionId, { type: 'create', sessionId, agent: 'a', model: 'bench', target: '' })
    await store.execute(sessionId, { type: 'prompt', text: 'Go.', by: 'operator', turn })
    const nothing = { exitCode: 0, stdout: 'ok', stderr: '', truncated: false, durationMs: 0 }
    await runTurn(
      {
        log,
        store,
        providerOf: (choice) => pool.providerOf(choice),
        agentOf: () => ({ system: 'You do nothing.', tools: ['noop'] }),
        presetPrompt: () => undefined,
        tools: createRegistry([
          {
            ...tool,
            timeoutMs: 1000,
            prepare: () => ({
              ...{ action: 'nothing', target: '', verdict: { type: 'read' } },
              run: () => Promise.resolve(nothing),
            }),
          },
        ]),
        budget: createBudget({ log, limits: () => undefined, logger, now: () => new Date() }),
        capture: (session, call, onProgress) =>
          createOutputCapture(outputs, { sessionId: session, call, onProgress }),
        onWaiting: () => undefined,
        onChange: () => undefined,
        draining: () => false,
        replica: 'bench',
        now: () => new Date(),
        logger,
      },
      { sessionId, turn },
    )
    const { state } = await store.fold(sessionId)
    if (state.lastResult?.result !== 'Done.') throw new Error(`the turn ended ${state.lastEnd?.reason}`)
    await log.close()
    await rm(folder, { recursive: true })
  },

  /** The same conversation by the SDK alone, which keeps nothing. */
  async bare(baseUrl: string): Promise<void> {
    const client = new Anthropic({ baseURL: baseUrl, apiKey: 'key', maxRetries: 0 })
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Go.' }]
    const { $schema: _, ...schema } = z.toJSONSchema(tool.parameters)
    for (;;) {
      const stream = client.messages.stream({
        ...{ model: 'bench', max_tokens: 8192, messages },
        // zod's JSON Schema of an object is one of an object.
        tools: [{ name: tool.name, input_schema: schema as Anthropic.Tool.InputSchema }],
      })
      const { content, stop_reason } = await stream.finalMessage()
      if (stop_reason !== 'tool_use') return
      const results = content.flatMap((block) =>
        block.type === 'tool_use'
          ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'ok' }]
          : [],
      )
      messages.push({ role: 'assistant', content }, { role: 'user', content: results })
    }
  },
})
