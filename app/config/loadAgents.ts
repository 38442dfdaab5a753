import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { agentFileSchema, type Agent } from '#app/schema/agent.ts'
import { describeIssues, kindOf, oneOf } from '#app/schema/describeIssue.ts'
import { ConfigError, type ConfigProblem } from './ConfigError.ts'
import { parseFrontMatter, readMarkdownFiles } from './frontMatter.ts'

/** The operator's folder of agents and presets, where there is one, and the built-in `agents/`. */
export interface AgentFolders {
  own?: string | undefined
  builtIn: string
}

/** What a session gets that names no agent. */
const defaultAgent = 'breakglass'

/**
 * Reads every agent (`*.md`) of the operator's folder, or the built-in ones where it has none; by name, the default
 * one first. Throws a `ConfigError` with all that is wrong in all of them: file, path, found, allowed.
 * @param knownTools the names that an agent may list under `tools`
 */
export async function loadAgents(
  { own, builtIn }: AgentFolders,
  knownTools: readonly string[],
): Promise<Agent[]> {
  const problems: ConfigProblem[] = []
  let folder = own ?? builtIn
  let files = await readMarkdownFiles(folder, 'agents', problems)
  // A folder that cannot be read is no reason for the built-in agents: it is the one that is told of.
  if (files.length === 0 && problems.length === 0) {
    folder = builtIn
    files = await readMarkdownFiles(folder, 'agents', problems)
  }
  const fileOf = new Map<string, string>()
  const agents: Agent[] = []
  for (const { file, text } of files) {
    const agent = parseAgent(file, text, knownTools, problems)
    if (agent === undefined) continue
    const other = fileOf.get(agent.name)
    if (other !== undefined)
      problems.push({
        ...{ file, path: 'name', found: `"${agent.name}", the name of ${other}` },
        allowed: 'a name of its own',
      })
    fileOf.set(agent.name, file)
    agents.push(agent)
  }
  if (problems.length === 0 && !fileOf.has(defaultAgent))
    problems.push({
      ...{ file: folder, path: '', found: `no agent named ${defaultAgent}` },
      allowed: `agents, one of them with name: ${defaultAgent}`,
    })
  if (problems.length > 0) throw new ConfigError(problems)
  const rank = ({ name }: Agent) => (name === defaultAgent ? '' : name)
  return agents.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

/** The folder of presets: the operator's where it exists, else the built-in one. */
export async function presetsFolder({ own, builtIn }: AgentFolders): Promise<string> {
  if (own === undefined) return join(builtIn, 'presets')
  const presets = join(own, 'presets')
  const exists = await stat(presets).then(
    (found) => found.isDirectory(),
    () => false,
  )
  return exists ? presets : join(builtIn, 'presets')
}

function parseAgent(
  file: string,
  text: string,
  knownTools: readonly string[],
  problems: ConfigProblem[],
): Agent | undefined {
  const front = parseFrontMatter(file, text, problems)
  if (front === undefined) return undefined
  const parsed = agentFileSchema.safeParse(front.input)
  if (!parsed.success) {
    for (const { path, found, allowed } of describeIssues(
      agentFileSchema,
      front.input,
      parsed.error,
      foundAt,
    ))
      problems.push({ file, path, found, allowed })
    return undefined
  }
  const refuse = (path: string, found: string, allowed: string): undefined => {
    problems.push({ file, path, found, allowed })
  }
  const { tools } = parsed.data
  for (const [at, tool] of tools.entries())
    if (!knownTools.includes(tool))
      refuse(`tools[${at}]`, JSON.stringify(tool.slice(0, 64)), oneOf(knownTools))
  if (front.body === '') return refuse('', 'no instructions', 'Markdown below the front matter')
  return { ...parsed.data, instructions: front.body }
}

function foundAt(_keys: PropertyKey[], value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 120)) : kindOf(value)
}
