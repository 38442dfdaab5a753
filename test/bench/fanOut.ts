import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startWorker, type Worker } from './processes.ts'
import { compare, limit, type Row } from './Row.ts'
import { median } from './statistics.ts'

const jsonBytes = 200
const stream = 'session:live'
const epochLength = 12
const digits = 4

interface Side {
  server: Worker
  client: Worker
  url: string
  drive: (rateHz: number, seconds: number) => Promise<number>
  stop: () => Promise<void>
}

interface Latencies {
  p50: number
  p99: number
  max: number
  seen: number
  exact: number
  broken: number
}

/** Live fan-out from one server on one core to many clients on another. */
export async function benchFanOut(): Promise<Row[]> {
  return [...(await benchThousand()), await benchMemory(), ...(await benchFiveThousand())]
}

async function benchThousand(): Promise<Row[]> {
  const load = { clients: 1000, rateHz: 100, seconds: 5 }
  const ours: Latencies[] = []
  const raw: Latencies[] = []
  for (let run = 0; run < 3; run++) {
    ours.push(await measure(startOurs, load))
    raw.push(await measure(startRaw, load))
  }
  const p99 = (of: Latencies[]): number => median(of.map((each) => each.p99))
  return [
    compare(
      {
        name: 'fan-out, 1,000 clients × 100/s, p99 / raw writes',
        unit: 'ms',
        ours: p99(ours),
        baseline: p99(raw),
      },
      '≤',
      1.3,
    ),
    lost('fan-out, 1,000 × 100/s, events lost', ours, load),
  ]
}

async function benchFiveThousand(): Promise<Row[]> {
  const load = { clients: 5000, rateHz: 400, seconds: 5 }
  const ours: Latencies[] = []
  for (let run = 0; run < 3; run++) ours.push(await measure(startOurs, load))
  return [
    limit({ name: 'fan-out, 5,000 × 400/s, p99', unit: 'ms', ours: median(ours.map(({ p99 }) => p99)) }, 75),
    lost('fan-out, 5,000 × 400/s, events lost', ours, load),
  ]
}

/** Events that did not arrive, or arrived out of place, over all runs. */
function lost(
  name: string,
  runs: Latencies[],
  load: { clients: number; rateHz: number; seconds: number },
): Row {
  const total = load.clients * load.rateHz * load.seconds
  const missing = runs.reduce((sum, { seen, exact, broken }) => {
    return sum + Math.abs(total - seen) + (load.clients - exact) + broken
  }, 0)
  return limit({ name, unit: 'events', ours: missing }, 0)
}

async function benchMemory(): Promise<Row> {
  const clients = 2000
  const ours: number[] = []
  const raw: number[] = []
  for (let run = 0; run < 3; run++) {
    ours.push(await bytesPerClient(startOurs, clients))
    raw.push(await bytesPerClient(startRaw, clients))
  }
  return compare(
    { name: 'memory per client / raw', unit: 'kB', ours: median(ours) / 1000, baseline: median(raw) / 1000 },
    '≤',
    1.3,
  )
}

async function measure(
  start: () => Promise<Side>,
  { clients, rateHz, seconds }: { clients: number; rateHz: number; seconds: number },
): Promise<Latencies> {
  const side = await start()
  try {
    const total = rateHz * seconds
    const frameBytes = `id: .\ndata: \n\n`.length + epochLength + digits + jsonBytes
    await side.client.call('measure', frameBytes, clients * total)
    await side.client.call('open', Array(clients).fill(side.url))
    const began = await side.drive(rateHz, seconds)
    return await side.client.call('latencies', began, 1000 / rateHz, total, 10_000)
  } finally {
    await side.stop()
  }
}

async function bytesPerClient(start: () => Promise<Side>, clients: number): Promise<number> {
  const side = await start()
  try {
    await side.client.call('measure', 1, 1)
    // The first hundred bring what is there once for all.
    await side.client.call('open', Array(100).fill(side.url))
    const before: number = await side.server.call('residentBytes')
    await side.client.call('open', Array(clients).fill(side.url))
    const after: number = await side.server.call('residentBytes')
    return (after - before) / clients
  } finally {
    await side.stop()
  }
}

async function startOurs(): Promise<Side> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-live-'))
  const server = await startWorker('streamBenchServer.ts', 'server')
  const client = await startWorker('streamBenchClient.ts', 'client')
  const base: string = await server.call('startOurs', { dataDir: folder })
  // Seqs of one length make frames of one length.
  await server.call('fillTo', stream, 10 ** (digits - 1) - 1, jsonBytes)
  return {
    server,
    client,
    url: `${base}/stream/${stream}?after=${10 ** (digits - 1) - 1}`,
    drive: (rateHz, seconds) => server.call('driveOurs', stream, rateHz, seconds, jsonBytes),
    async stop() {
      await client.stop()
      await server.stop()
      await rm(folder, { recursive: true })
    },
  }
}

async function startRaw(): Promise<Side> {
  const server = await startWorker('streamBenchServer.ts', 'server')
  const client = await startWorker('streamBenchClient.ts', 'client')
  return {
    server,
    client,
    url: await server.call('startRawFanOut'),
    drive: (rateHz, seconds) => server.call('driveRaw', 10 ** (digits - 1), rateHz, seconds, jsonBytes),
    async stop() {
      await client.stop()
      await server.stop()
    },
  }
}
