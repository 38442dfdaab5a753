import type { Page } from '@playwright/test'

/** The board's stream in the hands of a test: what it tells, and whether it can be had. */
export class FleetBoard {
  readonly #page: Page
  #seq = 0

  private constructor(page: Page) {
    this.#page = page
  }

  /** Before the page is opened. */
  static async take(page: Page): Promise<FleetBoard> {
    await page.addInitScript(() => {
      const real = window.fetch
      const board = { streams: new Set<ReadableStreamDefaultController>() }
      Object.assign(window, { board })
      window.fetch = (input, init) => {
        if (input !== '/api/board/stream') return real(input, init)
        if (sessionStorage.getItem('board') === 'down')
          return Promise.reject(new TypeError('Failed to fetch'))
        const body = new ReadableStream({
          start(controller) {
            board.streams.add(controller)
            controller.enqueue(
              new TextEncoder().encode('event: caught-up\nid: e.0\ndata: {"epoch":"e","head":0}\n\n'),
            )
            init?.signal?.addEventListener('abort', () => {
              if (board.streams.delete(controller)) controller.error(new Error('aborted'))
            })
          },
        })
        const headers = { 'content-type': 'text/event-stream' }
        return Promise.resolve(new Response(body, { headers }))
      }
    })
    return new FleetBoard(page)
  }

  async tell(kind: string, data: unknown): Promise<void> {
    const id = ++this.#seq
    const frame = `id: e.${id}\ndata: ${JSON.stringify({ kind, id, at: new Date().toISOString(), data })}\n\n`
    await this.#page.evaluate((text) => {
      // Set by the script above.
      const { board } = window as unknown as { board: { streams: Set<ReadableStreamDefaultController> } }
      for (const stream of board.streams) stream.enqueue(new TextEncoder().encode(text))
    }, frame)
  }

  /** The stream breaks, and cannot be had again until `up`, after a reload neither. */
  async down(): Promise<void> {
    await this.#page.evaluate(() => {
      sessionStorage.setItem('board', 'down')
      const { board } = window as unknown as { board: { streams: Set<ReadableStreamDefaultController> } }
      for (const stream of board.streams) stream.error(new Error('gone'))
      board.streams.clear()
    })
  }

  async up(): Promise<void> {
    await this.#page.evaluate(() => sessionStorage.removeItem('board'))
  }
}
