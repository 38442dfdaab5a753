import { expect, test } from './breakglassTest.ts'
import { FleetScreen } from './FleetScreen.ts'

test.use({ serviceWorkers: 'block' })

async function askLegacy(screen: FleetScreen): Promise<void> {
  await screen.tab('Legacy').tap()
  await screen.tmux('train-old').getByRole('button', { name: 'Kill…' }).tap()
  await expect(screen.sheet.getByRole('heading')).toHaveText('Kill train-old?')
}

test('a legacy one: the question names all, one gesture, and the survivors are told', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await askLegacy(screen)
  for (const words of ['gpu3', 'user1', 'detached 4d', '21.9 GB of GPU 0', 'python train.py --resume'])
    await expect(screen.sheet).toContainText(words)
  screen.api.kill = {
    killed: true,
    survivors: [
      { pid: 4411, name: 'python', gpu_memory_mb: 22_426 },
      { pid: 4412, name: 'sync', gpu_memory_mb: null },
    ],
  }
  await screen.hold()
  await expect(screen.sheet).toContainText(
    '2 processes outlived it and still hold at least 21.9 GB of GPU memory.',
  )
  const left = screen.sheet.getByRole('list', { name: 'Processes that outlived it' })
  await expect(left).toContainText('pid 4412')
  await expect(left).toContainText('—')
  expect(screen.api.calls(/kill-token$/).map(({ body }) => body)).toEqual([{}])
  expect(screen.api.calls(/kill$/).map(({ body }) => body)).toEqual([{ token: 'token-1' }])
  await expect.poll(() => screen.api.calls(/gpu3\/poll$/).length).toBe(1)
})

test('an active one is told twice', async ({ page }) => {
  const screen = await FleetScreen.open(page, '/fleet?tab=active')
  const row = screen.tmux('notebooks')
  await row.getByRole('button', { name: /attach, kill/ }).tap()
  await row.getByRole('button', { name: 'Kill…' }).tap()
  await expect(screen.sheet).toContainText('Somebody is in it now: 1 terminal is attached')
  await expect(screen.sheet.getByRole('button', { name: /^Hold/ })).toHaveCount(0)
  await screen.sheet.getByRole('button', { name: 'I know, go on…' }).tap()
  await screen.hold()
  await expect(screen.sheet).toContainText('It is gone, and so are all of its processes.')
  expect(screen.api.calls(/kill-token$/).map(({ body }) => body)).toEqual([{ active: true }])
})

test('a lost answer is unknown, and is neither told as done nor sent again', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await askLegacy(screen)
  screen.api.kill = 'lost'
  await screen.hold()
  await expect(screen.sheet).toContainText('Outcome unknown')
  await expect(screen.sheet).toContainText('It may have been killed, or not.')
  await expect(screen.sheet.getByRole('button')).toHaveText(['Close'])
  expect(screen.api.calls(/kill$/)).toHaveLength(1)
})

for (const [name, refusal, words] of [
  [
    'one that somebody came back to',
    { status: 409, code: 'active', detail: 'Somebody is attached to it.' },
    'attached',
  ],
  ['a token that is too old', { status: 410, code: 'expired', detail: 'Expired.' }, 'too old'],
] as const)
  test(`${name} is not killed, and can be decided anew`, async ({ page }) => {
    const screen = await FleetScreen.open(page)
    await askLegacy(screen)
    screen.api.kill = refusal
    await screen.hold()
    await expect(screen.sheet).toContainText('Nothing was killed')
    await expect(screen.sheet).toContainText(words)
    await screen.sheet.getByRole('button', { name: 'Decide anew' }).tap()
    screen.api.kill = { killed: true, survivors: [] }
    await screen.hold()
    await expect(screen.sheet).toContainText('It is gone')
  })

test('the gesture waits for the connection', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await askLegacy(screen)
  await screen.cut()
  await expect(screen.sheet).toContainText('No connection: nothing is sent later without you.')
  await expect(screen.sheet.getByRole('button', { name: 'Cannot kill now' })).toHaveAttribute(
    'aria-disabled',
    'true',
  )
  await screen.sheet.getByRole('button', { name: 'Not now' }).tap()
  await expect(screen.sheet).toBeHidden()
  expect(screen.api.calls(/kill/)).toEqual([])
})

test('one that was made anew under its name is told as not killed, and nothing stands by its old figures', async ({
  page,
}) => {
  const screen = await FleetScreen.open(page)
  await askLegacy(screen)
  screen.api.kill = { killed: false, survivors: [], detail: 'It was made anew under this name.' }
  await screen.hold()
  await expect(screen.sheet).toContainText('It was not killed. It was made anew under this name.')
  await expect(screen.sheet).not.toContainText('21.9 GB')
  await expect(screen.sheet.getByRole('heading')).toBeFocused()
})

test('one that is gone meanwhile is not held any more', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await askLegacy(screen)
  const gpu3 = screen.api.hosts.find(({ name }) => name === 'gpu3')
  await screen.board.tell('hosts_update', [{ ...gpu3, tmux: [], polled_at: new Date().toISOString() }])
  await expect(screen.sheet).toContainText('It is not there any more')
  await expect(screen.sheet.getByRole('button')).toHaveText(['Close'])
  await screen.sheet.getByRole('button', { name: 'Close' }).tap()
  await expect(screen.tab('Legacy')).toBeFocused()
})

test('who closes the question while it is killed is told what came of it', async ({ page }) => {
  const screen = await FleetScreen.open(page)
  await askLegacy(screen)
  let answer = (): void => undefined
  const arrived = new Promise<void>((resolve) => (answer = resolve))
  await page.route(/\/kill$/, async (route) => {
    await arrived
    await route.fallback()
  })
  const button = screen.sheet.getByRole('button', { name: /^(Hold to kill|Keep holding)/ })
  await button.focus()
  await page.keyboard.down('Enter')
  await expect(screen.sheet).toContainText('Killing it.')
  await page.keyboard.up('Enter')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await expect(screen.sheet).toBeHidden()
  answer()
  await expect(page.getByText(/^train-old on gpu3: It is gone/)).toBeVisible()
  await expect.poll(() => screen.api.calls(/gpu3\/poll$/).length).toBe(1)
  await page.getByRole('button', { name: 'Understood' }).tap()
  await expect(page.getByText(/^train-old on gpu3/)).toBeHidden()
})
