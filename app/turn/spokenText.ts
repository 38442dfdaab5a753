import type { SessionEvent } from '#app/schema/events.ts'

/** What was said in a turn, the steps' words as paragraphs; what a broken-off step said is left out. */
export function spokenText(events: readonly SessionEvent[]): string {
  const steps: string[] = []
  let text = ''
  for (const event of events) {
    if (event.kind === 'text') text += event.text
    else if (event.kind === 'notice' && event.again === true) text = ''
    else if (event.kind === 'tool' && text !== '') {
      steps.push(text)
      text = ''
    }
  }
  return [...steps, text]
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .join('\n\n')
}
