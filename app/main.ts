import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createAudit } from '#app/audit/record.ts'
import { ConfigError } from '#app/config/ConfigError.ts'
import { formatAddress } from '#app/config/listenAddress.ts'
import { loadConfig, type Settings } from '#app/config/loadConfig.ts'
import { watchConfig } from '#app/config/watchConfig.ts'
import { createApp, createOpsApp } from '#app/createApp.ts'
import { startDemo } from '#app/demo/startDemo.ts'
import { openEventLog } from '#app/eventlog/openEventLog.ts'
import { FeedHub } from '#app/http/FeedHub.ts'
import { createIdentity } from '#app/http/identity.ts'
import { createHttpServer, listen } from '#app/http/listen.ts'
import { createLogger } from '#app/logger.ts'
import { powerRoutes } from '#app/power/powerRouter.ts'
import { PowerService } from '#app/power/PowerService.ts'
import { powerVm } from '#app/power/PowerVm.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { readVersion } from './readVersion.ts'
import { startSessions } from './startSessions.ts'
import { configuredVms } from './targets.ts'

/** Time for turns to end after SIGTERM; with what follows the process is gone within 25 s. */
const drainMs = 18_000
const cutOffMs = 3_000
const exitMs = 24_000

const at = (path: string): string => join(import.meta.dirname, path)

async function main(): Promise<void> {
  let settings = loadConfig({ env: process.env, cwd: process.cwd() })
  const logger = await createLogger({ readable: process.stdout.isTTY })
  for (const warning of settings.warnings) logger.warn(warning)
  const current = (): Settings => settings

  const log = await openEventLog(settings)
  const replica = randomBytes(4).toString('hex')
  const audit = createAudit((line) => process.stdout.write(line))
  const hub = new FeedHub(log, { logger })
  const pool = new SshPool({ logger })

  const demo = settings.demo ? await startDemo({ dataDir: settings.dataDir, logger }) : undefined
  const vms = () => (demo ? [demo.vm] : configuredVms(settings))
  const powerVms = () => vms().map((vm) => powerVm(vm, pool))
  const power = new PowerService({ vms: powerVms(), logger, log })

  const draining = { yes: false }
  const attach = (stream: string, input: AttachInput, allowEmpty = false) =>
    hub.attach(stream, { ...input, after: input.query.after }, { allowEmpty })
  const sessions = await startSessions({
    current,
    log,
    replica,
    pool,
    power,
    vms,
    audit,
    logger,
    attach,
    agentsDir: settings.config.agents_dir ?? at('../agents'),
    draining: () => draining.yes,
  })
  const routes = [
    ...sessions.routes,
    ...powerRoutes({ power, audit, logger, attach: (stream, input) => attach(stream, input, true) }),
  ]
  const ready = (): string[] => (draining.yes ? ['The server is stopping.'] : sessions.notReady())
  const identity = createIdentity({
    listen: settings.listen,
    ...(settings.tokenFile !== undefined && { tokenFile: settings.tokenFile }),
    logger,
  })

  const app = createApp({
    routes,
    identity: identity.middleware,
    ready,
    uiDir: at('../ui/build'),
    logger,
    version: readVersion(at('../package.json')),
  })
  const server = createHttpServer(app)
  const bound = await listen(server, settings.listen, 'BREAKGLASS_LISTEN')
  const ops = settings.opsListen && createHttpServer(createOpsApp({ ready, logger }))
  if (ops && settings.opsListen) await listen(ops, settings.opsListen, 'BREAKGLASS_OPS_LISTEN')
  process.stdout.write(`Breakglass is at http://${formatAddress(bound)}\n`)
  if (demo) logger.info('no BREAKGLASS_CONFIG: this machine is the target, and the VM is a DEMO')

  const unwatch = watchConfig(settings, {
    onChange: (changed) => {
      settings = changed
      power.configure(powerVms())
      logger.info('configuration read again')
    },
    onProblem: (error) =>
      logger.error({ err: error }, 'the changed configuration is wrong: the old one stays'),
  })

  const stop = async (signal: string): Promise<void> => {
    if (draining.yes) return
    draining.yes = true
    logger.info({ signal }, 'draining')
    setTimeout(() => process.exit(1), exitMs).unref()
    unwatch()
    identity.close()
    const left = await sessions.stop(drainMs)
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
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
}

type AttachInput = Parameters<Parameters<typeof powerRoutes>[0]['attach']>[1]

main().catch((error: unknown) => {
  // A mistake of the operator's is told as a sentence, ours with its stack.
  const known = error instanceof ConfigError || (error instanceof Error && error.cause !== undefined)
  process.stderr.write(`${known ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exit(1)
})
