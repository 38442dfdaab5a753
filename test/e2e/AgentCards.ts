import { expect, type Locator, type Page } from '@playwright/test'
import { SessionScreen } from './SessionScreen.ts'

/** What an agent's turn shows beside its words: approvals and questions, as a screen reader says them. */
export class AgentCards {
  readonly page: Page

  constructor(screen: SessionScreen | Page) {
    this.page = screen instanceof SessionScreen ? screen.page : screen
  }

  get approval(): Locator {
    return this.page.getByRole('log').getByRole('region', { name: /^Approval: / })
  }

  get exactly(): Locator {
    return this.approval.getByLabel('Exactly what would run')
  }

  get deny(): Locator {
    return this.approval.getByRole('button', { name: 'Deny', exact: true })
  }

  get hold(): Locator {
    return this.approval.getByRole('button', { name: /^(Hold to|Keep holding|Read it first)/ })
  }

  get question(): Locator {
    return this.page.getByRole('log').getByRole('region', { name: 'Question' })
  }

  /** The way from any other screen to what waits. */
  get waiting(): Locator {
    return this.page.getByRole('banner').getByRole('link', { name: /wait(s)? for you/ })
  }

  /** Where the transcript scrolls. */
  get scroller(): Locator {
    return this.page.getByRole('region', { name: 'Transcript' })
  }

  /** The deliberate gesture, whole: until the button is gone. */
  async approve(): Promise<void> {
    await this.hold.scrollIntoViewIfNeeded()
    await expect(this.hold).toHaveAccessibleName('Hold to approve')
    const box = await this.hold.boundingBox()
    if (box === null) throw new Error('the button is not on the screen')
    const thumb = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    const browser = await this.page.context().newCDPSession(this.page)
    await browser.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [thumb] })
    await expect(this.hold).toHaveCount(0)
    await browser.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  }
}
