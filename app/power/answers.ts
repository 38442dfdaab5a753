import type { PowerResult, Verb } from '#app/schema/api.ts'

/** The answer to what is turned away here: nothing was sent anywhere. */
export function refused(verb: Verb, op: string, code: 'busy' | 'conflict', stderr: string): PowerResult {
  return {
    ...{ verb, exit_code: null, stdout: '', stderr, rejected: true, outcome: 'refused' },
    ...{ op, duration_ms: 0, code },
  }
}

/** The answer to who went away from a verb that only reads. */
export function givenUp(verb: Verb, op: string): PowerResult {
  const stderr = `The wait for the ${verb} was given up.`
  return {
    ...{ verb, exit_code: null, stdout: '', stderr, rejected: false, outcome: 'unknown' },
    ...{ op, failed_leg: 'cancelled', duration_ms: 0 },
  }
}
