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
import { mountRoutes } from '#app/http/mountRoutes.ts'
import { beginContext } from '#app/http/requestContext.ts'
import { powerRoutes } from '#app/power/powerRouter.ts'
import { PowerService, type PowerServiceDeps } from '#app/power/PowerService.ts'
import { powerVm, type PowerVm, type VmPlace } from '#app/power/PowerVm.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { cuttableProxy } from './cuttableProxy.ts'

export interface PowerApiOptions extends Partial<Omit<PowerServiceDeps, 'vms' | 'logger'>> {
  /** Without VMs: what a configuration that names none gives. */
  withoutVms?: boolean
  audit?: Audit
  /** Puts something in the way of a VM's connections. */
  wrap?: (vm: PowerVm) => PowerVm
}

export type PowerServer = Awaited<ReturnType<typeof servePower>>
export type PowerApi = Awaited<ReturnType<typeof startPowerApi>>

const logger = { info: () => undefined, warn: () => undefined }

/** The routes of power over one VM: a replica, in effect. */
export async function servePower(place: VmPlace, first: PowerApiOptions = {}) {
  const audited: AuditRecord[] = []
  const attached: string[] = []
  let pool: SshPool
  let server: Server
  let power: PowerService

  const serve = async ({ withoutVms, audit, wrap = (vm) => vm, ...deps }: PowerApiOptions) => {
    pool = new SshPool()
    power = new PowerService({ vms: withoutVms ? [] : [wrap(powerVm(place, pool))], logger, ...deps })
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
    const tell: Audit = audit ?? ((record) => audited.push(record))
    mountRoutes(app, powerRoutes({ power, audit: tell, logger, attach }))
    app.use(((error: AppError, _request, response, _next) => {
      response.status(error.status).json({ detail: error.message, code: error.code })
    }) satisfies express.ErrorRequestHandler)
    server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // a TCP server's
  }
  const stop = async () => {
    power.close()
    pool.close()
    server.closeAllConnections()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  const self = {
    url: '',
    audited,
    attached,
    async call(method: string, path: string, body?: object) {
      const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      const response = await fetch(self.url + path, { method, ...init })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json')
      // Each test says what it expects of the body.
      return { status: response.status, body: isJson ? JSON.parse(text) : text }
    },
    /** A new server process, in effect: what the old one remembered is gone. */
    async restart(options: PowerApiOptions = {}) {
      await stop()
      await serve(options)
    },
    stop,
  }
  await serve(first)
  return self
}

/** The routes of power over the demo's hypervisor and VM, whose SSH connections a test can count and break. */
export async function startPowerApi(first: PowerApiOptions = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakglass-power-'))
  const demo = await startDemo({ dataDir, logger })
  const proxy = await cuttableProxy(demo.vm.hypervisor)
  const place = { ...demo.vm, hypervisor: { ...demo.vm.hypervisor, port: proxy.port } }
  const server = await servePower(place, first)
  const stopServer = server.stop
  return Object.assign(server, {
    demo,
    proxy,
    /** How often the VM was started, the first time included. */
    starts: async () => Number(await readFile(join(demo.folder, 'starts'), 'utf8').catch(() => '1')),
    async stop() {
      await stopServer()
      await proxy.stop()
      await demo.stop()
      // An operation may still be writing: it ends by itself, in seconds.
      await rm(dataDir, { recursive: true, maxRetries: 10, retryDelay: 300 })
    },
  })
}
