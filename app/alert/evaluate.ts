import { createHash } from 'node:crypto'
import type { AlertState, Raised, Subject } from './AlertState.ts'
import { messageOf, type Observation, type Reading } from './Reading.ts'

/** What one observation changed. Of a `cleared` alert it is the last form. */
export interface AlertChange {
  kind: 'new' | 'changed' | 'cleared'
  alert: Raised
}

/** What was cleared so often within so long, and is raised again, comes and goes: it stays until it was right for so long. */
export const flapGuard = { times: 3, withinMs: 30 * 60_000, rightForMs: 10 * 60_000 }
/** How often one alert may be told as changed. */
export const tellEveryMs = 60_000

/**
 * The next state of one scope's alerts, and what changed. It is wrong from `raise` on, right below `clear`, each for
 * `forReadings` readings in a row; a reading between the two ends both rows and leaves all as it is, an unknown one
 * counts as none. There is at most one alert for a rule and key; the second reading of a subject in one observation
 * is passed over. A subject without a reading is over, unless its rule could not be read.
 *
 * @param scope whose readings these are, such as `host:gpu1`
 * @param now ms since 1970
 */
export function evaluate(
  scope: string,
  state: AlertState,
  observation: Observation,
  now: number,
): { state: AlertState; changes: AlertChange[] } {
  const { unreadable } = observation
  const { found, begun } = assign(state.subjects, observation.readings)
  const changes: AlertChange[] = []
  const subjects: Subject[] = []
  const later: [Subject, Reading][] = []
  for (const before of state.subjects) {
    const reading = found.get(before)
    if (reading?.givesWayTo !== undefined) later.push([before, reading])
    else if (reading !== undefined) subjects.push(take(scope, before, reading, now, changes))
    else if (unreadable.includes(before.rule)) subjects.push(before)
    else if (before.alert !== null) subjects.push(clear(before, before.alert, now, changes))
    else subjects.push({ ...before, wrong: 0 })
  }
  for (const reading of begun) {
    const fresh = newSubject(reading)
    if (reading.givesWayTo !== undefined) later.push([fresh, reading])
    else subjects.push(take(scope, fresh, reading, now, changes))
  }
  // Once it is known whether what they give way to is raised.
  for (const [before, reading] of later) {
    const { givesWayTo, key } = reading
    const covered = subjects.some(({ rule, key: of, alert }) => alert && rule === givesWayTo && of === key)
    const after = covered ? giveWay(before, reading, changes) : take(scope, before, reading, now, changes)
    subjects.push(after)
  }
  return { state: { version: 1, subjects: subjects.flatMap((one) => kept(one, now)) }, changes }
}

/**
 * The reading of each subject that is remembered, and the wrong ones of others. Most readings are right and have no
 * subject: nothing is made of them.
 */
function assign(
  subjects: Subject[],
  readings: Reading[],
): { found: Map<Subject, Reading>; begun: Reading[] } {
  const known = new Map(subjects.map((subject) => [nameOf(subject), subject]))
  const found = new Map<Subject, Reading>()
  const begun: Reading[] = []
  for (const reading of readings) {
    const subject = known.size === 0 ? undefined : known.get(nameOf(reading))
    if (subject !== undefined) {
      if (!found.has(subject)) found.set(subject, reading)
    } else if (reading.value !== null && reading.value >= reading.raise) {
      const first = readings.find(({ rule, key }) => rule === reading.rule && key === reading.key)
      if (first === reading) begun.push(reading)
    }
  }
  return { found, begun }
}

function take(
  scope: string,
  before: Subject,
  reading: Reading,
  now: number,
  changes: AlertChange[],
): Subject {
  if (reading.value === null) return before
  if (before.alert === null) return takeRight(scope, before, reading, reading.value, now, changes)
  return takeRaised(before, before.alert, reading, reading.value, now, changes)
}

function takeRight(
  scope: string,
  before: Subject,
  reading: Reading,
  value: number,
  now: number,
  changes: AlertChange[],
): Subject {
  const wrong = value >= reading.raise ? before.wrong + 1 : 0
  if (wrong === 0 || wrong < reading.forReadings) return { ...before, wrong }
  const flapping = recent(before.cleared, now).length >= flapGuard.times
  const created = new Date(now).toISOString()
  const { rule, key } = reading
  const alert: Raised = {
    id: alertId(scope, rule, key),
    created,
    count: 1,
    ...wordsOf(reading, flapping),
    seen: created,
  }
  changes.push({ kind: 'new', alert })
  const told = { at: now, what: substanceOf(alert) }
  return { ...before, wrong: 0, right: 0, rightSince: null, flapping, alert, told }
}

function takeRaised(
  before: Subject,
  alert: Raised,
  reading: Reading,
  value: number,
  now: number,
  changes: AlertChange[],
): Subject {
  if (value < reading.clear) {
    const right = before.right + 1
    const rightSince = Math.min(before.rightSince ?? now, now)
    const over =
      right >= reading.forReadings && (!before.flapping || now - rightSince >= flapGuard.rightForMs)
    return over ? clear(before, alert, now, changes) : { ...before, right, rightSince }
  }
  const found = value >= reading.raise ? 1 : 0
  const next: Raised = {
    ...{ id: alert.id, created: alert.created, count: alert.count + found },
    ...wordsOf(reading, before.flapping),
    seen: new Date(now).toISOString(),
  }
  const subject = { ...before, right: 0, rightSince: null, alert: next }
  const what = substanceOf(next)
  const { told } = before
  if (told !== null && (told.what === what || isWithin(tellEveryMs, told.at, now))) return subject
  changes.push({ kind: 'changed', alert: next })
  return { ...subject, told: { at: now, what } }
}

function clear(before: Subject, alert: Raised, now: number, changes: AlertChange[]): Subject {
  changes.push({ kind: 'cleared', alert })
  const fresh = newSubject(before)
  return { ...fresh, cleared: [...recent(before.cleared, now), now] }
}

/** It counts on without being raised, so that there is no gap when the other one ends. That is no coming and going. */
function giveWay(before: Subject, reading: Reading, changes: AlertChange[]): Subject {
  if (before.alert !== null) {
    changes.push({ kind: 'cleared', alert: before.alert })
    return { ...newSubject(before), cleared: before.cleared, wrong: reading.forReadings }
  }
  if (reading.value === null) return before
  const wrong = reading.value >= reading.raise ? Math.min(before.wrong + 1, reading.forReadings) : 0
  return { ...before, wrong }
}

function wordsOf(reading: Reading, flapping: boolean) {
  const { rule, severity, subject, host, tmux } = reading
  const message = messageOf(reading)
  return {
    ...{ type: rule, severity, subject },
    ...(host !== undefined && { host }),
    ...(tmux !== undefined && { tmux }),
    message: flapping
      ? `${message} It comes and goes: it ends once it has been right for 10 minutes.`
      : message,
  }
}

/** What makes a change worth telling: the severity and the words, not the figures in them. */
function substanceOf({ severity, subject, message }: Raised): string {
  return `${severity} ${subject} ${message.replace(/\d+([.,]\d+)*/g, '#')}`
}

function newSubject({ rule, key }: Pick<Subject, 'rule' | 'key'>): Subject {
  return {
    ...{ rule, key, wrong: 0, right: 0, rightSince: null },
    ...{ cleared: [], flapping: false, alert: null, told: null },
  }
}

/** Only what the next observation needs: most subjects are right, and then nothing is. */
function kept(subject: Subject, now: number): Subject[] {
  const cleared = recent(subject.cleared, now)
  if (subject.alert === null && subject.wrong === 0 && cleared.length === 0) return []
  return [cleared.length === subject.cleared.length ? subject : { ...subject, cleared }]
}

function recent(times: number[], now: number): number[] {
  return times.filter((at) => isWithin(flapGuard.withinMs, at, now))
}

/** What seems to lie ahead counts as long ago: the clock was set back, and nothing may wait until it is there again. */
function isWithin(ms: number, at: number, now: number): boolean {
  return at <= now && now - at < ms
}

/**
 * There is one alert for a rule and key, so its id is the same each time that it is raised; `created` tells one time from
 * another. Two replicas that raise it while they cannot see each other raise the same one.
 */
function alertId(scope: string, rule: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([scope, rule, key]))
    .digest('hex')
    .slice(0, 24)
}

/** No rule has a space in its name. */
function nameOf({ rule, key }: { rule: string; key: string }): string {
  return `${rule} ${key}`
}
