import type { Locator, Page } from '@playwright/test'
import { join } from 'node:path'
import { linesOf } from '../fakes/agentRun.ts'
import { sayCalls, sayText } from '../fakes/modelServer.ts'
import { AgentCards } from './AgentCards.ts'
import { expect, test } from './agentTest.ts'
import { faintTexts, sideways, smallFields, smallTargets } from './look.ts'
import { logOf, SessionScreen } from './SessionScreen.ts'
import { prompt, waitingTurn } from './waitingTurn.ts'

const words = (count: number): string => Array.from({ length: count }, (_, at) => `word-${at}`).join(' ')

/** What would run begins in sight: neither above the transcript's edge nor below it, and the screen stays where it is. */
async function expectBeginInSight(cards: AgentCards): Promise<void> {
  await expect
    .poll(async () => {
      const [exactly, scroller] = await Promise.all([
        cards.exactly.boundingBox(),
        cards.scroller.boundingBox(),
      ])
      if (exactly === null || scroller === null) return 'not on the screen'
      if (exactly.y < scroller.y) return 'above'
      return exactly.y + 60 > scroller.y + scroller.height ? 'below' : 'in sight'
    })
    .toBe('in sight')
  expect((await cards.page.getByRole('banner').boundingBox())?.y).toBe(0)
}

const bottomOf = (scroller: Locator) => scroller.evaluate((it) => void (it.scrollTop = it.scrollHeight))

for (const [width, height] of [
  [360, 640],
  [390, 844],
  [1280, 800],
] as const)
  for (const count of [1, 30, 400])
    test(`a command of ${count} words is read from its beginning at ${width}×${height}`, async ({
      page,
      model,
      folder,
    }) => {
      await page.setViewportSize({ width, height })
      model.say(sayText(Array.from({ length: 60 }, () => 'A line.').join('\n\n')))
      const screen = await prompt(page, 'Tell me much')
      await expect(screen.turnEnd).toHaveText(/^Ended in/)
      const cards = await waitingTurn(page, model, join(folder, 'x'), words(count))
      await expectBeginInSight(cards)
      await page.reload()
      await expectBeginInSight(cards)
      await cards.scroller.hover()
      await page.mouse.wheel(0, -100_000)
      await page.getByRole('button', { name: /Review$/ }).click()
      await expectBeginInSight(cards)
    })

test('a card is led to after turns of every length, however the screen grows and shrinks', async ({
  page,
  model,
  folder,
}) => {
  model.say(
    sayText('A line.'),
    sayCalls([{ name: 'shell', input: { command: `echo ${words(200)} >> ${join(folder, 'x')}` } }]),
    sayText('As you wish.'),
    sayCalls([{ name: 'confirm_action', input: { question: 'Which one?', options: ['web', 'mail'] } }]),
    sayText('Thank you.'),
  )
  const screen = await prompt(page, 'One')
  const cards = new AgentCards(screen)
  const next = async (message: string, turns: number) => {
    await expect(screen.turnEnd.nth(turns - 1)).toHaveText(/^Ended in/)
    await screen.message.fill(message)
    await screen.send.tap()
    await expect(screen.turnEnd.nth(turns)).toContainText('Waits for you')
  }
  await next('Two', 1)
  await expectBeginInSight(cards)
  await bottomOf(cards.scroller)
  await cards.deny.tap()
  await next('Three', 2)
  await expect(cards.question).toBeInViewport({ ratio: 1 })
  await page.setViewportSize({ width: 390, height: 600 })
  await expect(cards.question).toBeInViewport({ ratio: 1 })
  // A browser that lays out what is above anew scrolls by itself, and not always to where it was.
  await cards.scroller.evaluate((it) => {
    it.querySelector('article')?.style.setProperty('padding-top', '600px')
    it.scrollTop -= 300
  })
  await expect(cards.question).toBeInViewport({ ratio: 1 })
  await expect(page.getByRole('button', { name: /Review$/ })).toHaveCount(0)
})

test('whatever is laid out anew around it, the transcript stays at its end until a hand leaves it', async ({
  page,
  model,
}) => {
  const lines = Array.from({ length: 60 }, () => 'A line.').join('\n\n')
  model.say(sayText(lines), sayText(lines))
  const screen = await prompt(page, 'Tell me much')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  const { scroller } = new AgentCards(page)
  const toEnd = () => scroller.evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight)
  await expect.poll(toEnd).toBeLessThan(2)

  // What shrinks scrolls up; before the browser tells of it, with its next frame, more has come.
  await scroller.evaluate((it) => {
    const log = it.querySelector('[role=log]')
    if (!(log instanceof HTMLElement)) throw new Error('there is no log')
    log.style.cssText = 'height: 1200px; overflow: hidden'
    if (it.scrollTop > 1200) throw new Error('it did not scroll')
    log.style.cssText = 'padding-bottom: 400px'
  })
  await expect.poll(toEnd).toBeLessThan(2)

  await screen.message.fill('one\ntwo\nthree\nfour\nfive')
  await screen.message.press('End')
  await screen.message.pressSequentially(' and more')
  await expect.poll(toEnd).toBeLessThan(2)

  await scroller.hover()
  await page.mouse.wheel(0, -500)
  await expect(page.getByRole('button', { name: 'Newest' })).toBeVisible()
  await screen.message.fill('Once more')
  await screen.message.press('End')
  expect(await toEnd()).toBeGreaterThan(300)
  await screen.send.tap()
  await expect(screen.turnEnd.nth(1)).toHaveText(/^Ended in/)
  await expect.poll(toEnd).toBeLessThan(2)
})

test('what was not read to its end cannot be approved', async ({ page, model, folder }) => {
  // So small that the button can be on the screen without the end of the command.
  await page.setViewportSize({ width: 360, height: 480 })
  const file = join(folder, 'read')
  const cards = await waitingTurn(page, model, file, words(150))
  await expectBeginInSight(cards)
  await bottomOf(cards.scroller)
  await expect(cards.hold).toHaveAccessibleName('Read it first')
  await expect(cards.hold).toBeDisabled()
  await cards.hold.tap({ force: true })
  await expectBeginInSight(cards)

  const readOn = cards.approval.getByRole('button', { name: 'Read on' })
  await expect(readOn).toBeInViewport({ ratio: 1 })
  await expect(async () => {
    if (await readOn.isVisible()) await readOn.tap()
    await expect(cards.hold).toHaveAccessibleName('Hold to approve', { timeout: 500 })
  }).toPass()
  await expect(readOn).toHaveCount(0)
  await cards.approve()
  await expect(new SessionScreen(page).turnEnd).toHaveText(/^Ended in/)
  expect(await linesOf(file)).toBe(1)
})

test('the card shows every character of what would run', async ({ page, model, server, folder }) => {
  const cards = await waitingTurn(page, model, join(folder, 'all'), `"it's" 'a  b'`)
  const asked = (await logOf(server, new SessionScreen(page).id)).find(({ kind }) => kind === 'approval')
  expect((await cards.exactly.textContent())?.replaceAll('·', ' ')).toBe(asked?.action)
})

test('a reason is written where it can be seen, and Enter sends it', async ({
  page,
  model,
  server,
  folder,
}) => {
  const file = join(folder, 'reason')
  const cards = await waitingTurn(page, model, file, words(30))
  await cards.approval.getByRole('button', { name: 'Deny with a reason…' }).tap()
  const field = cards.approval.getByRole('textbox', { name: 'Reason, if you deny' })
  await expect(field).toBeFocused()
  await expect(cards.deny).toBeInViewport({ ratio: 1 })
  await page.setViewportSize({ width: 390, height: 400 })
  await expect(field).toBeInViewport({ ratio: 1 })
  await field.fill('Not at this hour')
  await field.press('Enter')
  await expect(cards.approval).toContainText('Denied by')
  await expect(cards.approval).toContainText('Not at this hour')
  const chip = new SessionScreen(page).toolChips.first()
  await expect(chip).toContainText('denied')
  const decided = (await logOf(server, new SessionScreen(page).id)).find(({ kind }) => kind === 'decision')
  expect(decided).toMatchObject({ decision: 'deny', reason: 'Not at this hour' })
  expect(await linesOf(file)).toBe(0)
})

test('an answer is written where it can be seen', async ({ page, model }) => {
  model.say(
    sayCalls([{ name: 'ask_clarification', input: { question: 'Since when?' } }], {
      content: Array.from({ length: 20 }, () => 'A line.').join('\n\n'),
    }),
    sayText('Thank you.'),
  )
  const screen = await prompt(page, 'Which?')
  const field = new AgentCards(screen).question.getByRole('textbox', { name: 'Your answer' })
  await field.tap()
  await page.setViewportSize({ width: 390, height: 330 })
  await expect(field).toBeInViewport({ ratio: 1 })
  await page.setViewportSize({ width: 390, height: 420 })
  await expect(field).toBeInViewport({ ratio: 1 })
})

test('while a card waits, and under a keyboard, no preset takes its room', async ({
  page,
  model,
  folder,
}) => {
  const screen = await SessionScreen.open(page)
  await expect(screen.preset('Triage')).toBeVisible()
  await page.evaluate(() => void (document.documentElement.dataset.keyboard = ''))
  await expect(screen.preset('Triage')).toBeHidden()
  await page.evaluate(() => delete document.documentElement.dataset.keyboard)
  const cards = await waitingTurn(page, model, join(folder, 'room'))
  await expect(screen.preset('Triage')).toBeHidden()
  await cards.deny.tap()
  await expect(screen.preset('Triage')).toBeVisible()
})

test('without a connection nothing can be decided, and the card says so', async ({
  page,
  context,
  model,
  server,
  folder,
}) => {
  const cards = await waitingTurn(page, model, join(folder, 'offline'))
  await context.setOffline(true)
  await expect(cards.approval).toContainText('nothing is sent later')
  await expect(cards.deny).toBeDisabled()
  await expect(cards.hold).toBeDisabled()
  await cards.deny.tap({ force: true })
  await expect(cards.approval.getByText('Denying')).toHaveCount(0)
  await context.setOffline(false)
  await expect(cards.deny).toBeEnabled()
  const told = await logOf(server, new SessionScreen(page).id)
  expect(told.filter(({ kind }) => kind === 'decision')).toEqual([])
})

test('why policy refused a command is read without unfolding anything', async ({ page, model, server }) => {
  model.say(sayCalls([{ name: 'shell', input: { command: 'cat /etc/shadow' } }]), sayText('So be it.'))
  const screen = await prompt(page, 'Show me the passwords')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  const told = await logOf(server, screen.id)
  const why = told.find(({ kind }) => kind === 'tool_output')?.stderr as string
  expect(why).not.toBe('')
  await expect(screen.transcript.getByText(why)).toBeVisible()
  await expect(screen.toolChips).toContainText('refused')
  await screen.toolChips.tap()
  await expect(screen.transcript.getByText(why)).toHaveCount(1)
})

test('all badges of a screen say one number', async ({ page, newDevice, model, folder }) => {
  const nav = (of: Page) => of.getByRole('navigation').getByRole('link', { name: /^Sessions/ })
  const first = await waitingTurn(page, model, join(folder, 'one'))
  await expect(nav(page)).toHaveAccessibleName(/waiting for you in this session: 1/)
  await expect(first.waiting).toHaveCount(0)
  await waitingTurn(await (await newDevice()).newPage(), model, join(folder, 'two'))
  await expect(first.waiting).toHaveAccessibleName('2 things wait for you, one of them in this session.')
  await expect(first.waiting).toHaveText('2')
  await expect(nav(page)).toHaveAccessibleName(/waiting for you: 2/)
})

for (const colorScheme of ['dark', 'light'] as const)
  test(`an agent’s screen at 360 px: room for what matters, ${colorScheme}`, async ({
    page,
    model,
    folder,
  }) => {
    await page.setViewportSize({ width: 360, height: 640 })
    await page.emulateMedia({ colorScheme })
    const fits = async () => {
      expect.soft(await smallTargets(page)).toEqual([])
      expect.soft(await smallFields(page)).toEqual([])
      expect.soft(await sideways(page)).toEqual([])
      expect.soft(await faintTexts(page)).toEqual([])
    }
    const cards = await waitingTurn(page, model, join(folder, 'fit'))
    await fits()
    const header = page.getByRole('banner')
    await expect(header.getByText('local · anthropic')).toBeVisible()
    const cut = await header.getByText('local · anthropic').evaluate((it) => it.scrollWidth > it.clientWidth)
    expect(cut).toBe(false)
    expect((await header.getByRole('heading').boundingBox())?.width).toBeGreaterThan(150)
    await cards.deny.tap()
    await expect(new SessionScreen(page).turnEnd).toHaveText(/^Ended in/)
    await expect(page.getByRole('combobox', { name: 'Model' })).toBeVisible()
    await fits()
  })

test('a row that waits keeps its target and its time, beside a session too', async ({
  page,
  model,
  folder,
}) => {
  await page.setViewportSize({ width: 1280, height: 800 })
  await waitingTurn(page, model, join(folder, 'row'))
  const row = page.getByRole('list', { name: 'Sessions' }).getByRole('listitem').first()
  await expect(row).toContainText('waits for approval')
  const [target, age, more] = await Promise.all([
    row.getByText('local', { exact: true }).boundingBox(),
    row.locator('.age').boundingBox(),
    row.getByRole('button', { name: 'Actions' }).boundingBox(),
  ])
  expect(target?.width).toBeGreaterThan(20)
  expect((age?.x ?? 0) + (age?.width ?? 0)).toBeLessThanOrEqual(more?.x ?? 0)
})
