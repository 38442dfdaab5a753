import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBreakglass } from '../fakes/breakglass.ts'
import { modelServer, type ModelServer } from '../fakes/modelServer.ts'
import { sleepGate } from '../fakes/sleepGate.ts'
import { test as base, expect } from './breakglassTest.ts'

interface TestFixtures {
  /** Each test's own: what one has queued, and which model rests after it, is nothing to the next. */
  model: ModelServer
  /** A folder that commands on the target `local` can write to. */
  folder: string
}

/** The real server with two models, both of which are the mock: `anthropic`, which is asked first, and `openai`. */
export const test = base.extend<TestFixtures>({
  // Playwright reads the fixtures that this one needs from the pattern of its first argument.
  // eslint-disable-next-line no-empty-pattern
  model: async ({}, use) => {
    const model = await modelServer()
    await use(model)
    await model.stop()
  },
  server: async ({ model }, use) => {
    const gate = await sleepGate()
    const server = await startBreakglass({
      PATH: gate.path,
      ANTHROPIC_API_KEY: 'sk-test-0123456789abcdef',
      ANTHROPIC_BASE_URL: model.baseUrl('anthropic'),
      OPENAI_API_KEY: 'sk-test-0123456789abcdef',
      OPENAI_BASE_URL: model.baseUrl('openai'),
    })
    await use(Object.assign(server, { hold: gate.hold, release: gate.release }))
    await server.stop()
    await gate.remove()
  },
  // eslint-disable-next-line no-empty-pattern
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'breakglass-e2e-'))
    await use(folder)
    await rm(folder, { recursive: true })
  },
})

export { expect }
