import { expect, type Page } from '@playwright/test'
import { SessionScreen } from './SessionScreen.ts'
import { VmSheet } from './VmSheet.ts'

/** Leads through the main screens, in the order of a night: `lookAt` is called at each, with its name. */
export async function throughScreens(page: Page, lookAt: (name: string) => Promise<void>): Promise<void> {
  const look = async (name: string): Promise<void> => {
    await settled(page)
    await lookAt(name)
  }
  const screen = await SessionScreen.open(page)
  await expect(page.getByRole('heading', { name: 'What is wrong?' })).toBeVisible()
  await look('first look')
  await screen.preset('Triage').tap()
  await expect(screen.toolChips.first()).toBeVisible()
  await expect(screen.turnEnd).toHaveText(/^Ended in/)
  await look('a turn that ended')
  await screen.unfold()
  await screen.toolChips.first().tap()
  await look('a turn, unfolded')

  const sheet = await VmSheet.open(page)
  await look('VM sheet')
  await sheet.verb('Status').tap()
  await expect(sheet.outcome(/Status done/)).toBeVisible()
  await sheet.dialog.getByText('Power', { exact: true }).tap()
  await look('VM sheet, all open')
  await sheet.verb('Cycle').tap()
  await expect(sheet.question).toBeVisible()
  await look('confirmation')
  await sheet.question.getByRole('button', { name: 'Not now' }).tap()
  await sheet.verb('Forensics').tap()
  await expect(sheet.outcome(/Forensics done/)).toBeVisible()
  await look('VM sheet, a report')
  await sheet.dialog.getByRole('link', { name: 'History and details' }).tap()
  const done = page.getByRole('list', { name: 'Operations, newest first' }).getByRole('listitem')
  await done.filter({ hasText: 'Forensics done' }).first().locator('summary').first().tap()
  await expect(page.getByRole('region', { name: 'Forensics report' }).first()).toBeVisible()
  await look('VM page')

  await page.getByRole('link', { name: 'Sessions', exact: true }).tap()
  const row = page.getByRole('list', { name: 'Sessions' }).getByRole('listitem').first()
  await row.getByRole('button', { name: 'Actions' }).tap()
  await look('sessions')
  await row.getByRole('button', { name: 'Archive…' }).tap()
  await look('archiving')
  await page.getByRole('link', { name: 'More' }).tap()
  await expect(page.getByRole('heading', { name: 'Appearance' })).toBeVisible()
  await look('more')
  await page.goto('/no-such-screen')
  await expect(page.getByRole('heading', { name: 'Not here' })).toBeVisible()
  await look('not here')
}

/** A colour that is still changing is on no screen for long. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const passing = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity)
    await Promise.allSettled(passing.map(({ finished }) => finished))
  })
}
