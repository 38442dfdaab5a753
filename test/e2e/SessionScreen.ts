import { expect, type Page } from '@playwright/test'
import type { Breakglass } from '../fakes/breakglass.ts'

interface LogEvent {
  kind: string
  text?: string
  turn?: string
  [field: string]: unknown
}

/** The session screen, by the words that a screen reader says. */
export class SessionScreen {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Opens the app, or the given session, and waits until it hangs on to its log. */
  static async open(page: Page, path = '/'): Promise<SessionScreen> {
    await page.goto(path)
    const screen = new SessionScreen(page)
    await expect(screen.lamp(/attached/)).toBeVisible()
    return screen
  }

  get id(): string {
    return new URL(this.page.url()).pathname.replace('/session/', '')
  }

  lamp(says: RegExp) {
    return this.page.getByRole('status', { name: /^Connection: / }).and(this.page.getByLabel(says))
  }

  preset(label: string) {
    return this.page.getByRole('group', { name: 'Presets' }).getByRole('button', { name: label })
  }

  get message() {
    return this.page.getByRole('textbox', { name: 'Message' })
  }

  get send() {
    return this.page.getByRole('button', { name: 'Send' })
  }

  get stop() {
    return this.page.getByRole('button', { name: 'Stop', exact: true })
  }

  get transcript() {
    return this.page.getByRole('log')
  }

  get toolChips() {
    return this.transcript.locator('details > summary')
  }

  get findings() {
    return this.transcript.getByRole('region', { name: 'Findings' }).getByRole('listitem')
  }

  /** The line that tells how a turn ended, or that it runs. */
  get turnEnd() {
    return this.transcript.locator('footer')
  }

  /** Shows what the transcript folds away. */
  async unfold(): Promise<void> {
    const folded = this.transcript.getByRole('button', { expanded: false })
    while ((await folded.count()) > 0) await folded.first().click()
  }

  /** The transcript is the log: every call, finding and turn in it, and each once. */
  async expectWholeLog(server: Breakglass): Promise<void> {
    const events = await logOf(server, this.id)
    const texts = (kind: string): string[] =>
      events.flatMap((event) => (event.kind === kind ? [event.text ?? ''] : []))
    await this.unfold()
    await expect(this.toolChips).toHaveCount(events.filter(({ kind }) => kind === 'tool').length)
    await expect(this.findings).toHaveCount(texts('finding').length)
    const shown = await this.findings.locator('.what').allInnerTexts()
    expect(shown.toSorted()).toEqual(texts('finding').toSorted())
    await expect(this.turnEnd).toHaveCount(texts('user').length)
    for (const turn of new Set(events.flatMap(({ turn: id }) => id ?? [])))
      await expect(
        this.turnEnd.filter({ hasText: `${events.filter((event) => event.turn === turn).length} events` }),
      ).not.toHaveCount(0)
  }
}

export async function logOf(server: Breakglass, sessionId: string): Promise<LogEvent[]> {
  const answer = await server.api('GET', `/api/session/${sessionId}/events?limit=5000`)
  return answer.json.events
}

export async function stateOf(server: Breakglass, sessionId: string): Promise<string> {
  return (await server.api('GET', `/api/session/${sessionId}`)).json.state
}
