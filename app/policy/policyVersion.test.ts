import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { policyVersion } from './approvalDigest.ts'
import { themes } from './classify.cases.ts'
import { classify } from './classify.ts'

/** What each version made of the table of cases. */
const judgments: Record<number, string> = {
  2: '86d40689b3de486e',
}

test('what is judged or printed differently has a version of its own', () => {
  const judged = themes.flatMap(({ lines }) =>
    lines.map((line) => {
      const { verdict, action } = classify(line, 'ask')
      return [line, verdict, action]
    }),
  )
  const hash = createHash('sha256').update(JSON.stringify(judged)).digest('hex').slice(0, 16)
  expect(
    hash,
    `A line is judged or printed differently than in version ${String(policyVersion)}: raise policyVersion in ` +
      `approvalDigest.ts, so that approvals given before count no more, and add \`${String(policyVersion + 1)}: '${hash}'\` ` +
      'here. Only where nothing but new cases came to the table does the version stay.',
  ).toBe(judgments[policyVersion])
})
