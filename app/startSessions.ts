import type { Audit } from '#app/audit/record.ts'
import type { Settings } from '#app/config/loadConfig.ts'
import { modelVariables } from '#app/config/readProviders.ts'
import { createBoard, type Board } from '#app/eventlog/Board.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { boardRoutes, type BoardRouterDeps } from '#app/http/boardRouter.ts'
import type { AttachOptions } from '#app/http/FeedHub.ts'
import type { Route } from '#app/http/Route.ts'
import { openHeartbeat } from '#app/lease/openHeartbeat.ts'
import type { Logger } from '#app/logger.ts'
import { redact } from '#app/policy/redact.ts'
import type { PowerService } from '#app/power/PowerService.ts'
import type { VmPlace } from '#app/power/PowerVm.ts'
import { openProviders } from '#app/provider/openProviders.ts'
import { cardRoutes } from '#app/session/cardRouter.ts'
import { catalogRoutes } from '#app/session/catalogRouter.ts'
import { sessionRoutes } from '#app/session/sessionRouter.ts'
import { SessionStore } from '#app/session/SessionStore.ts'
import { pendingApprovals, tellBoard } from '#app/session/tellBoard.ts'
import { transcriptRoutes } from '#app/session/transcriptRouter.ts'
import type { SshPool } from '#app/ssh/SshPool.ts'
import { createBudget } from '#app/turn/Budget.ts'
import { createOutputCapture } from '#app/turn/OutputCapture.ts'
import { createOutputs } from '#app/turn/outputs.ts'
import type { Change } from '#app/turn/TurnDeps.ts'
import { sessionOutputs } from '#app/turn/sessionOutputs.ts'
import { createTakeOver } from '#app/turn/takeOver.ts'
import { TurnRunner } from '#app/turn/TurnRunner.ts'
import { createModel, defaultAgent, equipAgents, type EquipDeps } from './equipAgents.ts'
import { targetNames } from './targets.ts'

export interface SessionsDeps {
  current: () => Settings
  log: EventLog
  replica: string
  pool: SshPool
  power: PowerService
  vms: () => VmPlace[]
  /** What agents may see of the watched machines. */
  fleet: EquipDeps['fleet']
  audit: Audit
  logger: Logger
  attach: (stream: string, input: AttachInput, options?: AttachOptions) => Promise<void>
  /** The folder of the built-in agents, presets and knowledge. */
  builtIn: string
  draining: () => boolean
}

type AttachInput = Parameters<BoardRouterDeps['attach']>[1]

export interface Sessions {
  routes: Route[]
  /** What other features tell the dashboard. */
  board: Pick<Board, 'tell'>
  /** Why sessions cannot be worked with now, as sentences. */
  notReady: () => string[]
  /** Looks for turns that others left behind, from now on; call it once this process can be reached. */
  begin: () => void
  /** Takes a changed configuration. Throws a `ConfigError`, and what was there stays. */
  configure: (settings: Settings) => Promise<void>
  /** Waits for turns to end, at most `limitMs`; returns how many still run. */
  stop: (limitMs: number) => Promise<number>
}

const lookForLeftTurnsMs = 5_000

/** The session path, wired: agents, presets, tools, providers, turns and their take-over, the board. */
export async function startSessions(deps: SessionsDeps): Promise<Sessions> {
  const { current, log, replica, audit, logger } = deps
  const now = (): Date => new Date()
  const outputs = createOutputs(log)
  const board = createBoard(log, logger)
  const store = new SessionStore(log, (state) => tell(state.sessionId))
  const tell = (sessionId: string): void => tellBoard(store, sessionId, board)
  const equip = (settings: Settings) =>
    equipAgents({ ...deps, outputs: sessionOutputs(store, outputs) }, settings)
  let equipment = await equip(current())
  tellAbsent(current(), logger)
  const pool = openProviders({
    settings: current().providers,
    create: (settings) => createModel(settings, logger),
    runbook: equipment.runbook,
    logger,
  })
  const turns = new TurnRunner({
    log,
    store,
    providerOf: (choice) => pool.providerOf(choice),
    agentOf: (name) => equipment.agentOf(name),
    presetPrompt: (preset) => equipment.presetPrompt(preset),
    tools: {
      specs: (names) => equipment.tools.specs(names),
      prepare: (...call) => equipment.tools.prepare(...call),
    },
    budget: createBudget({ log, limits: () => current().config.budget, logger, now }),
    capture: (sessionId, call, onProgress) =>
      createOutputCapture(outputs, {
        ...{ sessionId, call, onProgress },
        onLost: (err) => logger.warn({ err, session: sessionId }, 'output was not kept'),
      }),
    onWaiting: tell,
    onChange: (change) => audit(recordOf(change)),
    replica,
    now,
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
    onClosed: tell,
    logger,
    now,
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
    equipment.presets.map(({ id, label, icon, description, runbook, targets: only }) => ({
      ...{ id, label, icon, description, runbook: runbook !== undefined },
      targets: targets().filter((target) => only === undefined || only.includes(target)),
    }))
  return {
    routes: [
      ...sessionRoutes({
        log,
        store,
        replica,
        choices: () => ({
          presets: presetList(),
          targets: targets(),
          agents: equipment.agents,
          models: pool.choices(),
        }),
        defaults: () => {
          const asked = equipment.modelOf(defaultAgent)
          const model = asked !== undefined && pool.choices().includes(asked) ? asked : pool.defaultChoice()
          return { agent: defaultAgent, model, target: targets()[0] ?? '' }
        },
        startTurn: (task) => turns.start(task),
        cancelHere: (sessionId, by) => turns.cancel(sessionId, by),
        redact,
        draining: deps.draining,
        audit,
      }),
      ...cardRoutes({ store, audit, redact, now }),
      ...transcriptRoutes({ log, store, attach: deps.attach, readOutput: outputs.read }),
      ...catalogRoutes({ presets: presetList, providers: () => pool.states(), targets }),
      ...boardRoutes({ attach: deps.attach, pending: () => pendingApprovals(log, store) }),
    ],
    board,
    notReady: () => (logAnswers ? [] : ['The log does not answer: sessions wait, power works.']),
    begin() {
      void look()
      looking = setInterval(() => void look(), lookForLeftTurnsMs)
    },
    async configure(settings) {
      equipment = await equip(settings)
      pool.configure(settings.providers, equipment.runbook)
    },
    async stop(limitMs) {
      clearInterval(looking)
      const left = await turns.drain(limitMs)
      await heartbeat.stop()
      await board.close()
      return left
    },
  }
}

/** Of the models that a key alone would be enough for, those that have none. */
function tellAbsent({ config, providers }: Settings, logger: Logger): void {
  if (config.providers !== undefined) return
  for (const [kind, variable] of Object.entries(modelVariables))
    if (!providers.some((one) => one.kind === kind))
      logger.info({ provider: kind }, `provider is not ready: ${variable}_API_KEY is not set`)
}

function recordOf({
  sessionId,
  turn,
  tool,
  action,
  target,
  operator,
  approved,
  outcome,
}: Change): Parameters<Audit>[0] {
  return {
    action: `agent.${tool}`,
    by: approved?.by ?? operator,
    source: 'agent',
    request_id: turn,
    subject: `${sessionId}/${target}`,
    outcome,
    ...{ detail: redact(action), asked_by: operator },
    ...(approved && { approval: approved.approval }),
  }
}
