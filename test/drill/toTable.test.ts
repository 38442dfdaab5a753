import { expect, test } from 'vitest'
import { toTable } from './toTable.ts'

test('a table has a line for each drill, in columns', () => {
  const row = {
    result: 'passed',
    steps: 8,
    approvals: 2,
    denied: 0,
    tokens: 900,
    seconds: 3,
    why: '',
  } as const
  expect(
    toTable([
      { case: 'dead-dns', ...row },
      { case: 'x', ...row, result: 'failed', tokens: null, why: 'it is off' },
    ]).split('\n'),
  ).toEqual([
    '| case     | result | steps | approvals | denied | tokens | seconds | why |',
    '| -------- | ------ | ----- | --------- | ------ | ------ | ------- | --------- |',
    '| dead-dns | passed | 8     | 2         | 0      | 900    | 3       |  |',
    '| x        | failed | 8     | 2         | 0      | –      | 3       | it is off |',
  ])
})
