import { join } from 'node:path'
import type { Audit } from '#app/audit/record.ts'
import { loadPresets } from '#app/config/loadPresets.ts'
import type { Settings } from '#app/config/loadConfig.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Route } from '#app/http/Route.ts'
import { openHeartbeat } from '#app/lease/openHeartbeat.ts'
import type { Logger } from '#app/logger.ts'
import type { PowerService } from '#app/power/PowerService.ts'
import type { VmPlace } from '#app/power/PowerVm.ts'
import { runbookProvider } from '#app/provider/runbook.ts'
import { catalogRoutes } from '#app/session/catalogRouter.ts'
import { sessionRoutes } from '#app/session/sessionRouter.ts'
import { SessionStore } from '#app/session/SessionStore.ts'
import { transcriptRoutes, type TranscriptRouterDeps } from '#app/session/transcriptRouter.ts'
import { LocalRunner } from '#app/ssh/LocalRunner.ts'
import type { Runner } from '#app/ssh/Runner.ts'
import type { SshPool } from '#app/ssh/SshPool.ts'
import { createRegistry } from '#app/tool/registry.ts'
import { powerTool } from '#app/tool/power.ts'
import { shellTool } from '#app/tool/shell.ts'
import { createOutputs } from '#app/turn/outputs.ts'
import { createTakeOver } from '#app/turn/takeOver.ts'
import { TurnRunner } from '#app/turn/TurnRunner.ts'
import { localTarget, targetDestination, targetNames } from './targets.ts'

export interface SessionsDeps {
  current: () => Settings
  log: EventLog
  replica: string
  pool: SshPool
  power: PowerService
  vms: () => VmPlace[]
  audit: Audit
  logger: Logger
  attach: TranscriptRouterDeps['attach']
  agentsDir: string
  draining: () => boolean
}

export interface Sessions {
  routes: Route[]
  /** Why sessions cannot be worked with now, as sentences. */
  notReady: () => string[]
  /** Waits for turns to end, at most `limitMs`; returns how many still run. */
  stop: (limitMs: number) => Promise<number>
}

const lookForLeftTurnsMs = 5_000
const agent = 'breakglass'

/** The session path, wired: presets, tools, the runbook provider, turns and their take-over. */
export async function startSessions(deps: SessionsDeps): Promise<Sessions> {
  const { current, log, replica, pool, power, vms, audit, logger } = deps
  const presets = await loadPresets(join(deps.agentsDir, 'presets'))
  const store = new SessionStore(log)
  const outputs = createOutputs(log)
  const local = new LocalRunner()
  const runnerOf = (target: string): Runner | undefined => {
    if (target === localTarget && current().localTarget) return local
    const destination = targetDestination(current(), target)
    return destination && pool.runner(destination)
  }
  const vmOfTarget = (target: string): VmPlace | undefined =>
    vms().find(({ targets }) => targets.includes(target)) ?? vms()[0]
  const runbook = runbookProvider({ presets, vmOfTarget })
  const tools = createRegistry([shellTool({ presets, runnerOf }), powerTool({ power })])
  const turns = new TurnRunner({
    log,
    store,
    providerOf: () => runbook,
    tools,
    keepOutput: (...output) => outputs.keep(...output),
    replica,
    now: () => new Date(),
    logger,
  })
  const heartbeat = await openHeartbeat({ redisUrl: current().redisUrl, replica })
  heartbeat.start()
  const takeOver = createTakeOver({
    log,
    store,
    heartbeat,
    replica,
    start: (task) => turns.start(task),
    isRunning: (turn) => turns.isRunning(turn),
    logger,
    now: () => new Date(),
  })
  let logAnswers = true
  const look = async (): Promise<void> => {
    logAnswers = await log.ping().then(
      () => true,
      () => false,
    )
    if (logAnswers && !deps.draining()) await takeOver()
  }
  void look()
  const looking = setInterval(() => void look(), lookForLeftTurnsMs)

  const targets = (): string[] => targetNames(current())
  const catalog = presets.map(({ id, label, icon, description, runbook: book, ...preset }) => ({
    summary: { id, label, icon, description, runbook: book !== undefined },
    only: preset.targets,
  }))
  const presetList = () =>
    catalog.map(({ summary, only }) => ({
      ...summary,
      targets: targets().filter((target) => only === undefined || only.includes(target)),
    }))
  const model = runbook.model
  return {
    routes: [
      ...sessionRoutes({
        log,
        store,
        replica,
        choices: () => ({ presets: presetList(), targets: targets(), agents: [agent], models: [model] }),
        defaults: () => ({ agent, model, target: targets()[0] ?? '' }),
        startTurn: (task) => turns.start(task),
        draining: deps.draining,
        audit,
      }),
      ...transcriptRoutes({ log, store, attach: deps.attach, readOutput: outputs.read }),
      ...catalogRoutes({
        presets: presetList,
        providers: () => [{ name: runbook.name, model, state: 'ready' }],
        targets,
      }),
    ],
    notReady: () => (logAnswers ? [] : ['The log does not answer: sessions wait, power works.']),
    async stop(limitMs) {
      clearInterval(looking)
      const left = await turns.drain(limitMs)
      await heartbeat.stop()
      return left
    },
  }
}
