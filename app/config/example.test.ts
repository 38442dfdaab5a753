import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { configSchema } from '#app/schema/config.ts'
import type { ConfigProblem } from './ConfigError.ts'
import { crossCheck } from './crossCheck.ts'
import { parseConfig } from './readConfigFile.ts'

const root = resolve(import.meta.dirname, '../..')
const text = readFileSync(resolve(root, 'breakglass.example.yaml'), 'utf8')

interface Shape {
  properties?: Record<string, Shape>
  additionalProperties?: Shape | false
  items?: Shape
}

/** The settings of a schema that a value does not show, as paths. */
function missing(shape: Shape, value: unknown, path: string): string[] {
  if (shape.items)
    return Array.isArray(value) && value.length > 0 ? missing(shape.items, value[0], path) : [path]
  // Only mappings are left where the schema has properties.
  const fields = value as Record<string, unknown>
  if (shape.additionalProperties) {
    const [first] = Object.values(fields)
    return first === undefined ? [path] : missing(shape.additionalProperties, first, `${path}.*`)
  }
  return Object.entries(shape.properties ?? {}).flatMap(([name, inner]) =>
    fields[name] === undefined ? [`${path}.${name}`] : missing(inner, fields[name], `${path}.${name}`),
  )
}

test('the example is a right configuration', () => {
  const problems: ConfigProblem[] = []
  const file = parseConfig(text, 'breakglass.example.yaml', problems)
  expect(problems).toEqual([])
  expect(file && crossCheck(file.config)).toEqual([])
})

test('the example shows every setting, and a comment stands above each', () => {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as Shape
  expect(missing(schema, parse(text), 'root')).toEqual([])
  expect(missing(schema, {}, 'root')).toEqual([
    'root.hypervisors',
    'root.vms',
    'root.targets',
    'root.fleet',
    'root.alerts',
    'root.providers',
    'root.budget',
    'root.notify',
    'root.knowledge',
    'root.agents_dir',
  ])
})

test('the example names every variable', () => {
  const source = readFileSync(resolve(root, 'app/config/readEnvironment.ts'), 'utf8')
  const ours = /\b(BREAKGLASS_[A-Z_]+[A-Z]|REDIS_URL(?:_FILE)?|SSH_AUTH_SOCK)\b/g
  const models = ['ANTHROPIC', 'OPENAI'].flatMap((kind) =>
    ['API_KEY', 'API_KEY_FILE', 'BASE_URL'].map((what) => `${kind}_${what}`),
  )
  const variables = new Set([...(source.match(ours) ?? []), ...models])
  expect(variables.size).toBeGreaterThan(13)
  for (const variable of variables) expect(text).toContain(variable)
})

test('the schema for editors is up to date', () => {
  const generated = z.toJSONSchema(configSchema, { io: 'input' })
  const { title, ...stored } = JSON.parse(readFileSync(resolve(root, 'breakglass.schema.json'), 'utf8')) as {
    title: string
  }
  expect(title).toBe('Breakglass')
  expect(stored, 'run: npm run -s breakglass -- schema > breakglass.schema.json').toEqual(generated)
})
