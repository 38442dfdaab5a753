import { expect, type Locator, type Page } from '@playwright/test'
import type { Operation, Vm } from '#app/schema/api.ts'

/** What the server told of its VM, with what is to be shown beside; needs a page without a service worker. */
export async function tellVm(page: Page, fields: Partial<Vm>): Promise<void> {
  const answer = await page.request.get('/api/vms')
  const [vm, ...others] = (await answer.json()) as Vm[]
  await page.unroute('**/api/vms')
  await page.route('**/api/vms', (route) =>
    route.fulfill({ json: [{ ...vm, state_at: new Date().toISOString(), ...fields }, ...others] }),
  )
}

/** What the server tells of these operations, in place of its own; `report` is what the hypervisor keeps of each. */
export async function tellOperations(page: Page, operations: Operation[], report?: string): Promise<void> {
  await page.route('**/api/vms/demo/operations', (route) =>
    route.fulfill({ json: operations.map(({ result: _, ...listed }) => listed) }),
  )
  await page.route('**/api/vms/demo/operations/*', (route) => {
    const op = new URL(route.request().url()).pathname.split('/').at(-1)
    const found = operations.find((operation) => operation.op === op)
    return found === undefined ? route.fallback() : route.fulfill({ json: found })
  })
  await page.route('**/api/vms/demo/operations/*/forensics', (route) =>
    report === undefined ? route.fallback() : route.fulfill({ contentType: 'text/plain', body: report }),
  )
}

/** The sheet with the demo VM, by the words that a screen reader says. */
export class VmSheet {
  readonly page: Page
  readonly dialog: Locator

  constructor(page: Page) {
    this.page = page
    this.dialog = page.getByRole('dialog', { name: 'VMs' })
  }

  /** One tap on the navigation, wherever we are. */
  static async open(page: Page): Promise<VmSheet> {
    await page.getByRole('navigation').getByRole('button', { name: /^VMs/ }).tap()
    const sheet = new VmSheet(page)
    await expect(sheet.dialog.getByRole('heading', { name: 'Demo VM' })).toBeVisible()
    return sheet
  }

  verb(label: string): Locator {
    return this.dialog.getByRole('button', { name: new RegExp(`^${label}\\b`) })
  }

  get question(): Locator {
    return this.dialog.getByRole('group', { name: /Demo VM\?$/ })
  }

  get hold(): Locator {
    return this.question.getByRole('button', { name: /^(Hold to|Keep holding)/ })
  }

  outcome(words: RegExp): Locator {
    return this.dialog.getByRole('status').filter({ hasText: words })
  }

  get phases(): Locator {
    return this.dialog.getByRole('list', { name: 'Phases' }).getByRole('listitem')
  }

  /** Puts a thumb on the button; the returned function lifts it. */
  async press(): Promise<() => Promise<void>> {
    const box = await this.hold.boundingBox()
    if (box === null) throw new Error('the button is not on the screen')
    const thumb = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    const browser = await this.page.context().newCDPSession(this.page)
    await browser.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [thumb] })
    return async () => {
      await browser.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    }
  }

  /** The deliberate gesture, whole: until the question is gone. */
  async confirm(): Promise<void> {
    const lift = await this.press()
    await expect(this.question).toBeHidden()
    await lift()
  }
}
