import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAgents, presetsFolder } from '#app/config/loadAgents.ts'
import { loadPresets } from '#app/config/loadPresets.ts'
import type { Settings } from '#app/config/loadConfig.ts'
import type { Logger } from '#app/logger.ts'
import type { Classified, Mode } from '#app/policy/Classified.ts'
import type { PowerService } from '#app/power/PowerService.ts'
import type { VmPlace } from '#app/power/PowerVm.ts'
import { anthropicProvider } from '#app/provider/anthropic.ts'
import { loggedProvider } from '#app/provider/loggedProvider.ts'
import type { ModelSettings } from '#app/provider/ModelSettings.ts'
import { openaiProvider } from '#app/provider/openai.ts'
import type { Provider } from '#app/provider/Provider.ts'
import { runbookProvider } from '#app/provider/runbook.ts'
import type { Agent } from '#app/schema/agent.ts'
import type { Preset } from '#app/schema/preset.ts'
import { LocalRunner } from '#app/ssh/LocalRunner.ts'
import type { Runner } from '#app/ssh/Runner.ts'
import type { SshPool } from '#app/ssh/SshPool.ts'
import { askClarificationTool } from '#app/tool/askClarification.ts'
import { confirmActionTool } from '#app/tool/confirmAction.ts'
import { fleetTool, type FleetToolDeps } from '#app/tool/fleet.ts'
import { outputTool, type OutputDeps } from '#app/tool/output.ts'
import { powerTool, type PowerToolVm } from '#app/tool/power.ts'
import { createRegistry, type Registry } from '#app/tool/registry.ts'
import { searchKnowledgeTool } from '#app/tool/searchKnowledge.ts'
import { shellTool } from '#app/tool/shell.ts'
import type { sendEmailTool } from '#app/tool/sendEmail.ts'
import type { TurnAgent } from '#app/turn/TurnDeps.ts'
import { fingerprintOf, localTarget, targetDestination, targetNames } from './targets.ts'

export interface EquipDeps {
  current: () => Settings
  /** The folder of the built-in agents, presets and knowledge. */
  builtIn: string
  pool: SshPool
  power: PowerService
  vms: () => VmPlace[]
  outputs: OutputDeps
  fleet: FleetToolDeps
}

/** What agents and presets of one configuration have to work with. */
export interface Equipment {
  presets: Preset[]
  agents: string[]
  /** The model that the agent asks for, if any. */
  modelOf: (agent: string) => string | undefined
  /** The model's instructions and the tools; those of the default agent for one that is no longer there. */
  agentOf: (name: string) => TurnAgent
  /** What a model is asked for a preset. */
  presetPrompt: (preset: string) => string | undefined
  tools: Registry
  runbook: Provider
}

/** The parser and its tables are loaded with the first command that a model chooses: a start need not wait for them. */
async function classify(command: string, mode: Mode): Promise<Classified> {
  const policy = await import('#app/policy/classify.ts')
  return policy.classify(command, mode)
}

export const defaultAgent = 'breakglass'

/** Every tool there is; `send_email` only exists where a mailbox is configured. */
const toolNames = [
  ...['shell', 'power', 'output', 'fleet'],
  ...['search_knowledge', 'ask_clarification', 'confirm_action', 'send_email'],
]

/** Reads agents and presets for `settings`. Throws a `ConfigError` with all that is wrong in them. */
export async function equipAgents(deps: EquipDeps, settings: Settings): Promise<Equipment> {
  const { builtIn, pool, power, vms, current } = deps
  const own = settings.config.agents_dir
  const presets = await loadPresets(await presetsFolder({ own, builtIn }))
  const agents = await loadAgents({ own, builtIn }, toolNames)
  const local = new LocalRunner()
  const runnerOf = (target: string): Runner | undefined => {
    if (target === localTarget && current().localTarget) return local
    const destination = targetDestination(current(), target)
    return destination && pool.runner(destination)
  }
  const leadsTo = (target: string): string => {
    const destination = targetDestination(current(), target)
    return destination === undefined ? target : fingerprintOf(destination)
  }
  const powerVms = (): PowerToolVm[] =>
    vms().map(({ hypervisor, ...vm }) => ({ ...vm, leadsTo: fingerprintOf(hypervisor) }))
  const targets = (): string[] => targetNames(current())
  const modeOf = (target: string): Mode => {
    const known = current().config.targets
    return Object.hasOwn(known, target) ? (known[target]?.mode ?? 'ask') : 'ask'
  }
  const knowledge = [join(builtIn, 'knowledge'), ...settings.config.knowledge]
  const mail = await mailTool(settings)
  const tools = [
    shellTool({ presets, targets, runnerOf, leadsTo, modeOf, classify }),
    powerTool({ power, vms: powerVms, modeOf }),
    outputTool(deps.outputs),
    fleetTool(deps.fleet),
    searchKnowledgeTool({ folders: () => knowledge }),
    askClarificationTool(),
    confirmActionTool(),
    ...(mail === null ? [] : [mail]),
  ]
  const known = new Map(agents.map((agent) => [agent.name, agent]))
  const agentOf = (name: string): TurnAgent => {
    const agent = known.get(name) ?? known.get(defaultAgent)
    if (agent === undefined) throw new Error('loadAgents gives the default agent')
    return { system: systemOf(agent, targets(), modeOf, vms()), tools: agent.tools, targets: agent.targets }
  }
  return {
    presets,
    agents: [...known.keys()],
    agentOf,
    modelOf: (name) => known.get(name)?.model,
    presetPrompt: (id) => {
      const preset = presets.find((one) => one.id === id)
      return preset && `${preset.prompt}\n\n${preset.guidance}`.trim()
    },
    tools: createRegistry(tools),
    runbook: runbookProvider({
      presets,
      vmOfTarget: (target) => vms().find((vm) => vm.targets.includes(target)) ?? vms()[0],
      models: () => current().providers.length > 0,
    }),
  }
}

/** The provider of one entry, with its calls logged. */
export function createModel(settings: ModelSettings, logger: Logger): Provider {
  const create = settings.kind === 'anthropic' ? anthropicProvider : openaiProvider
  return loggedProvider(create(settings), logger)
}

/** Loaded only where mail is configured. */
async function mailTool({ config }: Settings): Promise<ReturnType<typeof sendEmailTool>> {
  const mail = config.notify?.mail
  if (mail === undefined) return null
  const { sendEmailTool } = await import('#app/tool/sendEmail.ts')
  return sendEmailTool({ mail, password: readPassword(mail.password_file) })
}

/** A file that cannot be read was warned of when the configuration was; without it signing in will fail, and be told. */
function readPassword(file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Instructions, and the machines by name: nothing that changes from turn to turn, so that it can be cached. */
function systemOf(agent: Agent, targets: string[], modeOf: (target: string) => Mode, vms: VmPlace[]): string {
  const machines = targets.map((target) => `- target ${target}, mode ${modeOf(target)}`)
  const virtual = vms.map(({ name, targets: inside, demo }) => {
    const holds = inside.length === 0 ? '' : `, holds ${inside.join(', ')}`
    return `- vm ${name}${holds}${demo ? ' (a simulated one, for show)' : ''}`
  })
  const list = [...machines, ...virtual].join('\n')
  return `${agent.instructions}\n\n## The machines\n\n${list === '' ? 'None is configured.' : list}\n`
}
