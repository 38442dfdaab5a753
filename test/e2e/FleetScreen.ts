import { expect, type Page } from '@playwright/test'
import { FleetApi } from '../fakes/fleetApi.ts'
import { FleetBoard } from './FleetBoard.ts'
import { FleetPage } from './FleetPage.ts'

/** The fleet's screen, on a fleet that the test holds in its hands. */
export class FleetScreen extends FleetPage {
  readonly api: FleetApi
  readonly board: FleetBoard

  private constructor(page: Page, api: FleetApi, board: FleetBoard) {
    super(page)
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
}
