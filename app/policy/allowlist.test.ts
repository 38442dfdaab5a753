import { expect, test } from 'vitest'
import { allowlist } from './allowlist.ts'
import type { Rule } from './allowlistRule.ts'

function rulesOf(name: string, rule: Rule): [string, Rule][] {
  return [
    [name, rule],
    ...Object.entries(rule.sub ?? {}).flatMap(([sub, own]) => rulesOf(`${name} ${sub}`, own)),
  ]
}
const rules = [...allowlist].flatMap(([name, rule]) => rulesOf(name, rule))

test.each(rules)('the flags of %s are well formed', (_, { flags }) => {
  for (const [name, { kind }] of flags) {
    expect(name).toMatch(/^(-#|--?[A-Za-z0-9][A-Za-z0-9_-]*)$/)
    expect(['text', 'number', 'file', 'place']).toContain(kind)
  }
})

test.each(rules)('the letters of %s can be told from one another', (_, { flags, whole }) => {
  if (whole) return
  for (const name of flags.keys()) expect(name).toMatch(/^(-.|--.+)$/)
})
