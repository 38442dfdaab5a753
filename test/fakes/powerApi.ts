import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import type { Audit, AuditRecord } from '#app/audit/record.ts'
import { startDemo } from '#app/demo/startDemo.ts'
import type { AppError } from '#app/errors.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { mountRoutes } from '#app/http/mountRoutes.ts'
import { beginContext } from '#app/http/requestContext.ts'
import { powerRoutes } from '#app/power/powerRouter.ts'
import { PowerService } from '#app/power/PowerService.ts'
import { powerVm } from '#app/power/PowerVm.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { cuttableProxy } from './cuttableProxy.ts'

export interface PowerApiOptions {
  /** Without VMs: what a configuration that names none gives. */
  withoutVms?: boolean
  log?: EventLog
  audit?: Audit
}

export type PowerApi = Awaited<ReturnType<typeof startPowerApi>>

const logger = { info: () => undefined, warn: () => undefined }

/** The routes of power over the demo's hypervisor and VM, whose SSH connections a test can count and break. */
export async function startPowerApi(first: PowerApiOptions = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakglass-power-'))
  const demo = await startDemo({ dataDir, logger })
  const proxy = await cuttableProxy(demo.vm.hypervisor)
  const place = { ...demo.vm, hypervisor: { ...demo.vm.hypervisor, port: proxy.port } }
  const audited: AuditRecord[] = []
  const attached: string[] = []
  let pool: SshPool
  let server: Server

  const serve = async ({ withoutVms, log, audit = (record) => audited.push(record) }: PowerApiOptions) => {
    pool = new SshPool()
    const vms = withoutVms ? [] : [powerVm(place, pool)]
    const power = new PowerService({ vms, logger, ...(log && { log }) })
    const app = express()
    app.use((_request, response, next) => {
      const identity = { name: 'operator', source: 'loopback', role: 'operator' } as const
      beginContext(response, { requestId: 'r1', identity })
      next()
    })
    const attach = async (stream: string, { response }: { response: express.Response }) => {
      attached.push(stream)
      response.end()
    }
    mountRoutes(app, powerRoutes({ power, audit, logger, attach }))
    app.use(((error: AppError, _request, response, _next) => {
      response.status(error.status).json({ detail: error.message, code: error.code })
    }) satisfies express.ErrorRequestHandler)
    server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // a TCP server's
  }
  const end = async () => {
    pool.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  const self = {
    url: '',
    demo,
    proxy,
    audited,
    attached,
    async call(method: string, path: string, body?: object) {
      const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      const response = await fetch(self.url + path, { method, ...init })
      // Each test says what it expects of the body.
      return { status: response.status, body: (await response.json()) as any }
    },
    /** How often the VM was started, the first time included. */
    starts: async () => Number(await readFile(join(demo.folder, 'starts'), 'utf8').catch(() => '1')),
    /** A new server process, in effect: what the old one remembered is gone. */
    async restart(options: PowerApiOptions = {}) {
      await end()
      await serve(options)
    },
    async stop() {
      await end()
      await proxy.stop()
      await demo.stop()
      // An operation may still be writing: it ends by itself, in seconds.
      await rm(dataDir, { recursive: true, maxRetries: 10, retryDelay: 300 })
    },
  }
  await serve(first)
  return self
}
