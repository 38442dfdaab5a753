import type { CoolingKind, Standing } from './coolDown.ts'

const reasons: Record<CoolingKind, string> = {
  auth: 'its key or account is refused',
  rate_limit: 'it wants fewer requests',
  overload: 'it is overloaded or broken',
  network: 'the connection to it failed',
  invalid: 'it or its request was not understood',
}

const noModel = 'No model answers:'

/** What the operator is told when another model takes over. No word of the far side is in it. */
export function goesOn(failed: string, kind: CoolingKind, next: string, midAnswer: boolean): string {
  return `${failed} failed${midAnswer ? ' in mid-answer' : ''} (${reasons[kind]}): ${next} goes on.`
}

/** What the operator is told when a model is passed over that failed before this step. */
export function isLeftAlone(passed: { name: string; standing: Standing }, next: string): string {
  return `${leftAlone(passed)}: ${next} goes on.`
}

/** Why no model answers: each with its reason, and until when it is left alone. */
export function noModelAnswers(models: { name: string; standing: Standing }[]): string {
  return `${noModel} ${models.map(leftAlone).join(', ')}.`
}

/** Whether this notice says that the runbook takes a step over. */
export const isRunbookNotice = (text: string): boolean => text.startsWith(noModel)

function leftAlone({ name, standing }: { name: string; standing: Standing }): string {
  if (standing.state === 'ready') return `${name} failed`
  const until = new Date(standing.until).toISOString().slice(11, 19)
  return `${name} is left alone until ${until} UTC (${reasons[standing.kind]})`
}
