import { z } from 'zod'
import { describeIssues, kindOf, oneOf, type LocatedProblem } from '#app/schema/describeIssue.ts'
import { presetFileSchema, probeSchema, type Preset } from '#app/schema/preset.ts'
import { ConfigError, type ConfigProblem } from './ConfigError.ts'
import { parseFrontMatter, readMarkdownFiles } from './frontMatter.ts'

/**
 * Reads every `*.md` of `folder` (such as `agents/presets`), in the order in which they are shown.
 * Throws a `ConfigError` with all that is wrong in all of them: file, path, found, allowed.
 */
export async function loadPresets(folder: string): Promise<Preset[]> {
  const problems: ConfigProblem[] = []
  const presets: Preset[] = []
  const fileOf = new Map<string, string>()
  for (const { file, text } of await readMarkdownFiles(folder, 'presets', problems)) {
    const preset = parsePreset(file, text, problems)
    if (preset === undefined) continue
    const other = fileOf.get(preset.id)
    if (other !== undefined)
      problems.push({
        file,
        path: 'id',
        found: `"${preset.id}", the id of ${other}`,
        allowed: 'an id of its own',
      })
    fileOf.set(preset.id, file)
    presets.push(preset)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return presets.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1))
}

/** Parses one preset: front matter, then guidance. What is wrong goes to `problems`; then the answer is undefined. */
export function parsePreset(file: string, text: string, problems: ConfigProblem[]): Preset | undefined {
  const front = parseFrontMatter(file, text, problems)
  if (front === undefined) return undefined
  const { input, body } = front
  const parsed = presetFileSchema.safeParse(input)
  if (parsed.success) return { ...parsed.data, guidance: body }
  for (const { path, found, allowed } of parsed.error.issues.flatMap((issue) => describe(input, issue)))
    problems.push({ file, path, found, allowed })
  return undefined
}

/** A probe is one of many shapes: what is allowed in it depends on the parser that it names. */
function describe(input: unknown, issue: z.core.$ZodIssue): LocatedProblem[] {
  const [runbook, probes, index, ...rest] = issue.path
  const whole = new z.ZodError([issue])
  if (runbook !== 'runbook' || probes !== 'probes' || typeof index !== 'number')
    return describeIssues(presetFileSchema, input, whole, foundAt)
  const probe = z.object({ runbook: z.object({ probes: z.array(z.unknown()) }) }).parse(input).runbook.probes[
    index
  ]
  const shape = probeSchema.options.find((option) => option.shape.parser.safeParse(parserOf(probe)).success)
  const at = `runbook.probes[${index}]`
  if (shape === undefined) {
    const allowed = oneOf(probeSchema.options.map((option) => option.shape.parser.value))
    return [{ keys: issue.path, path: `${at}.parser`, found: foundAt([], parserOf(probe)), allowed }]
  }
  const inner = new z.ZodError([{ ...issue, path: rest }])
  return describeIssues(shape, probe, inner, foundAt).map((one) => ({
    ...one,
    path: one.path === '' || one.path.startsWith('[') ? `${at}${one.path}` : `${at}.${one.path}`,
  }))
}

function parserOf(probe: unknown): unknown {
  return typeof probe === 'object' && probe !== null ? Reflect.get(probe, 'parser') : undefined
}

function foundAt(_keys: PropertyKey[], value: unknown): string {
  return typeof value === 'object' || value === undefined
    ? kindOf(value)
    : JSON.stringify(value).slice(0, 120)
}
