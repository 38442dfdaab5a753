import { test as base, expect, type BrowserContext, type BrowserContextOptions } from '@playwright/test'
import { startBreakglass, type Breakglass } from '../fakes/breakglass.ts'
import { sleepGate, type SleepGate } from '../fakes/sleepGate.ts'

/** The real server with its demo, and the means to keep a turn of Triage under way. */
export type Server = Breakglass & Pick<SleepGate, 'hold' | 'release'>

interface TestFixtures {
  /** The one of this worker; a test file may have another for each of its tests. */
  server: Server
  /** What the pages of this test complained of, beside requests without an answer; empty at its end. */
  complaints: string[]
  /** Another device: shares nothing with the first but the server. */
  newDevice: (options?: BrowserContextOptions) => Promise<BrowserContext>
}

export const test = base.extend<TestFixtures, { sharedServer: Server }>({
  sharedServer: [
    // Playwright reads the fixtures that this one needs from the pattern of its first argument.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const gate = await sleepGate()
      const server = await startBreakglass({ PATH: gate.path })
      await use(Object.assign(server, { hold: gate.hold, release: gate.release }))
      await server.stop()
      await gate.remove()
    },
    { scope: 'worker' },
  ],
  server: ({ sharedServer }, use) => use(sharedServer),
  baseURL: ({ server }, use) => use(server.url),
  complaints: [
    async ({ context, server }, use) => {
      const complaints: string[] = []
      listen(context, server.url, complaints)
      await use(complaints)
      await server.release()
      expect(complaints).toEqual([])
    },
    { auto: true },
  ],
  newDevice: async ({ browser, server, complaints }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (options) => {
      const context = await browser.newContext(options)
      listen(context, options?.baseURL ?? server.url, complaints)
      contexts.push(context)
      return context
    })
    for (const context of contexts) await context.close()
  },
})

/**
 * A request that got no answer, or a refusal, is what many tests make happen; the app tells of it itself.
 * The last is the service worker's, which the browser looks for anew while no server is there.
 */
const unanswered = /^Failed to load resource|^An unknown error occurred when fetching the script\.$/

function listen(context: BrowserContext, url: string, complaints: string[]): void {
  context.on('weberror', (error) => complaints.push(`thrown: ${error.error().message}`))
  context.on('console', (message) => {
    if (message.type() === 'error' && !unanswered.test(message.text()))
      complaints.push(`console: ${message.text()}`)
  })
  context.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) complaints.push(`to another origin: ${request.url()}`)
  })
}

export { expect }
