import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AlertBook } from '#app/alert/AlertBook.ts'
import type { FleetHost } from '#app/fleet/FleetHost.ts'
import { defaultThresholds } from '#app/schema/thresholds.ts'
import { foldPoll } from '#app/fleet/fold/foldPoll.ts'
import type { HostMemory } from '#app/fleet/HostMemory.ts'
import type { Poll } from '#app/fleet/poll/Poll.ts'
import { createOnPoll } from '#app/fleet/createOnPoll.ts'
import { toFigures } from '#app/fleet/toFigures.ts'
import { toHost } from '#app/fleet/toHost.ts'
import { openStore } from '#app/history/openStore.ts'
import { probeText } from '../fakes/probeText.ts'
import { median } from './statistics.ts'

/**
 * What follows from a poll's answer, in µs of the main thread's processor time, part by part, and what a host keeps alive
 * in memory: `node --expose-gc test/bench/fleetCost.ts [ROUNDS]`, by hand and for profiles (`--cpu-prof`); nothing is
 * judged by it. 200 hosts with answers of about 3 kB: 4 GPUs, 3 tmux sessions, 8 processes, all figures moving.
 */
const count = 200
const rounds = Number(process.argv[2] ?? 60)
const warmUp = 20
const beganAt = Date.now() - 86_400_000
const intervalMs = 30_000

const hosts = Array.from({ length: count }, (_, index): FleetHost => {
  const name = `host${index}`
  const destination = { name, host: name, port: 22, user: 'probe', hostKeys: [], key: { agent: '' } }
  return {
    ...{ name, address: name, destination, groups: [], tags: [], hasGpu: 'auto' },
    ...{ thresholds: defaultThresholds, legacyAfterMs: 72 * 3_600_000 },
    ...{ intervalMs, watchedIntervalMs: 5000 },
  }
})

/** As it comes from a socket: of its own bytes. */
function answer(host: number, round: number): string {
  const nowS = Math.floor((beganAt + round * intervalMs) / 1000)
  const created = Math.floor(beganAt / 1000) - 3600
  const moving = (host * 7 + round * 13) % 89
  const panes = [0, 1, 2].map((number) => 4000 + number)
  const uuid = (index: number): string =>
    `GPU-00000000-0000-0000-${String(host).padStart(4, '0')}-00000000000${index}`
  const proc = (pid: number, parent: number, sid: number, uses: number, name: string): string =>
    `proc ${pid} ${parent} ${sid} 1000 ${120 + round * uses} 5000 ${20_000 + moving * uses} ${name}`
  const text = probeText({
    tmux: panes.map((panePid, number) => ({ number, name: `train ${number}`, created, panePid })),
    ...{
      clock: nowS,
      uptimeS: 86_400 + round * 30,
      ticks: [1000 + round * (100 + moving), 9000 + round * 2300],
    },
    memoryKb: { total: 16_000_000, available: 12_000_000 - moving * 10_000 },
    sections: {
      gpu: [
        'fields index,uuid,pci.bus_id,power.draw,power.limit,memory.used,memory.total,utilization.gpu,temperature.gpu,mig.mode.current,clocks_event_reasons.active,name',
        ...[0, 1, 2, 3].map(
          (index) =>
            `${index}, ${uuid(index)}, 00000000:0${index + 1}:00.0, ${61 + moving}.50, 300.00, ${1024 + moving}, 24576, ${moving}, ${54 + (moving % 9)}, Disabled, 0x0000000000000001, NVIDIA A10`,
        ),
      ],
      gpu_procs: [0, 1].map((index) => `${uuid(index)}, ${5000 + index}, python3, ${512 + moving}`),
      procs: [
        ...panes.map((pid) => proc(pid, 3000, pid, 0, 'bash')),
        ...panes.map((pid) => proc(pid + 1000, pid, pid, 40, 'python3')),
        ...[0, 1].map(
          (index) => `cmd ${5000 + index} 1000 alice /usr/bin/python3 train.py --lr 0.001 --job ${index}`,
        ),
        ...[0, 1].map((index) => proc(6000 + index, 5000, 4000, 3, 'worker')),
      ],
    },
  })
  return Buffer.from(text).toString('utf8')
}

/** Of each part, a host's share of each round: processor's time of this thread, and how long it took. */
const used: Record<string, { cpu: number[]; wall: number[] }> = {}
function timed<T>(part: string, work: () => T): T {
  const taken = begin(part)
  const result = work()
  taken()
  return result
}
async function timedAsync(part: string, work: () => Promise<unknown>): Promise<void> {
  const taken = begin(part)
  await work()
  taken()
}
function begin(part: string): () => void {
  const before = process.threadCpuUsage()
  const beganAt = performance.now()
  return () => {
    const wallUs = (performance.now() - beganAt) * 1000
    const { user, system } = process.threadCpuUsage(before)
    const { cpu, wall } = (used[part] ??= { cpu: [], wall: [] })
    cpu.push((user + system) / count)
    wall.push(wallUs / count)
  }
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined }
const folder = mkdtempSync(join(tmpdir(), 'fleet-cost-'))
// What is written is timed on its own.
const store = await openStore({ dataDir: folder, logger: quiet, everyMs: 3_600_000 })
const clock = { now: beganAt }
const memories: (HostMemory | null)[] = hosts.map(() => null)
let told = 0
const alerts = new AlertBook({
  ...{ documents: store.documents, board: { tell: () => undefined }, logger: quiet, shared: false },
  ...{ enabled: () => true, isKnown: () => true, now: () => clock.now },
})
const onPoll = createOnPoll({
  board: { tell: () => void told++ },
  hostNow: async () => Promise.reject(new Error('nobody asks')),
  observe: (name, observation) => void alerts.observe(name, observation),
  ...{ logger: quiet, now: () => clock.now },
})

function heapKb(): number {
  for (let i = 0; i < 3; i += 1) globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1024
}

/** Code is compiled and pools are filled by the first rounds of the first hosts. */
let emptyKb = 0
async function play(round: number): Promise<void> {
  const some = round < warmUp ? hosts.slice(0, 20) : hosts
  if (round === warmUp) {
    for (const part in used) delete used[part]
    emptyKb = heapKb()
  }
  clock.now = beganAt + round * intervalMs
  const polls = some.map((_, index): Poll => {
    const result = {
      exitCode: 0,
      stdout: answer(index, round),
      stderr: '',
      truncated: false,
      durationMs: 200,
    }
    return { startedAt: clock.now - 200, endedAt: clock.now, result }
  })
  const before = [...memories]
  timed('foldPoll', () =>
    some.forEach((host, i) => (memories[i] = foldPoll(memories[i] ?? null, polls[i] as Poll, host))),
  )
  const after = memories as HostMemory[] // all are polled by now
  const figures = timed('toFigures', () => some.map((_, i) => toFigures(after[i] as HostMemory)))
  timed('history.add', () =>
    some.forEach(({ name }, i) => store.history.add(name, clock.now, figures[i] ?? {})),
  )
  await timedAsync('tell (news, readings, alerts)', async () => {
    some.forEach((host, i) => onPoll(host, after[i] as HostMemory, before[i] ?? null))
    await new Promise((resolve) => setImmediate(resolve))
  })
  await timedAsync('write figures', () => store.history.read('none', { from: 0, to: 0 }))
  // Once a minute at the usual pace.
  const texts = timed('(JSON of the memory, every 2nd)', () => some.map((_, i) => JSON.stringify(after[i])))
  timed('(toHost, when asked)', () => some.forEach((host, i) => toHost(after[i] ?? null, host, clock.now)))
  if (round === rounds - 1) {
    const bytes = texts.reduce((sum, text) => sum + text.length, 0) / count
    console.log(
      `an answer has ${polls[0]?.result.stdout.length} characters, a memory as JSON ${Math.round(bytes)}`,
    )
  }
}
// What a round made is let go with its function.
for (let round = 0; round < rounds; round += 1) await play(round)

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const measured = Object.entries(used).map(([part, { cpu, wall }]) => {
  // The processor's time is counted in ticks, so that only its mean says anything.
  return { part, cpu: mean(cpu), wall: median(wall), best: Math.min(...wall) }
})
const main = measured.filter(({ part }) => !part.startsWith('('))
const sum = (of: 'cpu' | 'wall' | 'best'): number => main.reduce((all, row) => all + row[of], 0)
for (const { part, cpu, wall, best } of [
  ...measured,
  { part: 'all but what is in ( )', cpu: sum('cpu'), wall: sum('wall'), best: sum('best') },
])
  console.log(
    `${part.padEnd(34)} processor ${cpu.toFixed(1).padStart(6)} µs, time ${wall.toFixed(1).padStart(6)} (best ${best.toFixed(1)})`,
  )
const kept = heapKb() - emptyKb
console.log(`kept alive: ${(kept / (count - 20)).toFixed(1)} kB a host; ${told} polls told news`)
await store.close()
rmSync(folder, { recursive: true, force: true })
