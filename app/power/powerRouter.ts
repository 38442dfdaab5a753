import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Audit } from '#app/audit/record.ts'
import { AppError } from '#app/errors.ts'
import { route, type Answer, type Route, type RouteInput } from '#app/http/Route.ts'
import {
  mutatingVerbs,
  operationSchema,
  opSchema,
  powerResultSchema,
  verbs,
  verbSchema,
  vmSchema,
  type PowerResult,
} from '#app/schema/api.ts'
import type { PowerService } from './PowerService.ts'
import { verbList, verbTable } from './verbs.ts'

type AnyInput = RouteInput<unknown, unknown, unknown>

export interface PowerRouterDeps {
  power: PowerService
  audit: Audit
  logger: Pick<Logger, 'warn'>
  /** Attaches the client to a stream, also one that has no event yet, and returns when it has gone. */
  attach: (
    stream: string,
    input: RouteInput<unknown, { after?: string | undefined }, unknown>,
  ) => Promise<void>
}

const vmParams = z.object({ vm: z.string() })
const verbBody = z.object({ op: opSchema.optional() })
const verbAnswers = {
  200: { description: 'Done.', schema: powerResultSchema },
  400: { description: 'Not one of the six verbs; nothing was sent anywhere.' },
  404: { description: 'There is no such VM.' },
  409: { description: 'Another operation runs; `op` is its name.', schema: powerResultSchema },
  502: {
    description: 'It failed, was refused, or its end is unknown: `outcome` says which.',
    schema: powerResultSchema,
  },
}
const notFound = { description: 'There is no such VM or operation.' }

/** The six verbs, on the default VM and on each, and what came of them. */
export function powerRoutes({ power, audit, logger, attach }: PowerRouterDeps): Route[] {
  const defaultVm = () => {
    if (power.defaultVm === undefined) throw new AppError('not_found', noVm)
    return power.defaultVm
  }

  const run = async (input: AnyInput, find: () => string, word: string, op = newOp()): Promise<Answer> => {
    const verb = verbSchema.safeParse(word).data
    if (!verb) throw new AppError('bad_request', `Unknown verb. The verbs are ${verbs.join(', ')}.`)
    const vm = find()
    power.assertVm(vm)
    const { identity, requestId, signal } = input
    const tell = (outcome: string) => {
      if (!verbTable[verb].mutating) return
      const source = identity.source
      try {
        audit({
          action: `power.${verb}`,
          by: identity.name,
          source,
          request_id: requestId,
          op,
          subject: vm,
          outcome,
        })
      } catch (error) {
        // In the worst hour power matters more than its record.
        logger.warn({ error, op }, 'power audit failed')
      }
    }
    tell('requested')
    const result = await power.run(vm, verb, { op, by: identity.name, signal })
    tell(result.outcome)
    return { status: statusOf(result), body: result }
  }

  return [
    route({
      method: 'get',
      path: '/api/pve/verbs',
      access: 'viewer',
      summary: 'The verbs of the default VM',
      answers: { 200: { description: 'The verbs.', schema: verbListSchema }, 404: notFound },
      handle() {
        defaultVm()
        return { body: verbList }
      },
    }),
    route({
      method: 'post',
      path: '/api/pve/:verb',
      access: 'operator',
      summary: 'Run a verb on the default VM',
      params: z.object({ verb: z.string() }),
      body: verbBody,
      answers: verbAnswers,
      handle: (input) => run(input, defaultVm, input.params.verb, input.body.op),
    }),
    route({
      method: 'get',
      path: '/api/vms',
      access: 'viewer',
      summary: 'The VMs with their state and its age',
      answers: { 200: { description: 'VMs; the first is the default.', schema: z.array(vmSchema) } },
      async handle() {
        return { body: await power.list() }
      },
    }),
    route({
      method: 'get',
      path: '/api/vms/:vm/operations',
      access: 'viewer',
      summary: 'The operations on a VM, newest first',
      params: vmParams,
      answers: { 200: { description: 'Operations.', schema: z.array(operationSchema) }, 404: notFound },
      async handle({ params }) {
        return { body: await power.operations(params.vm) }
      },
    }),
    route({
      method: 'get',
      path: '/api/vms/:vm/operations/:op',
      access: 'viewer',
      summary: 'One operation, with its body once it has ended',
      params: vmParams.extend({ op: opSchema }),
      answers: {
        200: { description: 'The operation.', schema: operationSchema },
        404: notFound,
        503: { description: 'It is not known here, and the hypervisor could not be asked.' },
      },
      async handle({ params, signal }) {
        return { body: await power.operation(params.vm, params.op, signal) }
      },
    }),
    route({
      method: 'get',
      path: '/api/vms/:vm/operations/:op/forensics',
      access: 'viewer',
      summary: 'The report that the hypervisor made before an operation',
      params: vmParams.extend({ op: opSchema }),
      answers: {
        200: { description: 'The report.', contentType: 'text/plain' },
        404: { description: 'There is no such VM or operation, or no report of it is kept.' },
        503: { description: 'The hypervisor, which keeps it, could not be asked.' },
      },
      async handle({ params, signal, response }) {
        const report = await power.forensics(params.vm, params.op, signal)
        response.type('text/plain').send(report)
      },
    }),
    route({
      method: 'get',
      path: '/api/vms/:vm/stream',
      access: 'viewer',
      summary: "Attach to a VM's log (SSE)",
      params: vmParams,
      query: z.object({ after: z.string().max(100).optional() }),
      answers: { 200: { description: 'Events.', contentType: 'text/event-stream' }, 404: notFound },
      handle(input) {
        power.assertVm(input.params.vm)
        return attach(`vm:${input.params.vm}`, input)
      },
    }),
    route({
      method: 'post',
      path: '/api/vms/:vm/:verb',
      access: 'operator',
      summary: 'Run a verb on a VM',
      params: vmParams.extend({ verb: z.string() }),
      body: verbBody,
      answers: verbAnswers,
      handle: (input) => run(input, () => input.params.vm, input.params.verb, input.body.op),
    }),
  ]
}

const verbListSchema = z.object({ verbs: z.array(verbSchema), mutating: z.array(z.enum(mutatingVerbs)) })
const noVm =
  'No VM is configured. Name its hypervisor under `hypervisors` and the VM under `vms` in the file of BREAKGLASS_CONFIG; breakglass.example.yaml shows how.'

const newOp = () => randomBytes(16).toString('hex')

function statusOf({ exit_code, code }: PowerResult): number {
  if (code === 'busy' || code === 'conflict') return 409
  return exit_code === 0 ? 200 : 502
}
