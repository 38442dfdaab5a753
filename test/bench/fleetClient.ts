import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type Client } from 'ssh2'
import type { FleetHost } from '#app/fleet/FleetHost.ts'
import { FleetService, fleetKeepaliveMs } from '#app/fleet/FleetService.ts'
import { openStore } from '#app/history/openStore.ts'
import { SoloShares } from '#app/lease/SoloShares.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { serveOperations } from './processes.ts'
import { sleep } from './statistics.ts'

/** The process that polls, ours or bare: what it uses is the client's use alone. */
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

export interface Use {
  cpuMs: number
  wallMs: number
}

async function measure(work: () => Promise<void>): Promise<Use> {
  const before = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const wallMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(before)
  return { cpuMs: (user + system) / 1000, wallMs }
}

// ── Ours ──────────────────────────────────────────────────────────────────────────────────────────────────

async function startOurs(hosts: FleetHost[], storeEveryMs: number | undefined) {
  const dataDir = mkdtempSync(join(tmpdir(), 'fleet-bench-'))
  const store = await openStore({ dataDir, logger: quiet })
  // So many connect at once here that sshd is behind.
  const pool = new SshPool({ connectTimeoutMs: 60_000, keepaliveMs: fleetKeepaliveMs })
  const taken = new Map<string, number>()
  /** The longest that each went without a reading, in ms; and when it had the newest. */
  const pauses = new Map<string, number>()
  const takenAt = new Map<string, number>()
  let failed = 0
  const fleet = new FleetService({
    pool,
    ...{ documents: store.documents, history: store.history, shares: new SoloShares() },
    localProbe: pool.runner({ name: '', host: '', port: 0, user: '', hostKeys: [], key: { agent: '' } }),
    onPoll: (host, after) => {
      taken.set(host.name, (taken.get(host.name) ?? 0) + 1)
      if (after.status !== 'online') failed += 1
      note(host.name)
    },
    logger: quiet,
    ...(storeEveryMs !== undefined && { storeEveryMs }),
  })
  let all = hosts.map(({ name }) => name)
  const note = (name: string): void => {
    const pause = performance.now() - (takenAt.get(name) ?? performance.now())
    pauses.set(name, Math.max(pause, pauses.get(name) ?? 0))
    takenAt.set(name, performance.now())
  }
  const polls = (): number => [...taken.values()].reduce((sum, times) => sum + times, 0)
  return {
    configure(hosts: FleetHost[]): void {
      all = hosts.map(({ name }) => name)
      fleet.configure(hosts)
    },
    start: () => fleet.start(),
    everyone: (times: number): boolean => all.every((name) => (taken.get(name) ?? 0) >= times),
    polls,
    failed: () => failed,
    forgetPauses: () => pauses.clear(),
    /** The longest until now: also of those that wait for their next reading. */
    pauses: (): number[] =>
      all.map((name) => Math.max(pauses.get(name) ?? 0, performance.now() - (takenAt.get(name) ?? 0))),
    round: async (): Promise<void> => {
      const until = polls() + all.length
      for (const name of all) fleet.refresh(name)
      while (polls() < until) await sleep(2)
    },
    /** What was read is written about a second later: that belongs to it, and delays nobody. */
    written: async (): Promise<void> => {
      await store.history.read('none', { from: 0, to: 0 })
      await sleep(1100)
    },
    hosts: () => fleet.hosts(),
    async stop(): Promise<void> {
      await fleet.close()
      await store.close()
      pool.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

// ── Bare ──────────────────────────────────────────────────────────────────────────────────────────────────

async function startBare(hosts: FleetHost[]) {
  const clients: Client[] = []
  const add = async (more: FleetHost[]): Promise<void> => {
    for (const { destination } of more) if (destination) clients.push(await bareConnection(destination))
  }
  await add(hosts)
  return {
    add,
    round: async (): Promise<void> => {
      await Promise.all(clients.map(bareExec))
    },
    stop: (): void => clients.forEach((client) => client.end()),
  }
}

async function bareConnection(destination: NonNullable<FleetHost['destination']>): Promise<Client> {
  const { host, port, user, key } = destination
  if (!('file' in key)) throw new Error('no key file')
  const client = new ssh2.Client()
  client.on('error', () => undefined)
  const sock = connect({ host, port, noDelay: true })
  client.connect({ sock, username: user, privateKey: readFileSync(key.file) })
  await once(client, 'ready')
  return client
}

function bareExec(client: Client): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec('once', (error, channel) => {
      if (error) {
        reject(error)
        return
      }
      let output = ''
      channel.stderr.resume()
      channel.setEncoding('utf8').on('data', (text: string) => (output += text))
      channel.on('close', () => resolve(output))
    })
  })
}

// ── What the bench asks ───────────────────────────────────────────────────────────────────────────────────

let ours: Awaited<ReturnType<typeof startOurs>> | undefined
let bare: Awaited<ReturnType<typeof startBare>> | undefined

function residentKb(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss / 1024
}

serveOperations({
  /**
   * Begins to poll; with `warmUp` first so many of them, so that code and pools are there, and then all: kB of this process
   * in between, and after all were polled three times more.
   */
  async beginOurs(hosts: FleetHost[], { warmUp, storeEveryMs }: { warmUp: number; storeEveryMs?: number }) {
    const begun = (ours = await startOurs(hosts, storeEveryMs))
    const rounds = async (times: number): Promise<void> => {
      for (let round = 0; round < times; round += 1) {
        await sleep(600)
        await begun.round()
      }
    }
    begun.start()
    begun.configure(hosts.slice(0, warmUp))
    while (!begun.everyone(1)) await sleep(20)
    await rounds(warmUp > 0 ? 20 : 0)
    const before = residentKb()
    begun.configure(hosts)
    while (!begun.everyone(1)) await sleep(20)
    await rounds(warmUp > 0 ? 3 : 0)
    return { before, after: residentKb(), failed: begun.failed() }
  },
  /** The same with bare connections. */
  async beginBare(hosts: FleetHost[], { warmUp }: { warmUp: number }) {
    const begun = (bare = await startBare(hosts.slice(0, warmUp)))
    for (let round = 0; round < 20; round += 1) await begun.round()
    const before = residentKb()
    await begun.add(hosts.slice(warmUp))
    for (let round = 0; round < 4; round += 1) await begun.round()
    return { before, after: residentKb() }
  },
  /** The wall is that of the polls alone; the processor's time is that of the writing, too. */
  async oursRound(): Promise<Use> {
    let wallMs = 0
    const whole = await measure(async () => {
      ;({ wallMs } = await measure(async () => ours?.round()))
      await ours?.written()
    })
    return { cpuMs: whole.cpuMs, wallMs }
  },
  bareRound: () => measure(async () => bare?.round()),
  polls: () => ours?.polls() ?? 0,
  failed: () => ours?.failed() ?? 0,
  forgetPauses: () => ours?.forgetPauses(),
  pauses: () => ours?.pauses() ?? [],
  /** What this process uses while it goes at its own pace. */
  idle: (ms: number) => measure(() => sleep(ms)),
  async end() {
    await ours?.stop()
    bare?.stop()
  },
})
