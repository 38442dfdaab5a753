import { expect, it } from 'vitest'
import { addSkip, describeTally, emptyTally, sumTallies } from './Tally.ts'

it('sums what the steps came to, and ends in the three numbers', () => {
  const one = { ...emptyTally(), passed: 2, failures: [{ name: 'lint', message: 'exit code 1' }] }
  const two = { ...emptyTally(), passed: 3 }
  addSkip(two, 'a drill', 'needs a hypervisor')
  expect(describeTally(sumTallies([one, two]))).toBe(
    '\nskipped: a drill (needs a hypervisor)\nfailed: lint: exit code 1\n5 passed, 1 failed, 1 skipped',
  )
})

it('counts a skip without a reason as a failure', () => {
  const tally = emptyTally()
  addSkip(tally, 'a drill', undefined)
  expect(tally).toMatchObject({ skips: [], failures: [{ name: 'a drill' }] })
})
