import { randomBytes } from 'node:crypto'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseFrames } from '#app/eventlog/frame.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import { servePower, type PowerApiOptions, type PowerServer } from '../fakes/powerApi.ts'
import { sshdHypervisor, type SshdHypervisor } from '../fakes/sshdHypervisor.ts'

/** A busy machine may need long for a cycle. */
const patience = { timeout: 60_000, interval: 50 }
const limit = 120_000
/** Asks soon, so that the test does not wait; believes a hypervisor that knows nothing only after a while. */
const pace = { firstMs: 200, longestMs: 500, graceMs: 3_000 }

const newOp = () => randomBytes(16).toString('hex')

/**
 * qm as the demo simulates it, which waits where a file `hold-…` stands and says there that it does. What it waits
 * for is noted once: a probe that was given up meanwhile is let through the next time.
 */
const holdingQm = `#!/bin/sh
dir=\${0%/*}
echo "$*" >>"$dir/calls"
hold() {
  mv "$dir/hold-$1" "$dir/held-$1" 2>/dev/null || return 0
  while [ -e "$dir/held-$1" ]; do sleep 0.05; done
}
state=$(cat "$dir/vm/state" 2>/dev/null)
case $1 in
  stop) hold stop ;;
  start) hold start ;;
  status)
    hold status
    # Pre-flight looks once; the next to look is the report.
    if [ "$(grep -c '^status' "$dir/calls")" -ge 2 ]; then hold report; fi
    if [ "$state" = stopped ]; then hold between; fi
    if [ -e "$dir/vm/starts" ]; then hold started; fi
    ;;
esac
exec "$dir/vm/qm" "$@"
`

let far: SshdHypervisor
const replicas: PowerServer[] = []
const replica = async (options: PowerApiOptions = {}) => {
  const one = await servePower(far.place, { pace, ...options })
  replicas.push(one)
  return one
}
const dropping = 'if [ -e "$dir/drop" ]; then kill -9 $PPID; exit; fi'
beforeEach(async () => {
  far = await sshdHypervisor(dropping)
  await far.host.replaceQm(holdingQm)
})
afterEach(async () => {
  for (const one of replicas.splice(0)) await one.stop()
  await far.stop()
})

const cycle = (api: PowerServer, op: string) => api.call('POST', '/api/vms/vm/cycle', { op })
/** The operation as the list has it: reading it asks the hypervisor nothing. */
const listed = async (api: PowerServer, op: string) =>
  ((await api.call('GET', '/api/vms/vm/operations')).body as { op: string }[]).find((one) => one.op === op)
async function kinds(log: SqliteEventLog): Promise<string[]> {
  const { batch } = await log.page('vm:vm', 0, 100)
  return parseFrames(batch?.frames ?? '').map(({ kind }) => kind)
}
const exists = (path: string) => access(join(far.host.dir, path))

const entered = (phase: string) => ({ phase, at: expect.stringMatching(/^\d{4}-/) })

/** Lets the cycle come to a place, and no further until `release`. */
async function hold(place: string) {
  await writeFile(join(far.host.dir, `hold-${place}`), '')
  return {
    reached: () => vi.waitFor(() => exists(`held-${place}`), patience),
    release: () => rm(join(far.host.dir, `held-${place}`)),
  }
}

describe('a connection that breaks during a cycle: the VM ends up running, after one cycle, and the truth comes', () => {
  /** The whole truth, without anyone asking: one cycle was run, and it is told so. */
  async function endsWell(api: PowerServer, op: string) {
    await vi.waitFor(
      async () => expect(await listed(api, op)).toMatchObject({ state: 'ended', outcome: 'done' }),
      patience,
    )
    expect(await far.starts()).toBe(2)
    expect((await far.host.calls()).filter((call) => /^(stop|start)/.test(call))).toEqual([
      expect.stringMatching(/^stop 100/),
      expect.stringMatching(/^start 100/),
    ])
    expect((await far.host.request('status')).stdout).toContain('"state":"running"')
  }

  it.each(['stop', 'between', 'start', 'started'])(
    'at its step: %s',
    async (place) => {
      const api = await replica()
      const op = newOp()
      const { reached, release } = await hold(place)
      const answer = cycle(api, op)
      await reached()
      far.proxy.cut()
      expect((await answer).body).toMatchObject({ outcome: 'unknown', failed_leg: 'lost', op })
      await release()
      await endsWell(api, op)
    },
    limit,
  )

  it.each([
    ['preflight', 'status'],
    ['forensics', 'report'],
  ])(
    'while the hypervisor looks before it acts: %s',
    async (phase, look) => {
      const api = await replica()
      const op = newOp()
      const looking = await hold(look)
      // A look has seconds: on a machine that is slower still, the cut comes before anything is done to the VM.
      const acting = await hold('stop')
      const answer = cycle(api, op)
      await looking.reached()
      await vi.waitFor(
        async () =>
          expect(await listed(api, op)).toMatchObject({ phases: expect.arrayContaining([entered(phase)]) }),
        patience,
      )
      far.proxy.cut()
      expect((await answer).body).toMatchObject({ outcome: 'unknown', failed_leg: 'lost', op })
      await looking.release()
      await acting.reached()
      await acting.release()
      await endsWell(api, op)
    },
    limit,
  )

  it(
    'right after the request was taken',
    async () => {
      const api = await replica()
      const op = newOp()
      const acting = await hold('stop')
      const answer = cycle(api, op)
      await vi.waitFor(() => exists(`state/op-${op}.out`), { ...patience, interval: 5 })
      far.proxy.cut()
      expect((await answer).body).toMatchObject({ outcome: 'unknown', failed_leg: 'lost', op })
      await acting.reached()
      await acting.release()
      await endsWell(api, op)
    },
    limit,
  )

  it(
    'right before the answer',
    async () => {
      const api = await replica()
      const op = newOp()
      const { reached, release } = await hold('started')
      const answer = cycle(api, op)
      await reached()
      far.proxy.freeze()
      await release()
      await vi.waitFor(async () => expect(await far.end(op)).toMatchObject({ outcome: 'done' }), patience)
      far.proxy.cut()
      expect((await answer).body).toMatchObject({ outcome: 'unknown', failed_leg: 'lost', op })
      await endsWell(api, op)
    },
    limit,
  )

  it(
    'for a while: the hypervisor is told as unreachable, and the truth comes when it is back',
    async () => {
      const api = await replica()
      const op = newOp()
      const { reached, release } = await hold('stop')
      const answer = cycle(api, op)
      await reached()
      await far.proxy.refuse()
      expect((await answer).body).toMatchObject({ outcome: 'unknown', failed_leg: 'lost', op })
      await vi.waitFor(
        async () =>
          expect((await api.call('GET', '/api/vms')).body).toMatchObject([
            { hypervisor: { name: 'pve1', reachable: false, failed_leg: 'tcp' } },
          ]),
        patience,
      )
      await release()
      await vi.waitFor(async () => expect(await far.end(op)).toMatchObject({ outcome: 'done' }), patience)
      expect(await listed(api, op)).toMatchObject({ outcome: 'unknown' })
      await far.proxy.accept()
      await endsWell(api, op)
      expect((await api.call('GET', '/api/vms')).body).toMatchObject([{ hypervisor: { reachable: true } }])
    },
    limit,
  )

  it(
    'and the server, too: the next one reads in the log what was begun, and finds out',
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'breakglass-cut-'))
      const log = new SqliteEventLog(dataDir)
      try {
        const api = await replica({ log })
        const op = newOp()
        const { reached, release } = await hold('start')
        const answer = cycle(api, op).catch(() => 'cut off')
        await reached()
        // The log has what this server knows, as a server that dies now would leave it.
        await vi.waitFor(async () => expect(await kinds(log)).toContain('dispatched'), patience)
        const next = await replica({ log, pollEveryMs: 60_000 })
        await vi.waitFor(
          async () => expect(await listed(next, op)).toMatchObject({ state: 'running' }),
          patience,
        )
        await api.stop()
        await release()
        await endsWell(next, op)
        expect(await listed(next, op)).toMatchObject({ by: 'operator', forensics: true })
        expect(await answer).toBe('cut off')
      } finally {
        for (const one of replicas.splice(0)) await one.stop()
        await log.close()
        await rm(dataDir, { recursive: true })
      }
    },
    limit,
  )

  it(
    'before the request: nothing was sent, and nothing is run later',
    async () => {
      const api = await replica()
      const op = newOp()
      await far.proxy.refuse()
      expect((await cycle(api, op)).body).toMatchObject({
        outcome: 'refused',
        failed_leg: 'tcp',
        rejected: true,
      })
      expect(await listed(api, op)).toMatchObject({ outcome: 'refused' })
      expect(await far.host.calls()).toEqual([])
      expect(await far.starts()).toBe(1)
    },
    limit,
  )

  it(
    'on the way: the request never arrives, is not sent again, and is told as what nobody knows',
    async () => {
      const api = await replica()
      const op = newOp()
      await writeFile(join(far.host.dir, 'drop'), '')
      const answer = cycle(api, op)
      expect((await answer).body).toMatchObject({ outcome: 'unknown', op })
      await rm(join(far.host.dir, 'drop'))
      await vi.waitFor(
        async () =>
          expect(await listed(api, op)).toMatchObject({
            outcome: 'unknown',
            detail: expect.stringContaining('no record of it'),
          }),
        patience,
      )
      expect(await far.starts()).toBe(1)
    },
    limit,
  )
})

describe('several who ask for the same', () => {
  it(
    'a double tap, and a proxy that sends the request again: one cycle, and all are answered with its end',
    async () => {
      const [api, other] = [await replica(), await replica()]
      const op = newOp()
      const { reached, release } = await hold('stop')
      const taps = [cycle(api, op), cycle(api, op)]
      await reached()
      // The proxy's second try goes to another replica, which knows nothing of the first.
      taps.push(cycle(other, op))
      await vi.waitFor(
        async () =>
          expect(await listed(other, op)).toMatchObject({ phase: expect.not.stringMatching('requested') }),
        patience,
      )
      await release()
      for (const { status, body } of await Promise.all(taps)) {
        expect(status).toBe(200)
        expect(body).toMatchObject({ outcome: 'done', op })
      }
      // And once more, when all is over.
      expect((await cycle(other, op)).body).toMatchObject({ outcome: 'done', op })
      expect(await far.starts()).toBe(2)
    },
    limit,
  )

  it(
    'two phones on two replicas: one cycle, the other is told which one runs',
    async () => {
      const [api, other] = [await replica(), await replica()]
      const [op, second] = [newOp(), newOp()]
      const { reached, release } = await hold('stop')
      const first = cycle(api, op)
      await reached()
      const refused = await cycle(other, second)
      expect(refused.status).toBe(409)
      expect(refused.body).toMatchObject({ outcome: 'refused', rejected: true, code: 'busy', op })
      // The second phone can follow the first one's operation, and sees that the VM is busy.
      expect((await other.call('GET', '/api/vms')).body).toMatchObject([{ busy: op }])
      expect((await other.call('GET', `/api/vms/vm/operations/${op}`)).body).toMatchObject({
        ...{ op, verb: 'cycle', state: 'running' },
      })
      await release()
      expect((await first).body).toMatchObject({ outcome: 'done', op })
      await vi.waitFor(
        async () => expect(await listed(other, op)).toMatchObject({ state: 'ended', outcome: 'done' }),
        patience,
      )
      expect(await far.starts()).toBe(2)
    },
    limit,
  )
})

describe('a status that hangs on a dead connection keeps no mutation waiting, and the connection is replaced', () => {
  async function mutationPasses(api: PowerServer, hangs: Promise<unknown>) {
    const op = newOp()
    const first = await Promise.race([cycle(api, op), hangs.then(() => 'the status')])
    expect(first).toMatchObject({ body: { outcome: 'done', op } })
    expect(await far.starts()).toBe(2)
    await hangs
    await vi.waitFor(
      async () =>
        expect((await api.call('POST', '/api/vms/vm/status')).body).toMatchObject({ outcome: 'done' }),
      patience,
    )
    expect((await api.call('GET', '/api/vms')).body).toMatchObject([
      { state: 'running', hypervisor: { reachable: true } },
    ])
  }

  it(
    'before it was sent: it is answered by the new one',
    async () => {
      const api = await replica()
      await api.call('POST', '/api/vms/vm/status')
      const before = far.proxy.taken()
      far.proxy.freeze()
      const hangs = api.call('POST', '/api/vms/vm/status')
      await mutationPasses(api, hangs)
      expect((await hangs).body).toMatchObject({ outcome: 'done' })
      // One for the cycle, one for the status.
      expect(far.proxy.taken() - before).toBe(2)
    },
    limit,
  )

  it(
    'in the middle of it: it has its time and no more',
    async () => {
      const api = await replica()
      const { reached, release } = await hold('status')
      const hangs = api.call('POST', '/api/vms/vm/status')
      await reached()
      far.proxy.freeze()
      await release()
      await mutationPasses(api, hangs)
      expect((await hangs).body).toMatchObject({ outcome: 'unknown' })
    },
    limit,
  )
})
