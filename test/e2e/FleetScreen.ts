import { expect, type Locator, type Page } from '@playwright/test'
import { FleetApi } from '../fakes/fleetApi.ts'
import { FleetBoard } from './FleetBoard.ts'

/** The fleet's screen, on a fleet that the test holds in its hands. */
export class FleetScreen {
  readonly page: Page
  readonly api: FleetApi
  readonly board: FleetBoard

  private constructor(page: Page, api: FleetApi, board: FleetBoard) {
    this.page = page
    this.api = api
    this.board = board
  }

  /** `prepare` changes what the server will answer before it is asked. */
  static async open(page: Page, path = '/fleet', prepare?: (api: FleetApi) => void): Promise<FleetScreen> {
    const api = new FleetApi()
    prepare?.(api)
    await api.serve(page)
    const board = await FleetBoard.take(page)
    await page.goto(path)
    await expect(page.getByRole('heading', { name: 'Fleet', exact: true })).toBeVisible()
    return new FleetScreen(page, api, board)
  }

  /** The server cannot be reached any more, by no call and by no stream. */
  async cut(): Promise<void> {
    await this.page.route(/\/api\//, (route) => route.abort('connectionrefused'))
    await this.board.down()
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
