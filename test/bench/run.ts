import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { benchAppendToClient } from './appendToClient.ts'
import { benchFanOut } from './fanOut.ts'
import { benchFleet } from './fleet.ts'
import { benchLog } from './log.ts'
import { benchOutput } from './output.ts'
import { canPin, pinSelf } from './processes.ts'
import { benchLoop } from './loop.ts'
import { powerBench } from './power.ts'
import { benchReplay } from './replay.ts'
import { type Row, toTable } from './Row.ts'
import { sshBench } from './ssh.ts'
import { benchStart } from './start.ts'

/**
 * `npm run bench -- [--json FILE] [NAME…]`: every bench, or those named. All loads stay on loopback, and end by
 * themselves; the figures mean something on a machine that does nothing else.
 */
const benches: Record<string, () => Promise<Row[]>> = {
  replay: benchReplay,
  fanout: benchFanOut,
  append: benchAppendToClient,
  log: benchLog,
  loop: benchLoop,
  ssh: sshBench,
  power: powerBench,
  output: benchOutput,
  fleet: benchFleet,
  start: benchStart,
}

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true })
const unknown = positionals.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`${unknown.join(', ')}: the benches are ${Object.keys(benches).join(', ')}.`)
  process.exit(2)
}
const machine = `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}`
const load = loadavg()[0] ?? 0
console.log(
  `${machine}, load ${load.toFixed(1)} at the start${load > 0.5 ? ': not idle, read with care' : ''}`,
)
if (canPin()) pinSelf()
else console.log('Server and client share cores here (no taskset, or one core): read with care.')

const rows: Row[] = []
for (const [name, bench] of Object.entries(benches)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const found = await bench()
  rows.push(...found)
  console.log(`\n${toTable(found)}`)
}
const missed = rows.filter(({ ok }) => !ok)
console.log(`\n${rows.length - missed.length} of ${rows.length} targets reached`)
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ machine, load, at: new Date(), rows }, null, 2)}\n`)
process.exit()
