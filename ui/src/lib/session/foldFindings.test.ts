import { expect, test } from 'vitest'
import { foldFindings } from './foldFindings.ts'
import { summariseFindings } from './summariseFindings.ts'
import type { Finding } from './transcript.ts'

const finding = (key: number, level: Finding['level'], probe: string): Finding => ({
  key,
  level,
  probe,
  text: `${probe} ${key}`,
  value: null,
})
const well = (count: number, probes: string[]): Finding[] =>
  Array.from({ length: count }, (_, n) => finding(100 + n, 'ok', probes[n % probes.length] ?? ''))

test('a short card is shown whole', () => {
  const findings = [finding(1, 'crit', 'disk'), ...well(8, ['disk'])]
  expect(foldFindings(findings)).toEqual({ shown: findings, folded: 0 })
})

test('of many that are well each probe keeps one line, and all trouble stays', () => {
  const trouble = [finding(1, 'crit', 'disk'), finding(2, 'crit', 'disk'), finding(3, 'unknown', 'units')]
  const { shown, folded } = foldFindings([...trouble, ...well(12, ['disk', 'cpu', 'memory'])])
  expect(shown.slice(0, 3)).toEqual(trouble)
  expect(shown.slice(3).map(({ probe }) => probe)).toEqual(['disk', 'cpu', 'memory'])
  expect(folded).toBe(9)
})

test('the summary counts worst first and leaves out what there is none of', () => {
  const findings = [
    finding(1, 'warn', 'a'),
    finding(2, 'warn', 'b'),
    finding(3, 'unknown', 'c'),
    ...well(3, ['d']),
  ]
  expect(summariseFindings(findings).map(({ text }) => text)).toEqual(['2 warnings', '1 not checked', '3 ok'])
  expect(summariseFindings([finding(1, 'warn', 'a')]).map(({ text }) => text)).toEqual(['1 warning'])
})
