import type { AlertState, Subject } from './AlertState.ts'

/**
 * What was stored of a scope and what was found of it while that could not be read: an alert that is in both began when
 * the stored one did, so that who took note of it did so of this one. What is only stored goes on from where it was.
 */
export function joinStates(stored: AlertState, found: AlertState): AlertState {
  const before = new Map(stored.subjects.map((subject) => [nameOf(subject), subject]))
  const subjects = found.subjects.map((subject) => {
    const known = before.get(nameOf(subject))
    before.delete(nameOf(subject))
    return known === undefined ? subject : join(known, subject)
  })
  return { version: 1, subjects: [...before.values(), ...subjects] }
}

function join(stored: Subject, found: Subject): Subject {
  const cleared = [...stored.cleared, ...found.cleared]
  if (found.alert === null) return { ...stored, cleared }
  if (stored.alert === null) return { ...found, cleared }
  const { created, count } = stored.alert
  return {
    ...found,
    cleared,
    flapping: stored.flapping || found.flapping,
    alert: { ...found.alert, created, count: count + found.alert.count },
    // It is told anew, as what it is.
    told: null,
  }
}

function nameOf({ rule, key }: Subject): string {
  return JSON.stringify([rule, key])
}
