import { z } from 'zod'

/** One wrong place in an input: where it is, what was found there, what is allowed there. */
export interface Problem {
  path: string
  found: string
  allowed: string
}

export interface LocatedProblem extends Problem {
  /** The way to the place, from the root of the input. */
  keys: PropertyKey[]
}

/** The parts of a JSON Schema that a sentence is made of. */
interface Shape {
  /** What an entry is, in words. */
  title?: string
  type?: string
  enum?: unknown[]
  const?: string | number | boolean | null
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  format?: string
  properties?: Record<string, Shape>
  additionalProperties?: Shape | boolean
  items?: Shape
  anyOf?: Shape[]
}

/**
 * Turns the issues of a failed parse into problems that a person can act on.
 *
 * @param found names what stands at a path; the default tells the kind and never the value, so that a secret
 * in the wrong place is not repeated.
 */
export function describeIssues(
  schema: z.ZodType,
  input: unknown,
  error: z.ZodError,
  found: (keys: PropertyKey[], value: unknown) => string = (_keys, value) => kindOf(value),
): LocatedProblem[] {
  // `Shape` names the keywords read here; a JSON Schema may have more.
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape
  const problem = (keys: PropertyKey[], foundThere: string, allowed: string): LocatedProblem => ({
    keys,
    path: pathOf(keys),
    found: foundThere,
    allowed,
  })
  return error.issues.flatMap((issue): LocatedProblem[] => {
    const shape = shapeAt(root, issue.path)
    if (issue.code === 'unrecognized_keys') {
      const allowed = oneOf(Object.keys(shape?.properties ?? {}))
      return issue.keys.map((key) => problem([...issue.path, key], 'an unknown name', allowed))
    }
    if (issue.code === 'invalid_key')
      return [problem(issue.path, 'this name', issue.issues[0]?.message ?? 'another name')]
    const value = valueAt(input, issue.path)
    // zod's own sentences begin so, and say nothing of what is allowed.
    const authored =
      (issue.code === 'custom' || issue.code === 'invalid_format') && !issue.message.startsWith('Invalid ')
    return [problem(issue.path, found(issue.path, value), authored ? issue.message : allowedBy(shape))]
  })
}

/** `targets.devvm.host_keys[0]`; a name that would not read back stands in quotes. */
export function pathOf(path: PropertyKey[]): string {
  let text = ''
  for (const part of path) {
    const name = String(part).slice(0, 64)
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[\w-]+$/.test(name)) text += text === '' ? name : `.${name}`
    else text += `[${JSON.stringify(name)}]`
  }
  return text
}

/** The kind of a value in words, never the value. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text'
  if (typeof value === 'number') return 'a number'
  return typeof value === 'boolean' ? 'true or false' : 'a mapping'
}

export function oneOf(names: readonly unknown[]): string {
  const list = names.map(String)
  if (list.length === 0) return 'nothing'
  return list.length === 1 ? `only ${list[0]}` : `one of ${list.join(', ')}`
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    // Any object can be indexed by a path part that zod found in it.
    (value, part) =>
      value !== null && typeof value === 'object' ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    input,
  )
}

function shapeAt(root: Shape, path: PropertyKey[]): Shape | undefined {
  return path.reduce<Shape | undefined>((shape, part) => {
    if (typeof part === 'number') return shape?.items
    const named = shape?.properties?.[String(part)]
    return named ?? (typeof shape?.additionalProperties === 'object' ? shape.additionalProperties : undefined)
  }, root)
}

function allowedBy(shape: Shape | undefined): string {
  if (shape === undefined) return 'another value'
  if (shape.title !== undefined) return shape.title
  if (shape.const !== undefined) return `only ${String(shape.const)}`
  if (shape.enum) return oneOf(shape.enum)
  if (shape.anyOf) return shape.anyOf.map(allowedBy).join(', or ')
  switch (shape.type) {
    case 'integer':
      return `a whole number${range(shape)}`
    case 'number':
      return `a number${range(shape)}`
    case 'boolean':
      return 'true or false'
    case 'string':
      return formats[shape.format ?? ''] ?? `a text${lengths(shape.minLength, shape.maxLength)}`
    case 'array':
      return `a list${atLeast(shape.minItems)}, each ${allowedBy(shape.items)}`
    case 'object':
      return shape.properties
        ? `a mapping with ${Object.keys(shape.properties).join(', ')}`
        : `a mapping of names, each to ${typeof shape.additionalProperties === 'object' ? allowedBy(shape.additionalProperties) : 'a value'}`
    default:
      return 'another value'
  }
}

const formats: Record<string, string> = {
  'date-time': 'a time such as 2026-01-31T12:00:00Z',
  uri: 'a URL',
  email: 'an e-mail address',
}

function atLeast(entries = 0): string {
  return entries === 0 ? '' : ` with at least ${entries} ${entries === 1 ? 'entry' : 'entries'}`
}

/** zod writes the limits of safe integers where the schema has none; they help nobody. */
function range({ minimum, exclusiveMinimum, maximum }: Shape): string {
  if (exclusiveMinimum !== undefined) {
    const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `, at most ${maximum}`
    return ` above ${exclusiveMinimum}${most}`
  }
  const low = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum
  const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`
  if (low !== undefined) return ` of at least ${low}`
  return high === undefined ? '' : ` of at most ${high}`
}

function lengths(minimum?: number, maximum?: number): string {
  if (maximum !== undefined) return ` of ${minimum ?? 0} to ${maximum} characters`
  return minimum === undefined ? '' : ` of at least ${minimum} character${minimum === 1 ? '' : 's'}`
}
