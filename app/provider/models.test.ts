import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { kindDefaults } from './models.ts'

const root = resolve(import.meta.dirname, '../..')
const example = readFileSync(resolve(root, 'breakglass.example.yaml'), 'utf8')
const schema = readFileSync(resolve(root, 'breakglass.schema.json'), 'utf8')
const { anthropic, openai } = kindDefaults

test.each([
  ['context_tokens', `Default: ${anthropic.contextTokens}, openai ${openai.contextTokens}`],
  ['max_output_tokens', `Default: ${anthropic.maxOutputTokens}, openai ${openai.maxOutputTokens}`],
])('the example and the schema name the defaults of %s', (name, sentence) => {
  expect(example).toMatch(new RegExp(`${sentence}\\n +${name}:`))
  expect(schema).toContain(`${sentence}.`)
})
