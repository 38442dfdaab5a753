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
  /** Looks for turns that others left behind, from now on; call it once this process can be reached. */
  begin: () => void
  /** Reads the presets anew. Throws a `ConfigError`, and the old ones stay. */
  configure: (agentsDir: string) => Promise<void>
  /** Waits for turns to end, at most `limitMs`; returns how many still run. */
  stop: (limitMs: number) => Promise<number>
}

const lookForLeftTurnsMs = 5_000
const agent = 'breakglass'

/** The session path, wired: presets, tools, the runbook provider, turns and their take-over. */
export async function startSessions(deps: SessionsDeps): Promise<Sessions> {
  const { current, log, replica, pool, power, vms, audit, logger } = deps
  let presets = await loadPresets(join(deps.agentsDir, 'presets'))
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
  const equip = () => ({
    runbook: runbookProvider({ presets, vmOfTarget }),
    tools: createRegistry([shellTool({ presets, runnerOf }), powerTool({ power })]),
  })
  let equipment = equip()
  const turns = new TurnRunner({
    log,
    store,
    providerOf: () => equipment.runbook,
    tools: {
      get: (name) => equipment.tools.get(name),
      run: (...call) => equipment.tools.run(...call),
    },
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
  let logAnswers = false
  const look = async (): Promise<void> => {
    logAnswers = await log.ping().then(
      () => true,
      () => false,
    )
    if (logAnswers && !deps.draining()) await takeOver()
  }
  let looking: NodeJS.Timeout | undefined

  const targets = (): string[] => targetNames(current())
  const presetList = () =>
    presets.map(({ id, label, icon, description, runbook, targets: only }) => ({
      ...{ id, label, icon, description, runbook: runbook !== undefined },
      targets: targets().filter((target) => only === undefined || only.includes(target)),
    }))
  const { name, model } = equipment.runbook
  return {
    routes: [
      ...sessionRoutes({
        log,
        store,
        replica,
        choices: () => ({ presets: presetList(), targets: targets(), agents: [agent], models: [model] }),
        defaults: () => ({ agent, model, target: targets()[0] ?? '' }),
        startTurn: (task) => turns.start(task),
        cancelHere: (sessionId, by) => turns.cancel(sessionId, by),
        draining: deps.draining,
        audit,
      }),
      ...transcriptRoutes({ log, store, attach: deps.attach, readOutput: outputs.read }),
      ...catalogRoutes({
        presets: presetList,
        providers: () => [{ name, model, state: 'ready' }],
        targets,
      }),
    ],
    notReady: () => (logAnswers ? [] : ['The log does not answer: sessions wait, power works.']),
    begin() {
      void look()
      looking = setInterval(() => void look(), lookForLeftTurnsMs)
    },
    async configure(agentsDir) {
      presets = await loadPresets(join(agentsDir, 'presets'))
      equipment = equip()
    },
    async stop(limitMs) {
      clearInterval(looking)
      const left = await turns.drain(limitMs)
      await heartbeat.stop()
      return left
    },
  }
}
