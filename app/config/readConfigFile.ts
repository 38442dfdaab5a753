import { readFileSync } from 'node:fs'
import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'
import { configSchema, type Config } from '#app/schema/config.ts'
import { describeIssues, kindOf } from '#app/schema/describeIssue.ts'
import type { ConfigProblem } from './ConfigError.ts'
import { printablePath, whyFailed } from './fileAccess.ts'

/** A parsed file, and the way back from a path in it to its line. */
export interface ConfigFile {
  config: Config
  lineOf(keys: PropertyKey[]): number | undefined
}

/**
 * Reads and checks the YAML file. Everything wrong in it goes to `problems`; then the answer is undefined.
 *
 * @param path where it lies.
 * @param file how messages name it.
 */
export function readConfigFile(
  path: string,
  file: string,
  problems: ConfigProblem[],
): ConfigFile | undefined {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const found = `${printablePath(file)}, which ${whyFailed(error)}`
    problems.push({ path: 'BREAKGLASS_CONFIG', found, allowed: 'a readable YAML file' })
    return undefined
  }
  return parseConfig(text, file, problems)
}

/** As `readConfigFile`, for a text. */
export function parseConfig(text: string, file: string, problems: ConfigProblem[]): ConfigFile | undefined {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  for (const error of [...document.errors, ...document.warnings]) {
    // What follows the colon is quoted from the file and may be a secret.
    const found = `a mistake in the YAML (${error.message.split(': ')[0]})`
    problems.push({
      file,
      line: lines.linePos(error.pos[0]).line,
      path: '',
      found,
      allowed: 'one YAML document',
    })
  }
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined

  const lineOf = (keys: PropertyKey[]) => {
    const offset = offsetOf(document.contents, keys)
    return offset === undefined ? undefined : lines.linePos(offset).line
  }
  let input: unknown
  try {
    input = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    const found = error instanceof ReferenceError ? error.message : 'what cannot be read as data'
    problems.push({
      file,
      path: '',
      found,
      allowed: 'aliases of anchors that stand before them, at most 100',
    })
    return undefined
  }
  if (input === null || input === undefined) {
    // Also what a file looks like while it is being written anew: no reason to forget every VM.
    problems.push({ file, path: '', found: 'an empty file', allowed: 'settings, or {} for none' })
    return undefined
  }
  const parsed = configSchema.safeParse(input)
  if (parsed.success) return { config: parsed.data, lineOf }
  for (const { keys, ...problem } of describeIssues(configSchema, input, parsed.error, foundAt)) {
    const line = lineOf(keys)
    problems.push({ file, ...(line !== undefined && { line }), ...problem })
  }
  return undefined
}

/** Short values are shown where no secret belongs; elsewhere their kind must do. */
function foundAt(keys: PropertyKey[], value: unknown): string {
  // Of a URL, what stands before an @ or behind a ? may be one.
  const secretUrl = typeof value === 'string' && /:.*@|\?.*=/.test(value)
  const secret =
    secretUrl || keys.some((key) => /key|token(?!s$)|secret|pass|credential|auth/i.test(String(key)))
  const simple = typeof value === 'number' || typeof value === 'boolean'
  if (!secret && simple) return String(value)
  if (!secret && typeof value === 'string' && value !== '' && value.length <= 60 && !value.includes('\n'))
    return JSON.stringify(value)
  return kindOf(value)
}

/** Where the deepest existing part of a path begins in the text. */
function offsetOf(root: unknown, keys: PropertyKey[]): number | undefined {
  let node = root
  let offset: number | undefined
  for (const key of keys) {
    let next: unknown
    if (isMap(node)) {
      const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(key))
      if (pair && isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
      next = pair?.value
    } else if (isSeq(node)) {
      next = node.items[Number(key)]
      if (isNode(next)) offset = next.range?.[0] ?? offset
    }
    node = next
  }
  return offset
}
