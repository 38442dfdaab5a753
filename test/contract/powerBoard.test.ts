import { afterAll, beforeAll, expect, it } from 'vitest'
import { vmSchema } from '#app/schema/api.ts'
import { startBreakglass, type Breakglass } from '../fakes/breakglass.ts'
import { openSse } from '../fakes/sseClient.ts'

const op = 'd'.repeat(32)

let server: Breakglass
beforeAll(async () => {
  server = await startBreakglass()
})
afterAll(() => server.stop())

it('tells the board each change of a VM, whoever made it: found by itself, running, ended', async () => {
  const board = await openSse(`${server.url}/api/board/stream?after=0`)
  /** The first update that `matches`, told already or to come. */
  const update = async (matches: (vm: any) => boolean) => {
    const { data } = await board.until(({ data }) => data?.kind === 'vm_update' && matches(data.data))
    return vmSchema.parse(data.data)
  }
  // Nobody has asked for it.
  expect(await update(({ state }) => state === 'running')).toMatchObject({
    ...{ vm: 'demo', demo: true, hypervisor: { reachable: true } },
  })
  const reset = server.api('POST', '/api/vms/demo/reset', { op })
  expect(await update(({ busy }) => busy === op)).toMatchObject({ last_operation: { op, state: 'running' } })
  const ended = await update(({ last_operation }) => last_operation?.outcome === 'done')
  expect(ended).toMatchObject({ last_operation: { op, verb: 'reset', state: 'ended' } })
  expect(ended).not.toHaveProperty('busy')
  expect((await reset).json).toMatchObject({ outcome: 'done', op })
  board.close()
})
