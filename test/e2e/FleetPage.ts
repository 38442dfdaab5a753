import { expect, type Locator, type Page } from '@playwright/test'

/** What stands on the fleet's screen, whoever answers what it asks for. */
export class FleetPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** On the fleet of the server. */
  static async visit(page: Page, path = '/fleet'): Promise<FleetPage> {
    await page.goto(path)
    await expect(page.getByRole('heading', { name: 'Fleet', exact: true })).toBeVisible()
    return new FleetPage(page)
  }

  card(name: string): Locator {
    return this.page.getByRole('article', { name, exact: true })
  }

  get cards(): Locator {
    return this.page.getByRole('article')
  }

  tab(name: 'Active' | 'Legacy' | 'All hosts'): Locator {
    return this.page.getByRole('tab', { name: new RegExp(`^${name}`) })
  }

  /** A line of the list of tmux sessions, or of a host's card. */
  tmux(name: string, within: Locator | Page = this.page): Locator {
    return within
      .getByRole('listitem')
      .filter({ has: this.page.getByRole('button', { name: 'attach, kill' }) })
      .filter({ hasText: name })
  }

  get alertBar(): Locator {
    return this.page.getByRole('region', { name: 'Alerts' }).locator('button[aria-controls]')
  }

  async openAlerts(): Promise<void> {
    if ((await this.alertBar.getAttribute('aria-expanded')) === 'false') await this.alertBar.click()
  }

  get alerts(): Locator {
    return this.page.getByRole('list', { name: 'Alerts', exact: true }).getByRole('listitem')
  }

  get sheet(): Locator {
    return this.page.getByRole('dialog')
  }

  /** The deliberate gesture, whole. */
  async hold(): Promise<void> {
    const button = this.sheet.getByRole('button', { name: /^(Hold to kill|Keep holding)/ })
    await button.focus()
    await this.page.keyboard.down('Enter')
    await expect(button).toBeHidden()
    await this.page.keyboard.up('Enter')
  }
}
