import type { Page } from '@playwright/test'
import { expect, test } from './breakglassTest.ts'
import { SessionScreen, stateOf } from './SessionScreen.ts'

const list = (page: Page) => page.getByRole('list', { name: 'Sessions' }).getByRole('listitem')

/** A session that has ended one turn, begun by these words. */
async function ask(page: Page, words: string): Promise<SessionScreen> {
  const screen = await SessionScreen.open(page)
  await screen.message.fill(words)
  await screen.send.tap()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  return screen
}

test('the list leads to a session and Back leads to the list', async ({ page }) => {
  const { id } = await ask(page, 'Memory of a zebra')
  await page.getByRole('link', { name: 'Sessions', exact: true }).tap()
  const row = list(page).filter({ hasText: 'Memory of a zebra' })
  await row.getByRole('link').tap()
  await expect(page).toHaveURL(`/session/${id}`)
  await page.getByRole('link', { name: 'Back' }).tap()
  await expect(page).toHaveURL('/sessions')
  await expect(row).toBeVisible()
})

test('a search finds by words and says when it found nothing', async ({ page, newDevice }) => {
  await ask(page, 'Disk of the okapi')
  const other = await (await newDevice()).newPage()
  await ask(other, 'Disk of the narwhal')
  await other.goto('/sessions')
  const search = other.getByRole('searchbox', { name: 'Search sessions' })
  await search.fill('okapi')
  await expect(list(other)).toHaveCount(1)
  await expect(list(other)).toContainText('Disk of the okapi')
  await search.fill('no such animal')
  await expect(other.getByText('No session has “no such animal” in it.')).toBeVisible()
  await other.getByRole('button', { name: 'Show all' }).tap()
  await expect(list(other).filter({ hasText: 'narwhal' })).toHaveCount(1)
})

test('archiving asks first; then the session leaves the list and can still be read', async ({
  page,
  server,
}) => {
  const { id } = await ask(page, 'Memory of the dodo')
  await page.goto('/sessions')
  const row = list(page).filter({ hasText: 'Memory of the dodo' })
  await row.getByRole('button', { name: 'Actions' }).tap()
  await row.getByRole('button', { name: 'Archive…' }).tap()
  await expect(row).toContainText('takes no more prompts')
  expect(await stateOf(server, id)).toBe('idle')
  await row.getByRole('button', { name: 'Archive', exact: true }).tap()
  await expect(row).toHaveCount(0)
  expect(await stateOf(server, id)).toBe('archived')

  const screen = await SessionScreen.open(page, `/session/${id}`)
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await expect(page.getByText('it can be read and takes no more prompts')).toBeVisible()
  await expect(screen.message).toBeHidden()
})

test('an export is the transcript as Markdown', async ({ page }) => {
  const { id } = await ask(page, 'Disk of the heron')
  await page.goto('/sessions')
  const row = list(page).filter({ hasText: 'Disk of the heron' })
  await row.getByRole('button', { name: 'Actions' }).tap()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    row.getByRole('link', { name: 'Export' }).tap(),
  ])
  expect(file.suggestedFilename()).toBe(`breakglass-${id}.md`)
})
