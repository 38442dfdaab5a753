import { join } from 'node:path'
import { linesOf } from '../fakes/agentRun.ts'
import { sayCalls, sayError, sayText } from '../fakes/modelServer.ts'
import { AgentCards } from './AgentCards.ts'
import { expect, test } from './agentTest.ts'
import { logOf, SessionScreen } from './SessionScreen.ts'
import { prompt, waitingTurn } from './waitingTurn.ts'

test('an answer is written out while it comes, as Markdown, with what was run between', async ({
  page,
  model,
}) => {
  model.say(
    sayCalls([{ name: 'shell', input: { command: 'df -P /' } }], { content: 'First the **disk**.' }),
    sayText('Found at last:\n\n- the disk has *room*\n- nothing else', {
      chunkSize: 10,
      wire: { holdAfter: 'disk has' },
    }),
  )
  const screen = await prompt(page, 'How is it?')
  await expect(screen.transcript.locator('b, strong').filter({ hasText: 'disk' })).toBeVisible()
  await expect(screen.toolChips).toHaveText(/df -P \//)
  await model.held(1)
  await expect(screen.transcript).toContainText('Found at last')
  await expect(screen.transcript).not.toContainText('nothing else')
  await expect(screen.turnEnd).toContainText('Running')
  model.release()
  await expect(screen.transcript.getByRole('listitem').filter({ hasText: 'nothing else' })).toBeVisible()
  await expect(screen.transcript.locator('em')).toHaveText('room')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await screen.toolChips.tap()
  await expect(screen.transcript.getByLabel('Output')).toContainText('Filesystem')
})

test('what a model writes loads nothing and runs nothing', async ({ page, model }) => {
  model.say(sayText('<img src=//elsewhere.example/x onerror="alert(1)"> ![x](https://elsewhere.example/y)'))
  const screen = await prompt(page, 'Show me')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await expect(screen.transcript.locator('img')).toHaveCount(0)
})

test('a change waits for a held button: a tap runs nothing, the hold runs it once', async ({
  page,
  model,
  folder,
}) => {
  const file = join(folder, 'once')
  const cards = await waitingTurn(page, model, file)
  const screen = new SessionScreen(page)
  await expect(cards.approval).toContainText('local')
  await expect(screen.turnEnd).toContainText('Waits for you')
  await cards.hold.tap()
  await cards.hold.tap()
  await expect(cards.hold).toBeVisible()
  expect(await linesOf(file)).toBe(0)

  await cards.approve()
  await expect(cards.approval).toContainText('Approved by')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await expect(screen.transcript).toContainText('That is all.')
  expect(await linesOf(file)).toBe(1)
})

test('what is denied is not run, and the turn goes on without it', async ({
  page,
  model,
  server,
  folder,
}) => {
  const file = join(folder, 'never')
  const cards = await waitingTurn(page, model, file)
  const screen = new SessionScreen(page)
  await cards.deny.tap()
  await expect(cards.approval).toContainText('Denied by')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  expect(await linesOf(file)).toBe(0)
  expect((await logOf(server, screen.id)).some(({ kind }) => kind === 'started')).toBe(false)
})

test('two phones see the same card, and both are told who decided', async ({
  page,
  newDevice,
  model,
  folder,
}) => {
  const file = join(folder, 'two')
  const first = await waitingTurn(page, model, file)
  const other = await SessionScreen.open(await (await newDevice()).newPage(), new URL(page.url()).pathname)
  const second = new AgentCards(other)
  await expect(second.exactly).toContainText(file)
  await second.deny.tap()
  for (const cards of [first, second]) {
    await expect(cards.approval).toContainText('Denied by')
    await expect(cards.hold).toHaveCount(0)
  }
  await expect(other.turnEnd).toHaveText(/^Ended in/)
  expect(await linesOf(file)).toBe(0)
})

test('a reload in the middle keeps the card, and it still works', async ({ page, model, folder }) => {
  const file = join(folder, 'reloaded')
  const cards = await waitingTurn(page, model, file)
  await page.reload()
  await expect(cards.exactly).toContainText(file)
  await cards.approve()
  await expect(new SessionScreen(page).turnEnd).toHaveText(/^Ended in/)
  expect(await linesOf(file)).toBe(1)
})

test('what waits shows on every screen of every device, leads to its card, and goes when it is decided', async ({
  page,
  newDevice,
  model,
  folder,
}) => {
  const elsewhere = await (await newDevice()).newPage()
  await elsewhere.goto('/more')
  const seen = new AgentCards(elsewhere)
  await expect(elsewhere).toHaveTitle('More · Breakglass')
  await expect(seen.waiting).toHaveCount(0)

  const cards = await waitingTurn(page, model, join(folder, 'seen'))
  const nav = elsewhere.getByRole('navigation').getByRole('link', { name: /^Sessions/ })
  await expect(elsewhere).toHaveTitle('(1) More · Breakglass')
  await expect(nav).toHaveAccessibleName(/waiting for you: 1/)
  await expect(elsewhere.getByRole('status').filter({ hasText: 'An approval waits for you' })).toHaveCount(1)
  await nav.tap()
  const card = elsewhere.getByRole('list', { name: 'Waiting for you' }).getByRole('listitem')
  await expect(card).toContainText('Waiting for your approval')
  await expect(card).toContainText(join(folder, 'seen'))
  await expect(elsewhere.getByRole('list', { name: 'Sessions' })).toContainText('waits for approval')
  await seen.waiting.tap()
  await expect(seen.exactly).toBeInViewport()
  await expect(seen.waiting).toHaveCount(0)

  await elsewhere.goto('/sessions')
  await expect(card).toHaveCount(1)
  await cards.deny.tap()
  await expect(card).toHaveCount(0)
  await expect(elsewhere).toHaveTitle('Sessions · Breakglass')
})

test('a question is answered with one tap, another in the operator’s own words', async ({ page, model }) => {
  model.say(
    sayCalls([{ name: 'confirm_action', input: { question: 'Which one?', options: ['web', 'mail'] } }]),
    sayCalls([{ name: 'ask_clarification', input: { question: 'Since when?' } }]),
    sayText('Thank you.'),
  )
  const screen = await prompt(page, 'Which?')
  const { question } = new AgentCards(screen)
  await question.getByRole('button', { name: 'mail' }).tap()
  await expect(question.first()).toContainText('mail')
  await question.nth(1).getByRole('textbox', { name: 'Your answer' }).fill('Since two o’clock')
  await question.nth(1).getByRole('button', { name: 'Answer' }).tap()
  await expect(question.nth(1)).toContainText('Since two o’clock')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  const asked = JSON.stringify(model.requests().at(-1)?.body)
  expect(asked).toContain('mail')
  expect(asked).toContain('Since two o’clock')
})

test('a prompt goes to the model that was chosen; without one, to the runbook', async ({ page, model }) => {
  model.decide(() => ({ content: 'Here.' }))
  const screen = await prompt(page, 'Who is there?')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  expect(model.requests().at(-1)?.kind).toBe('anthropic')
  const choice = page.getByRole('combobox', { name: 'Model' })
  await expect(choice).toHaveValue('anthropic')
  await choice.selectOption('openai')
  await screen.message.fill('And now?')
  await screen.send.tap()
  await expect(screen.turnEnd.nth(1)).toHaveText(/^Ended in/)
  expect(model.requests().at(-1)?.kind).toBe('openai')
  await page.reload()
  await expect(choice).toHaveValue('openai')

  const asked = model.requests().length
  await choice.selectOption('No model')
  await screen.preset('Disk').tap()
  await expect(screen.turnEnd.nth(2)).toHaveText(/^Ended in/)
  await expect(screen.findings).not.toHaveCount(0)
  expect(model.requests()).toHaveLength(asked)
})

test('a model that rests says until when, and who answers meanwhile', async ({ page, model }) => {
  // Nothing is polled: what is known here is known by the notice in the log.
  await page.addInitScript(() => void Object.assign(window, { setInterval: () => 0 }))
  model.decide(() => ({ content: 'Here instead.' }))
  model.say(sayError(429, 'slow down', { retryAfter: 3600 }))
  const screen = await prompt(page, 'Are you there?')
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await expect(screen.transcript).toContainText('Here instead.')
  await expect(page.getByText(/^anthropic rests until .*; openai answers\.$/)).toBeVisible()
  await page.getByRole('link', { name: 'More' }).tap()
  const models = page.getByRole('list', { name: /^Models/ }).getByRole('listitem')
  await expect(models).toHaveText([
    /^anthropic.*rests.*Tried again at/s,
    /^openai.*ready/s,
    /^Runbook.*ready/s,
  ])
})
