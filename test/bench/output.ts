import { startSshd } from '../fakes/sshd.ts'
import { startWorker } from './processes.ts'
import { limit, type Row } from './Row.ts'

/** What came of one command's output. */
export interface Captured {
  grownMb: number
  /** While all of it was read back. */
  grownReadingMb: number
  mbPerSecond: number
  readMbPerSecond: number
  /** Whether all of it could be read back as it was, and head, tail and pointer stand in the event. */
  isWhole: boolean
}

const hundredMb =
  'seq -f "Nov 21 03:02:35 devvm app[%.0f]: request served in 12 ms, status 200, 5123 bytes" 1 1170000'
const longLine = 'head -c 5000000 /dev/zero | tr "\\0" x'

/** Outputs of any size over a real sshd: what they cost the process that takes them, and how fast it is. */
export async function benchOutput(): Promise<Row[]> {
  const sshd = await startSshd()
  const { port, user, hostKeys, keyFile } = sshd
  const rows: Row[] = []
  try {
    for (const [name, command] of [
      ['100 MB', hundredMb],
      ['one line of 5 MB', longLine],
    ] as const) {
      const worker = await startWorker('outputWorker.ts', 'server')
      try {
        const found = (await worker.call('capture', { port, user, hostKeys, keyFile }, command)) as Captured // its answer
        rows.push(
          limit({ name: `output: ${name}, memory grows`, unit: 'MB', ours: found.grownMb }, 30),
          limit(
            {
              name: `output: ${name}, memory grows while it is read`,
              unit: 'MB',
              ours: found.grownReadingMb,
            },
            30,
          ),
          limit(
            { name: `output: ${name}, lost or changed`, unit: 'outputs', ours: found.isWhole ? 0 : 1 },
            0,
          ),
          context(`output: ${name}, taken`, found.mbPerSecond),
          context(`output: ${name}, read back`, found.readMbPerSecond),
        )
      } finally {
        await worker.stop()
      }
    }
    return rows
  } finally {
    await sshd.stop()
  }
}

const context = (name: string, ours: number): Row => ({
  ...{ name, ours, unit: 'MB/s', baseline: null, ratio: null, target: '', ok: true },
})
