import { startFleetReplay } from '../fakes/fleetReplay.ts'
import { probeText } from '../fakes/probeText.ts'
import type { Use } from './fleetClient.ts'
import { startWorker } from './processes.ts'
import { compare, limit, type Row } from './Row.ts'
import { median, sleep } from './statistics.ts'

const rounds = 15
const intervalMs = 30_000

/**
 * Polling the whole way, from the command to figures on the disk, against a bare loop of ssh2 on warm connections with
 * the same output, in turns: 200 hosts, one sshd. Then what a host takes in memory, and a thousand at their own pace.
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

async function startHosts(count: number) {
  const replay = await startFleetReplay(names(count), { uncounted: true })
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
    const resident = (await ours.call('beginOurs', hosts, options)) as {
      before: number
      after: number
      failed: number
    }
    if (resident.failed > 0) throw new Error(`${resident.failed} polls failed`)
    await bare.call('beginBare', hosts)
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
      limit(
        {
          ...{ name: `fleet: resident for each of ${count} hosts`, unit: 'kB' },
          ours: (resident.after - resident.before) / (count - options.warmUp),
        },
        250,
      ),
    ]
  } finally {
    for (const worker of [ours, bare]) {
      await worker.call('end')
      await worker.stop()
    }
    await replay.stop()
  }
}

/** On one core, at their own pace: how many are polled in an interval, and how busy the core is. */
async function benchThousand(count: number): Promise<Row[]> {
  const replay = await startHosts(count)
  const ours = await startWorker('fleetClient.ts', 'client')
  try {
    const hosts = names(count).map((name) => replay.fleetHost(name, { intervalMs }))
    await ours.call('beginOurs', hosts, { warmUp: 0 })
    // The jitter's first round is over, so that what is counted is the pace that it keeps.
    await sleep(intervalMs)
    const before = (await ours.call('polls')) as number
    const use = (await ours.call('idle', 2 * intervalMs)) as Use
    const polled = (((await ours.call('polls')) as number) - before) / 2
    const failed = (await ours.call('failed')) as number
    return [
      limit(
        {
          name: `fleet: ${count} hosts every 30 s, not polled in time`,
          unit: 'hosts',
          ours: Math.max(0, count - Math.round(polled)),
        },
        count * 0.02,
      ),
      limit({ name: `fleet: ${count} hosts every 30 s, polls that failed`, unit: 'polls', ours: failed }, 0),
      limit(
        {
          name: `fleet: ${count} hosts every 30 s, of one core`,
          unit: '%',
          ours: (100 * use.cpuMs) / use.wallMs,
        },
        100,
      ),
    ]
  } finally {
    await ours.call('end')
    await ours.stop()
    await replay.stop()
  }
}
