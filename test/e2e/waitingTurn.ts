import type { Page } from '@playwright/test'
import { works } from '../fakes/agentRun.ts'
import type { ModelServer } from '../fakes/modelServer.ts'
import { AgentCards } from './AgentCards.ts'
import { expect } from './agentTest.ts'
import { SessionScreen } from './SessionScreen.ts'

export async function prompt(page: Page, words: string): Promise<SessionScreen> {
  const screen = await SessionScreen.open(page)
  await screen.message.fill(words)
  await screen.send.click()
  return screen
}

/** A turn whose agent wants to append `line` to `file`, and waits for an operator. */
export async function waitingTurn(
  page: Page,
  model: ModelServer,
  file: string,
  line = 'mended',
): Promise<AgentCards> {
  model.decide(works([`echo ${line} >> ${file}`, `cat ${file}`], 'That is all.'))
  const cards = new AgentCards(await prompt(page, 'Mend it'))
  await expect(cards.exactly).toContainText(file)
  return cards
}
