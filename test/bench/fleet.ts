import { startFleetReplay } from '../fakes/fleetReplay.ts'
import { probeText } from '../fakes/probeText.ts'
import type { Use } from './fleetClient.ts'
import { startWorker } from './processes.ts'
import { compare, limit, type Row } from './Row.ts'
import { median, sleep } from './statistics.ts'

const rounds = 15
const intervalMs = 30_000
/** As many as an sshd takes. */
const addresses = Array.from({ length: 16 }, (_, index) => `127.0.0.${index + 1}`)

/**
 * Polling the whole way, from the question to figures on the disk, against a bare loop of ssh2 that runs a command on warm
 * connections with the same output, in turns: 200 hosts, one sshd. Then what a host takes in memory, beside what a bare
 * connection takes, and a thousand at their own pace.
 */
export async function benchFleet(): Promise<Row[]> {
  const rows = await compareWithBare(200)
  rows.push(...(await benchThousand(1000)))
  return rows
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index}`)

/** About 3 kB. */
function output(): string {
  const created = Math.floor(Date.now() / 1000) - 3600
  const tmux = Array.from({ length: 6 }, (_, index) => ({ number: index, name: `train ${index}`, created }))
  return probeText({ tmux, gpus: 4, ticks: [1000, 9000] })
}

/** kB */
interface Resident {
  before: number
  after: number
}

async function startHosts(count: number) {
  const replay = await startFleetReplay(names(count), { uncounted: true, addresses })
  for (const name of names(count)) replay.host(name).say(output())
  return replay
}

async function compareWithBare(count: number): Promise<Row[]> {
  const replay = await startHosts(count)
  const [ours, bare] = [
    await startWorker('fleetClient.ts', 'client'),
    await startWorker('fleetClient.ts', 'client'),
  ]
  try {
    // An interval in which no poll of its own falls into a round.
    const hosts = names(count).map((name) => replay.fleetHost(name, { intervalMs: 3_600_000 }))
    // At its own pace every second reading of a host is stored whole: here they come a few seconds apart.
    const options = { warmUp: 20, storeEveryMs: 5000 }
    const resident = (await ours.call('beginOurs', hosts, options)) as Resident & { failed: number }
    if (resident.failed > 0) throw new Error(`${resident.failed} polls failed`)
    const bareResident = (await bare.call('beginBare', hosts, options)) as Resident
    const taken = { ours: [] as Use[], bare: [] as Use[] }
    for (let round = -3; round < rounds; round += 1) {
      await sleep(300)
      const first = (await ours.call('oursRound')) as Use
      const second = (await bare.call('bareRound')) as Use
      if (round < 0) continue
      taken.ours.push(first)
      taken.bare.push(second)
    }
    const per = (uses: Use[], of: keyof Use): number => median(uses.map((use) => use[of]))
    const perEach = ({ before, after }: Resident): number => (after - before) / (count - options.warmUp)
    const perHost = (uses: Use[]): number => per(uses, 'cpuMs') / count
    return [
      compare(
        {
          name: 'fleet: CPU of a poll',
          unit: 'ms',
          ours: perHost(taken.ours),
          baseline: perHost(taken.bare),
        },
        '≤',
        1.3,
      ),
      compare(
        {
          ...{ name: `fleet: a poll of ${count} hosts`, unit: 'ms' },
          ...{ ours: per(taken.ours, 'wallMs'), baseline: per(taken.bare, 'wallMs') },
        },
        '≤',
        1.15,
      ),
      {
        ...limit(
          { ...{ name: `fleet: resident for each of ${count} hosts`, unit: 'kB' }, ours: perEach(resident) },
          250,
        ),
        // What a connection of ssh2 takes that does nothing but run commands.
        baseline: perEach(bareResident),
      },
    ]
  } finally {
    for (const worker of [ours, bare]) {
      await worker.call('end')
      await worker.stop()
    }
    await replay.stop()
  }
}

/** On one core, at their own pace: how long the longest went without a poll, and how busy the core is. */
async function benchThousand(count: number): Promise<Row[]> {
  const replay = await startHosts(count)
  const ours = await startWorker('fleetClient.ts', 'client')
  try {
    const hosts = names(count).map((name) => replay.fleetHost(name, { intervalMs }))
    await ours.call('beginOurs', hosts, { warmUp: 0 })
    // Until each has begun its own pace.
    await sleep(intervalMs)
    await ours.call('forgetPauses')
    const use = (await ours.call('idle', 2 * intervalMs)) as Use
    const pauses = (await ours.call('pauses')) as number[]
    const failed = (await ours.call('failed')) as number
    const title = `fleet: ${count} hosts every 30 s`
    // Its pace is 30 s ± 10 %; a poll that comes a second after that is late.
    const late = pauses.filter((pause) => pause > 1.1 * intervalMs + 1000).length
    return [
      limit({ name: `${title}, polled late`, unit: 'hosts', ours: late }, 0),
      limit({ name: `${title}, polls that failed`, unit: 'polls', ours: failed }, 0),
      limit({ name: `${title}, of one core`, unit: '%', ours: (100 * use.cpuMs) / use.wallMs }, 100),
    ]
  } finally {
    await ours.call('end')
    await ours.stop()
    await replay.stop()
  }
}
