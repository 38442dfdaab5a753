import { randomBytes } from 'node:crypto'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { createAudit } from '#app/audit/record.ts'
import { ConfigError } from '#app/config/ConfigError.ts'
import type { Express } from 'express'
import { formatAddress } from '#app/config/listenAddress.ts'
import { loadConfig, type Settings } from '#app/config/loadConfig.ts'
import { watchConfig } from '#app/config/watchConfig.ts'
import { createApp, createOpsApp } from '#app/createApp.ts'
import { startDemo } from '#app/demo/startDemo.ts'
import { AppError } from '#app/errors.ts'
import { AbsentEventLog } from '#app/eventlog/AbsentEventLog.ts'
import type { Board } from '#app/eventlog/Board.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { openEventLog } from '#app/eventlog/openEventLog.ts'
import { FeedHub, type AttachOptions } from '#app/http/FeedHub.ts'
import { createIdentity } from '#app/http/identity.ts'
import { createHttpServer, listen } from '#app/http/listen.ts'
import { createLogger, type Logger } from '#app/logger.ts'
import { redact } from '#app/policy/redact.ts'
import { powerRoutes } from '#app/power/powerRouter.ts'
import { PowerService } from '#app/power/PowerService.ts'
import { powerVm } from '#app/power/PowerVm.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { openStandardOutput } from './standardOutput.ts'
import { readVersion } from './readVersion.ts'
import { startFleet } from './startFleet.ts'
import { startSessions } from './startSessions.ts'
import { configuredVms } from './targets.ts'

/** Time for turns to end after SIGTERM; with what follows the process is gone within 25 s. */
const drainMs = 18_000
const keepCompiledMs = 300
/** For what the fleet has to hand over. */
const fleetMs = 2_000
const cutOffMs = 3_000
const exitMs = 24_000
/** How often every VM is read while nobody looks. */
const pollEveryMs = 60_000

const wrongChange = 'the changed configuration is wrong: the old one stays'

const at = (path: string): string => join(import.meta.dirname, path)

async function main(): Promise<void> {
  // The log holds what machines said, and a reader of our output that has gone must not take the power path along.
  process.umask(0o077)
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  let settings = loadConfig({ env: process.env, cwd: process.cwd() })
  const output = openStandardOutput()
  const logger = await createLogger({ destination: output, readable: process.stdout.isTTY, redact })
  for (const warning of settings.warnings) logger.warn(warning)
  const current = (): Settings => settings

  // The port first: a second process on the same place is told so before it touches anything. Who calls early waits.
  const app = Promise.withResolvers<Express>()
  const server = createHttpServer(
    (request, response) => void app.promise.then((ready) => void ready(request, response)),
  )
  const bound = await listen(server, settings.listen, 'BREAKGLASS_LISTEN')

  const log = await openLog(settings, logger)
  const replica = randomBytes(4).toString('hex')
  const audit = createAudit(output.write)
  const hub = new FeedHub(log, { logger })
  const pool = new SshPool({ logger })

  const demo = settings.demo ? await startDemo({ dataDir: settings.dataDir, logger }) : undefined
  const vms = () => (demo ? [demo.vm] : configuredVms(settings))
  const powerVms = () => vms().map((vm) => powerVm(vm, pool))
  let tellBoard: Board['tell'] = () => undefined
  const power = new PowerService({
    ...{ vms: powerVms(), logger, log, pollEveryMs },
    onChange({ vm }) {
      tellBoard(`vm:${vm}`, async () => {
        const data = power.last(vm)
        return data ? [{ kind: 'vm_update', data }] : []
      })
    },
  })

  const draining = { yes: false }
  const attach = (stream: string, input: AttachInput, options: AttachOptions = {}) =>
    hub.attach(stream, { ...input, after: input.query.after }, options)
  const sessions = await startSessions({
    current,
    log,
    replica,
    pool,
    power,
    vms,
    fleet: { hosts: () => fleet.hosts(), alerts: () => fleet.alerts() },
    audit,
    logger,
    attach,
    builtIn: at('../agents'),
    draining: () => draining.yes,
  })
  tellBoard = sessions.board.tell
  const probe = at('fleet/host/breakglass-probe')
  const fleet = startFleet({ current, replica, board: sessions.board, audit, logger, probe })
  const routes = [
    ...sessions.routes,
    ...fleet.routes,
    ...powerRoutes({
      power,
      audit,
      logger,
      attach: (stream, input) => attach(stream, input, { allowEmpty: true }),
    }),
  ]
  const ready = (): string[] => (draining.yes ? ['The server is stopping.'] : sessions.notReady())
  const identity = createIdentity({
    listen: settings.listen,
    ...(settings.tokenFile !== undefined && { tokenFile: settings.tokenFile }),
    logger,
  })

  const breakglass = createApp({
    routes,
    identity: identity.middleware,
    ready,
    uiDir: at('../ui/build'),
    logger,
    version: readVersion(at('../package.json')),
  })
  app.resolve(breakglass)
  const ops = settings.opsListen && createHttpServer(createOpsApp({ ready, logger }))
  if (ops && settings.opsListen) await listen(ops, settings.opsListen, 'BREAKGLASS_OPS_LISTEN')
  // Kept for the next start even if this process ends without a word; does nothing where no cache is set.
  setTimeout(flushCompileCache, keepCompiledMs).unref()
  sessions.begin()
  fleet.begin()
  output.write(`Breakglass is at http://${formatAddress(bound)}\n`)
  if (demo) logger.info('no BREAKGLASS_CONFIG: this machine is the target, and the VM is a DEMO')

  const applyConfig = async (changed: Settings): Promise<void> => {
    try {
      await sessions.configure(changed)
    } catch (err) {
      return logger.error({ err }, wrongChange)
    }
    settings = changed
    power.configure(powerVms())
    fleet.configure()
    for (const warning of changed.warnings) logger.warn(warning)
    logger.info('configuration read again')
  }
  const unwatch = watchConfig(settings, {
    onChange: (changed) => {
      void applyConfig(changed)
    },
    onProblem: (err) => logger.error({ err }, wrongChange),
  })

  let askedAt = 0
  const stop = async (signal: string): Promise<void> => {
    // Asked again it means now; two at the same moment are one Ctrl-C, passed on by who started us.
    if (draining.yes && performance.now() - askedAt > 1000) process.exit(1)
    if (draining.yes) return
    draining.yes = true
    askedAt = performance.now()
    logger.info({ signal }, 'draining')
    setTimeout(() => process.exit(1), exitMs).unref()
    unwatch()
    power.close()
    identity.close()
    const watch = fleet.stop(fleetMs)
    const left = await sessions.stop(drainMs)
    await watch
    if (left > 0) logger.warn({ turns: left }, 'turns are left to whoever starts next')
    hub.close()
    const servers = ops ? [server, ops] : [server]
    const closed = Promise.all(servers.map((one) => new Promise((done) => one.close(done))))
    // Long polls and slow answers get a moment; a client whose request is cut off asks again.
    setTimeout(() => servers.forEach((one) => one.closeAllConnections()), cutOffMs).unref()
    server.closeIdleConnections()
    await closed
    await power.flushed()
    pool.close()
    await demo?.stop()
    await log.close()
    logger.info('stopped')
    await output.flush()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal))
}

/**
 * A log file that is damaged, or on a full disk, must not cost the power path: the process starts without it. One
 * that another process uses, or a Redis that cannot be meant, stops the start.
 */
async function openLog(settings: Settings, logger: Logger): Promise<EventLog> {
  try {
    return await openEventLog(settings)
  } catch (error) {
    const absent =
      error instanceof AppError && settings.redisUrl === undefined && error.fields.in_use !== true
    if (!absent) throw error
    logger.error(
      `${error.message} Power works without; sessions do not, until this is mended and I am restarted.`,
    )
    return new AbsentEventLog(error.message)
  }
}

type AttachInput = Parameters<Parameters<typeof powerRoutes>[0]['attach']>[1]

main().catch((error: unknown) => {
  // A mistake of the operator's is told as a sentence, ours with its stack.
  const known =
    error instanceof ConfigError ||
    error instanceof AppError ||
    (error instanceof Error && error.cause !== undefined)
  const told = known ? error.message : String(error instanceof Error ? error.stack : error)
  process.stderr.write(`${redact(told)}\n`)
  process.exit(1)
})
