import { startWorker } from './processes.ts'
import { compare, limit, type Row } from './Row.ts'
import { quantile } from './statistics.ts'

const turns = 12
const warmUps = 2

/** From the last byte of a model's answer to the first of the next request, with a tool that does nothing between. */
export async function benchLoop(): Promise<Row[]> {
  const turn = await startWorker('loopTurn.ts', 'server')
  const model = await startWorker('loopModel.ts', 'client')
  try {
    const url: string = await model.call('url')
    const found: Record<'turn' | 'bare', number[]> = { turn: [], bare: [] }
    for (let run = 0; run < turns + warmUps; run++) {
      for (const kind of ['turn', 'bare'] as const) {
        await turn.call(kind, url)
        const gaps: number[] = await model.call('gaps')
        if (run >= warmUps) found[kind].push(...gaps)
      }
    }
    const p50 = { ours: quantile(found.turn, 0.5), baseline: quantile(found.bare, 0.5) }
    return [
      limit({ name: 'agent loop: last byte → next request, p50', unit: 'ms', ours: p50.ours }, 5),
      limit(
        { name: 'agent loop: last byte → next request, p99', unit: 'ms', ours: quantile(found.turn, 0.99) },
        15,
      ),
      compare({ name: 'agent loop / SDK alone, p50', unit: 'ms', ...p50 }, '≤', 3),
    ]
  } finally {
    await turn.stop()
    await model.stop()
  }
}
