/** What a step of the test run came to. */
export interface Tally {
  passed: number
  failures: { name: string; message: string }[]
  skips: { name: string; reason: string }[]
}

export function emptyTally(): Tally {
  return { passed: 0, failures: [], skips: [] }
}

/** A skip has to say why; one that does not is a failure. */
export function addSkip(tally: Tally, name: string, reason: string | undefined): void {
  if (reason) tally.skips.push({ name, reason })
  else tally.failures.push({ name, message: 'did not run, and no reason is given' })
}

export function sumTallies(tallies: Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
    failures: tallies.flatMap((tally) => tally.failures),
    skips: tallies.flatMap((tally) => tally.skips),
  }
}

/** Skips, failures, and in the last line the three numbers. */
export function describeTally({ passed, failures, skips }: Tally): string {
  return [
    '',
    ...skips.map(({ name, reason }) => `skipped: ${name} (${reason})`),
    ...failures.map(({ name, message }) => `failed: ${name}: ${message}`),
    `${passed} passed, ${failures.length} failed, ${skips.length} skipped`,
  ].join('\n')
}
